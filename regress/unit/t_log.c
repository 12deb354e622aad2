/* The log on stderr: one encoded, bounded line a call, levels, fatal's status, no errno lost. */
#include <sys/wait.h>

#include <fcntl.h>
#include <unistd.h>

#include "lib/log.h"

#include "regress/check.h"

static char out[65536];
static int status;

/* Runs FN in a child; OUT gets what it wrote to stderr, STATUS how it ended. */
static void
capture(void (*fn)(void))
{
	size_t len = 0;
	ssize_t n;
	pid_t pid;
	int p[2];

	fflush(NULL);
	if (pipe(p) == -1 || (pid = fork()) == -1)
		exit(1);
	if (pid == 0) {
		dup2(p[1], STDERR_FILENO);
		close(p[0]);
		close(p[1]);
		fn();
		_exit(0);
	}
	close(p[1]);
	while ((n = read(p[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(p[0]);
	if (waitpid(pid, &status, 0) != pid)
		exit(1);
}

static unsigned int
lines(void)
{
	unsigned int n = 0;

	for (const char *p = out; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	return n;
}

static void
say_levels(void)
{
	log_init("reeve-x", 1, 0);
	log_info("one");
	log_debug("hidden");
	log_setverbose(1);
	if (log_getverbose() == 1)
		log_debug("two");
	errno = ENOENT;
	log_warn("three");
	if (errno == ENOENT)
		log_warnx("four");
}

static void
say_proc(void)
{
	log_init("reeve-x", 1, 0);
	log_procinit("job 9f86");
	log_info("one");
	log_procinit(NULL);
	log_info("two");
}

static void
say_hostile(void)
{
	log_init("reeve-x", 1, 0);
	log_info("%s", "a\nreeve-x: forged\033[31m\r\x80");
}

static void
say_long(void)
{
	static char big[20000];

	memset(big, 'x', sizeof(big) - 1);
	log_init("reeve-x", 1, 0);
	log_info("%s", big);
	memset(big, '\n', sizeof(big) - 1);
	log_info("%s", big);
	errno = EIO;
	log_warn("%s", big);
}

static void
say_fatal(void)
{
	log_init("reeve-x", 1, 0);
	errno = EPERM;
	fatal("no %s", "way");
}

static void
say_fatalx(void)
{
	log_init("reeve-x", 1, 0);
	errno = EPERM;
	fatalx("no way");
}

static void
say_closed(void)
{
	close(STDERR_FILENO);
	log_init("reeve-x", 1, 1);
	log_info("to nobody");
	log_warnx("to nobody");
}

int
main(void)
{
	const char *nl;

	capture(say_levels);
	CHECK(status == 0 && lines() == 4);
	CHECK(strstr(out, "hidden") == NULL);
	CHECK(strstr(out, ": two\n") != NULL && strstr(out, ": four\n") != NULL);
	CHECK(strstr(out, ": three: No such file or directory\n") != NULL);
	CHECK(strncmp(out, "reeve-x", 7) == 0);

	capture(say_proc);
	CHECK(strstr(out, ": job 9f86: one\n") != NULL);
	CHECK(strstr(out, ": two\n") != NULL && lines() == 2);

	capture(say_hostile);
	CHECK(lines() == 1);
	CHECK(strstr(out, "a\\012reeve-x: forged\\033[31m\\015\\200\n") != NULL);

	capture(say_long);
	CHECK(lines() == 3);
	for (const char *p = out; (nl = strchr(p, '\n')) != NULL; p = nl + 1)
		CHECKF(nl - p <= 1100, "a line of %ld bytes", (long)(nl - p));

	capture(say_fatal);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	CHECK(strstr(out, "no way: Operation not permitted\n") != NULL);
	capture(say_fatalx);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	CHECK(strstr(out, ": no way\n") != NULL && lines() == 1);

	capture(say_closed);
	CHECK(status == 0 && out[0] == '\0');
	return check_done();
}
