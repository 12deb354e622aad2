/* Logging to syslog(3) or standard error; each line encoded and bounded here. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

#define LINE_MAX_LEN 1024

static struct {
	char name[32], proc[96];
	int to_stderr, verbose, open;
	int held; /* a connected /dev/log, -1 none */
} lg = {.to_stderr = 1, .held = -1};

void
log_init(const char *name, int to_stderr, int verbose)
{
	snprintf(lg.name, sizeof(lg.name), "%s", name);
	lg.to_stderr = to_stderr;
	lg.verbose = verbose;
	if (!to_stderr && !lg.open) {
		openlog(lg.name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
		lg.open = 1;
	}
	tzset();
}

static int
stderr_is_null(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

void
log_init_held(const char *name, int verbose)
{
	static const struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd;

	log_init(name, 1, verbose);
	if (!stderr_is_null())
		return;
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1)
		close(fd);
	else
		lg.held = fd;
}

void
log_procinit(const char *procname)
{
	snprintf(lg.proc, sizeof(lg.proc), "%s", procname != NULL ? procname : "");
}

void
log_setverbose(int verbose)
{
	lg.verbose = verbose;
}

int
log_getverbose(void)
{
	return lg.verbose;
}

/* Printable ASCII stays; everything else becomes \ooo, so that one call is one line. */
static void
encode(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src != '\0' && n + 5 < size; src++) {
		unsigned char c = (unsigned char)*src;

		if (c >= 0x20 && c <= 0x7e)
			dst[n++] = (char)c;
		else
			n += (size_t)snprintf(dst + n, 5, "\\%03o", c);
	}
	dst[n] = '\0';
}

/* By one write(2) and nothing else: stdio's fstat and ioctl are not in a confined room's filter. */
static void
emit_stderr(const char *line)
{
	char out[LINE_MAX_LEN + 64];
	int n;

	n = snprintf(out, sizeof(out), "%s[%ld]: %s\n", lg.name, (long)getpid(), line);
	if (n <= 0 || write(STDERR_FILENO, out, (size_t)n) != n)
		return; /* there is nobody left to tell */
}

/* As syslog(3) writes a line, on the socket that is held. */
static void
emit_held(int level, const char *line)
{
	char out[LINE_MAX_LEN + 96], when[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (localtime_r(&now, &tm) != NULL)
		strftime(when, sizeof(when), "%b %e %T ", &tm);
	n = snprintf(out, sizeof(out), "<%d>%s%s[%ld]: %s", LOG_DAEMON | level, when, lg.name,
	    (long)getpid(), line);
	if (n <= 0 || write(lg.held, out, (size_t)n) != n)
		return;
}

static void emit(int level, const char *fmt, va_list ap, int saved)
    __attribute__((format(printf, 2, 0)));

static void
emit(int level, const char *fmt, va_list ap, int saved)
{
	char raw[2 * LINE_MAX_LEN], line[LINE_MAX_LEN];
	size_t n = 0;

	if (lg.proc[0] != '\0')
		n = (size_t)snprintf(raw, sizeof(raw), "%s: ", lg.proc);
	vsnprintf(raw + n, sizeof(raw) - n, fmt, ap);
	n = strlen(raw);
	if (saved != 0)
		snprintf(raw + n, sizeof(raw) - n, ": %s", strerror(saved));
	encode(line, sizeof(line), raw);
	if (lg.held != -1)
		emit_held(level, line);
	else if (lg.to_stderr)
		emit_stderr(line);
	else
		syslog(level, "%s", line);
}

void
log_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_ERR, fmt, ap, saved);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_ERR, fmt, ap, 0);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_INFO, fmt, ap, 0);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (lg.verbose < 1)
		return;
	va_start(ap, fmt);
	emit(LOG_DEBUG, fmt, ap, 0);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_CRIT, fmt, ap, saved);
	va_end(ap);
	_exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_CRIT, fmt, ap, 0);
	va_end(ap);
	_exit(1);
}
