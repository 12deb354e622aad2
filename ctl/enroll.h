/*
 * `reevectl enroll`: what root's parent and its dropped, confined child tell each other, and what
 * the parent writes. Root never runs TLS, JSON or X.509: the child does, as _reeve, and the parent
 * takes its answer as a stranger's.
 */
#ifndef CTL_ENROLL_H
#define CTL_ENROLL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/token.h"

#define ENROLL_CONF	"/etc/reeve/agent.conf"
#define ENROLL_CONF_MAX (256UL * 1024)
#define ENROLL_PEM	16384
#define ENROLL_BUNDLE	"/etc/ssl/certs/ca-certificates.crt" /* as agent.conf's "ca bundle" */

struct enroll_in {
	struct token token;
	char hostname[254];
	char proxy[300];  /* "HOST:PORT" of an HTTP proxy, as agent.conf says; "" none */
	char machine[65]; /* SHA-256 of /etc/machine-id, or "" */
	char result_key[57], seal_key[45];
};

/* What the child brings: an answer, or words and how to exit. */
struct enroll_out {
	int exit; /* enum ctl_exit; CTL_EXIT_OK: the fields below hold */
	char words[ERRMSG_MAX];
	char fleet[33], host_id[33], host_name[254];
	char key[ENROLL_PEM + 1];  /* private key, PEM */
	char cert[ENROLL_PEM + 1]; /* "" for a bearer host */
	char ca[ENROLL_PEM + 1];   /* that verifies the server; "" with a bundle */
	char bearer[49];	   /* "" but for a bearer host */
	char online_key[57];
};

/* ---- enroll_state.c ---- */

struct enroll_conf;
/* The file's bytes; NULL when there is none. Exits on anything else. */
char *enroll_read_trusted(const char *path, size_t max, size_t *len);
/* The public halves of the keys that privd made, into IN. Exits when they are not there. */
void enroll_read_keys(struct enroll_in *in, const struct enroll_conf *c);

/* ---- enroll_child.c ---- */

/* The child's whole life: writes one answer to FD and exits. */
void enroll_child(const struct enroll_in *in, int fd) __attribute__((noreturn));
/* Its work alone, without drop and confinement (tests). */
void enroll_work(const struct enroll_in *in, struct enroll_out *out);

/* ---- enroll_key.c: P-256 key and request, PEM, malloc'ed. 0, or -1 with E. ---- */

int enroll_key_make(const char *hostname, char **key, char **csr, struct errmsg *e);
/*
 * Of LEN bytes of PEM certificates the one whose DER has this SHA-256, as PEM in DST. 0; -1: none
 * of them, *FOUND is then how many there are.
 */
int enroll_chain_find(const uint8_t *pem, size_t len, const uint8_t sha256[32],
    char dst[ENROLL_PEM + 1], unsigned int *found);

/* ---- enroll_pipe.c ---- */

/* Writes OUT to FD. 0 or -1. */
int enroll_send(int fd, const struct enroll_out *out);
/*
 * Reads an answer, to the end of the pipe, for at most MS milliseconds, and judges every byte of
 * it: lengths, forms of PEM, hex, names. HOSTNAME is who was to be enrolled. 0, or -1 with E.
 */
int enroll_recv(int fd, int ms, const char *hostname, struct enroll_out *out, struct errmsg *e);
/* 1 when TEXT is exactly one PEM block of that label, lines of base64 and nothing else. */
int enroll_pem_ok(const char *text, const char *label);

/* ---- enroll_conf.c: agent.conf as text ---- */

struct enroll_conf {
	char fleet[33], host_id[33], host_name[254], hostname[254]; /* "" where no line stands */
	char state_dir[1024];
	unsigned int from, to; /* lines of the section [server NAME]: [from, to); 0: none */
	char url[512];	       /* in it */
	char proxy[300];
};
/* Reads what enrolment needs of LEN bytes of agent.conf. 0, or -1 with E "FILE:LINE: ...". */
int enroll_conf_read(struct enroll_conf *c, const char *file, const char *server, const char *buf,
    size_t len, struct errmsg *e);

struct enroll_section {
	const char *server, *fleet, *host_id, *host_name;
	const char *hostname; /* NULL: no such line is needed */
	const struct url *url;
	const char *ca;			 /* path, or "bundle" */
	const char *cert, *key, *bearer; /* paths; NULL none */
};
/*
 * The new text of agent.conf, malloc'ed: BUF with fleet, host and hostname lines where they are
 * missing, without the old section of that server, and with a new one at its end. NULL without
 * memory.
 */
char *enroll_conf_text(
    const struct enroll_conf *c, const char *buf, size_t len, const struct enroll_section *s);

/* ---- enroll_write.c ---- */

struct enroll_files {
	const char *conf;   /* path of agent.conf */
	const char *server; /* name of the section */
	const char *old;    /* agent.conf's bytes, "" when there was none */
	size_t oldlen;
	const struct enroll_conf *parsed;
	const char *hostname; /* line to add; NULL */
};
/*
 * Writes key, certificate, CA or secret into tls/ beside agent.conf, under names that agent.conf
 * does not name yet, then agent.conf, which switches to them; then removes those it named before.
 * 0, or -1 with E: agent.conf is then as it was.
 */
int enroll_write(const struct enroll_files *f, const struct enroll_out *out, const struct url *url,
    int bundle, struct errmsg *e);

/* ---- sandbox.c ---- */

/* Read-only system files, sockets of the internet, no exec. 0, or -1 with E. */
int enroll_confine(struct errmsg *e);
struct sb;
void enroll_sandbox(struct sb *s); /* what it asks of sb_apply_dropped() */

#endif
