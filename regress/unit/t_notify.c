/* privd/notify.c: what reaches the service manager's socket, and what is refused. */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "privd/notify.h"
#include "regress/check.h"

static char dir[] = "/tmp/t_notify.XXXXXX";
static char path[64];

static int
listen_on(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	int s;

	memcpy(sun.sun_path, name, n);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	if ((s = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1 ||
	    bind(s, (struct sockaddr *)&sun,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == -1)
		return -1;
	return s;
}

static const char *
got(int s)
{
	static char buf[1024];
	ssize_t n = recv(s, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void
refused(const char *value)
{
	struct errmsg e = {.text = ""};

	setenv("NOTIFY_SOCKET", value, 1);
	CHECKF(notify_init(&e) == -1, "%s", value);
	CHECKF(strstr(e.text, "NOTIFY_SOCKET") != NULL, "%s: %s", value, e.text);
	CHECK(getenv("NOTIFY_SOCKET") == NULL);
}

static void
served(const char *name)
{
	unsigned long long us;
	struct errmsg e;
	int s = listen_on(name);

	CHECK(s != -1);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	CHECK(notify_init(&e) == 0);
	CHECK(getenv("NOTIFY_SOCKET") == NULL && getenv("WATCHDOG_USEC") == NULL &&
	      getenv("WATCHDOG_PID") == NULL);
	CHECK(notify_watchdog() == 1500);
	notify_send("READY=1\nSTATUS=%s", "running");
	CHECK_STR(got(s), "READY=1\nSTATUS=running");
	notify_reloading();
	CHECK(sscanf(got(s), "RELOADING=1\nMONOTONIC_USEC=%llu", &us) == 1 && us > 0);
	close(s);
	notify_send("STOPPING=1"); /* nobody there: no signal, no harm */
}

int
main(void)
{
	char longname[200];
	struct errmsg e;

	unsetenv("NOTIFY_SOCKET");
	CHECK(notify_init(&e) == 0);
	notify_send("READY=1"); /* without a socket: nothing */
	CHECK(notify_watchdog() == 0);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/s", dir);
	refused("relative/name");
	refused("/");
	refused("@");
	refused("");
	memset(longname, 'n', sizeof(longname) - 1);
	longname[0] = '/';
	longname[sizeof(longname) - 1] = '\0';
	refused(longname);
	refused(path);
	served(path);
	unlink(path);
	snprintf(path, sizeof(path), "@t_notify.%ld", (long)getpid());
	served(path);
	rmdir(dir);
	return check_done();
}
