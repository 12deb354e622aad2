/* Files, standard output and the ways out of reeve. */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/fdutil.h"

static void
usage_line(FILE *f, const struct verb *v)
{
	fprintf(f, "usage: reeve %s%s%s %s\n", v->group, v->name[0] == '\0' ? "" : " ", v->name,
	    v->args);
}

void
cli_usage(const struct verb *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarnx(fmt, ap);
	va_end(ap);
	usage_line(stderr, v);
	exit(CLI_USAGE);
}

void
cli_help(const struct verb *v)
{
	usage_line(stdout, v);
	printf("\n%s\n", v->does);
	if (v->options[0] != '\0')
		printf("\n%s", v->options);
}

int
cli_getopt(
    const struct verb *v, int argc, char **argv, const char *shorts, const struct option *longs)
{
	int ch;

	opterr = 0;
	ch = getopt_long(argc, argv, shorts, longs, NULL);
	if (ch == '?')
		cli_usage(v, "%s: no such option, or its value is missing", argv[optind - 1]);
	return ch;
}

char *
cli_read(const char *path, size_t max, size_t *len)
{
	int fd = STDIN_FILENO;
	size_t size = 65536;
	char *buf, *more;
	ssize_t n;

	if (strcmp(path, "-") != 0 && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		err(CLI_CANNOT, "%s", path);
	if ((buf = malloc(size)) == NULL)
		err(CLI_CANNOT, "%s", path);
	for (*len = 0;; *len += (size_t)n) {
		if (*len + 1 == size) {
			if ((more = realloc(buf, size *= 2)) == NULL)
				err(CLI_CANNOT, "%s", path);
			buf = more;
		}
		if ((n = fd_readn(fd, buf + *len, size - *len - 1)) == -1)
			err(CLI_CANNOT, "%s", path);
		if (*len + (size_t)n > max)
			errx(CLI_NO, "%s: longer than %zu bytes", path, max);
		if (n == 0)
			break;
	}
	buf[*len] = '\0';
	if (fd != STDIN_FILENO)
		close(fd);
	return buf;
}

void
cli_write(const char *path, mode_t mode, int excl, const void *buf, size_t len)
{
	int fd =
	    open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (excl ? O_EXCL : O_TRUNC), mode);

	if (fd == -1 && errno == EEXIST)
		errx(CLI_CANNOT, "%s: is there already, and is never written over", path);
	if (fd == -1)
		err(CLI_CANNOT, "%s", path);
	if ((excl && fchmod(fd, mode) == -1) || fd_writen(fd, buf, len) != (ssize_t)len ||
	    (fsync(fd) == -1 && errno != EINVAL) || close(fd) == -1) {
		warn("%s", path);
		if (excl)
			unlink(path);
		exit(CLI_CANNOT);
	}
}

void
cli_flush(void)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		err(CLI_CANNOT, "standard output");
}

void
cli_json(struct jsonout *j)
{
	const char *text = jo_text(j);

	if (text == NULL)
		errx(CLI_CANNOT, "out of memory for JSON");
	puts(text);
	jo_free(j);
}
