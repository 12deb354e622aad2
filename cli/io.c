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
#include "lib/strutil.h"

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

char *
cli_read_own(const char *path, const char *what, mode_t mask, size_t max, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	struct errmsg e;
	char *buf;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(CLI_CANNOT, "%s", path);
	if (!S_ISREG(st.st_mode))
		errx(CLI_NO, "%s: is not a regular file", path);
	if (st.st_uid != geteuid() && (mask == 077 || st.st_uid != 0))
		errx(CLI_NO, "%s: belongs to uid %u, not to you (%u)", path, st.st_uid, geteuid());
	if (st.st_mode & mask)
		errx(CLI_NO, "%s: mode %04o lets others at %s; chmod %04o it", path,
		    st.st_mode & 07777, what, st.st_mode & 07777 & ~mask & ~0100U);
	if (fd_slurp(fd, max, &buf, len, &e) == -1)
		errx(CLI_CANNOT, "%s: %s", path, e.text);
	close(fd);
	return buf;
}

void *
cli_keep(void *p)
{
	static void **kept;
	static size_t n, size;
	void **more;

	if (p == NULL)
		err(CLI_CANNOT, NULL);
	if (n == size) {
		size = size == 0 ? 64 : 2 * size;
		if ((more = reallocarray(kept, size, sizeof(*kept))) == NULL)
			err(CLI_CANNOT, NULL);
		kept = more;
	}
	return kept[n++] = p;
}

char *
cli_clean(const char *s)
{
	char *out = cli_keep(malloc(4 * strlen(s) + 1)), *p = out;

	for (; *s != '\0'; s++)
		if (*s >= 0x20 && *s <= 0x7e)
			*p++ = *s;
		else
			p += sprintf(p, "\\%03o", (unsigned int)(unsigned char)*s);
	*p = '\0';
	return out;
}

static void
octal(FILE *to, uint8_t c)
{
	fprintf(to, "\\%03o", (unsigned int)c);
}

/* How many bytes follow C as the first of a character; 0 it is none. */
static unsigned int
follow(uint8_t c)
{
	return c >= 0xc2 && c <= 0xdf	? 1
	       : c >= 0xe0 && c <= 0xef ? 2
	       : c >= 0xf0 && c <= 0xf4 ? 3
					: 0;
}

/* May C be the second byte after LEAD: no C1 control, no longer form of a shorter character. */
static int
second(uint8_t lead, uint8_t c)
{
	uint8_t low = lead == 0xc2 || lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;

	return c >= low && c <= (lead == 0xf4 ? 0x8f : 0xbf);
}

static void
put_byte(struct cli_tty *t, FILE *to, uint8_t c)
{
	if (t->lead != 0) {
		if (second(t->lead, c)) {
			putc(t->lead, to);
			putc(c, to);
			t->need--;
			t->lead = 0;
			return;
		}
		octal(to, t->lead);
		t->lead = 0;
		t->need = 0;
	}
	if (t->need > 0 && c >= 0x80 && c <= 0xbf) {
		putc(c, to);
		t->need--;
		return;
	}
	if ((t->need = follow(c)) > 0)
		t->lead = c;
	else if ((c >= 0x20 && c <= 0x7e) || c == '\n' || c == '\t')
		putc(c, to);
	else
		octal(to, c);
}

void
cli_put(struct cli_tty *t, FILE *to, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put_byte(t, to, p[i]);
}

void
cli_put_json(FILE *to, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)p[i], next = i + 1 < len ? (uint8_t)p[i + 1] : 0;

		if (c == 0x7f) {
			fputs("\\u007f", to);
		} else if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
			fprintf(to, "\\u%04x", (unsigned int)next);
			i++;
		} else {
			putc(c, to);
		}
	}
}

uint64_t
cli_span(const struct verb *v, const char *option, const char *text, uint64_t max)
{
	static const char units[] = "smhd";
	static const uint64_t seconds[] = {1, 60, 3600, 86400};
	size_t n = strlen(text);
	const char *unit = n > 0 ? strchr(units, text[n - 1]) : NULL;
	uint64_t one = unit != NULL ? seconds[unit - units] : 1, span;

	if (strn_u64(text, unit != NULL ? n - 1 : n, 1, max / one, &span) == -1)
		cli_usage(v,
		    "%s: must be a time like 90s, 30m, 1h or 7d, at most %llud, not \"%s\"", option,
		    (unsigned long long)max / 86400, text);
	return span * one;
}

uint64_t
cli_number(const struct verb *v, const char *option, const char *text, uint64_t min, uint64_t max)
{
	uint64_t n;

	if (str_u64(text, min, max, &n) == -1)
		cli_usage(v, "%s: must be a number from %llu to %llu, not \"%s\"", option,
		    (unsigned long long)min, (unsigned long long)max, text);
	return n;
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
