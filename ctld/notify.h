/* sd_notify(3), the little that a service needs; without a service manager nothing. */
#ifndef CTLD_NOTIFY_H
#define CTLD_NOTIFY_H

/* Connects to NOTIFY_SOCKET while that is still possible. */
void ctld_notify_init(void);
void ctld_notify(const char *text);

#endif
