/* Builds argument lists and environments. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "execd/command.h"
#include "lib/fdutil.h"

static const char *
keep(struct command *c, const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = c->text + c->used;

	if (n > sizeof(c->text) - c->used) {
		c->failed = 1;
		return NULL;
	}
	memcpy(p, s, n);
	c->used += n;
	return p;
}

void
command_init(struct command *c, const char *home)
{
	memset(c, 0, sizeof(*c));
	c->exe = c->sock = -1;
	c->umask = 022;
	command_env(c, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	command_env(c, "LANG", "C.UTF-8");
	command_env(c, "HOME", home == NULL || *home == '\0' ? "/" : home);
}

void
command_arg(struct command *c, const char *s)
{
	if (c->argc == COMMAND_ARGV)
		c->failed = 1;
	else
		c->argv[c->argc++] = keep(c, s);
}

void
command_argf(struct command *c, const char *fmt, ...)
{
	char buf[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(buf))
		c->failed = 1;
	else
		command_arg(c, buf);
}

void
command_env(struct command *c, const char *name, const char *value)
{
	char buf[2048];
	int n;

	n = snprintf(buf, sizeof(buf), "%s=%s", name, value);
	if (n < 0 || (size_t)n >= sizeof(buf) || c->envc == COMMAND_ENVP)
		c->failed = 1;
	else
		c->envp[c->envc++] = keep(c, buf);
}

int
command_exe(struct command *c, const char *path, struct errmsg *e)
{
	if ((c->exe = fd_open_trusted(path, O_RDONLY, FD_TRUST_EXEC, e)) == -1)
		return -1;
	command_arg(c, path);
	return 0;
}

int
command_done(const struct command *c, struct errmsg *e)
{
	if (c->failed)
		return err_set(
		    e, "%s: the arguments do not fit", c->argc > 0 ? c->argv[0] : "command");
	return 0;
}
