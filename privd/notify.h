/* sd_notify(3)'s protocol: datagrams to the socket that NOTIFY_SOCKET names. */
#ifndef PRIVD_NOTIFY_H
#define PRIVD_NOTIFY_H

#include <stdint.h>

#include "lib/err.h"

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC and takes them out of the environment. 0 or -1 with E. */
int notify_init(struct errmsg *e);
/* "READY=1", "STOPPING=1", "STATUS=..."; nothing without a socket. */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* RELOADING=1 with the time stamp that systemd wants. */
void notify_reloading(void);
/* Milliseconds between two WATCHDOG=1 (half of what was asked), 0 without a watchdog. */
uint64_t notify_watchdog(void);

#endif
