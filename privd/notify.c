/* sd_notify without libsystemd. */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/strutil.h"
#include "privd/notify.h"

static int sock = -1;
static uint64_t watchdog_ms;

static int
open_socket(const char *path, struct errmsg *e)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || n < 2 || n >= sizeof(sun.sun_path))
		return err_set(e, "NOTIFY_SOCKET: neither a path nor @name");
	memcpy(sun.sun_path, path, n);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	if ((sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    connect(sock, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == -1)
		return err_errno(e, "NOTIFY_SOCKET");
	return 0;
}

int
notify_init(struct errmsg *e)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");
	uint64_t us;
	int rc = 0;

	if (path != NULL)
		rc = open_socket(path, e);
	if (rc == 0 && usec != NULL && str_u64(usec, 1000, UINT64_MAX, &us) == 0)
		watchdog_ms = us / 2000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return rc;
}

void
notify_send(const char *fmt, ...)
{
	char buf[512];
	va_list ap;

	if (sock == -1)
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (send(sock, buf, strlen(buf), MSG_NOSIGNAL | MSG_DONTWAIT) == -1)
		log_debug("notify: %s", strerror(errno));
}

void
notify_reloading(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	notify_send("RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)ts.tv_sec * 1000000 + (unsigned long long)ts.tv_nsec / 1000);
}

uint64_t
notify_watchdog(void)
{
	return watchdog_ms;
}
