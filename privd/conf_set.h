/* What conf.c and conf_net.c share: one value of a line, judged and stored. */
#ifndef PRIVD_CONF_SET_H
#define PRIVD_CONF_SET_H

#include "lib/confline.h"
#include "privd/conf.h"

/* Each takes a line whose words were counted, and returns 0, or -1 with E as FILE:LINE. */
int conf_set_text(
    const struct conf_line *l, const char *v, char *dst, size_t size, struct errmsg *e);
int conf_set_path(const struct conf_line *l, char *dst, size_t size, struct errmsg *e);
int conf_get_number(
    const struct conf_line *l, uint64_t min, uint64_t max, uint64_t *out, struct errmsg *e);
int conf_set_u32(
    const struct conf_line *l, uint32_t min, uint32_t max, uint32_t *dst, struct errmsg *e);

/* conf_net.c: keywords of the network, with a struct conf as ARG. */
int conf_set_hostname(const struct conf_line *l, void *arg, struct errmsg *e);
int conf_set_address(const struct conf_line *l, void *arg, struct errmsg *e);
int conf_set_heartbeat(const struct conf_line *l, void *arg, struct errmsg *e);
int conf_set_pollwait(const struct conf_line *l, void *arg, struct errmsg *e);
int conf_set_proxy(const struct conf_line *l, void *arg, struct errmsg *e);
int conf_set_tag(const struct conf_line *l, void *arg, struct errmsg *e);

/* The header of a section [server NAME]: a new server at the end of C's. */
int conf_server_begin(const struct conf_line *l, struct conf *c, struct errmsg *e);
/* A line of it. SEEN is CONF_SERVER_KEYS numbers, zeroed at the section's header. */
#define CONF_SERVER_KEYS 5
int conf_server_line(
    const struct conf_line *l, struct conf *c, unsigned int *seen, struct errmsg *e);
/* After the last line: what each server must have, and the host with servers. */
int conf_net_check(const struct conf *c, const char *file, struct errmsg *e);

#endif
