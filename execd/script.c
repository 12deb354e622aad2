/* script.run: the script by its checked path, its arguments as they are, its context on stdin. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "execd/steps.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "lib/valid.h"

#define SEAL_PREFIX "seal:"

/* Checked once more just before it runs; only root could change it after this. */
static int
check_script(const char *path, struct errmsg *e)
{
	int fd;

	if (!valid_path(path))
		return err_set(e, "script: %s is not an absolute path", path);
	if ((fd = fd_open_trusted(path, O_RDONLY, FD_TRUST_ROOT, e)) == -1)
		return -1;
	close(fd);
	return 0;
}

int
script_prepare(struct work *w, struct errmsg *e)
{
	const struct msg_host *h = &w->in.host;
	struct command *c = &w->cmd[0];
	const char *arg;
	size_t i;

	if (check_script(h->script, e) == -1)
		return -1;
	command_init(c, h->script_home);
	c->umask = 027;
	c->flags = CMD_STDIN;
	command_env(c, "USER", h->script_user);
	command_env(c, "LOGNAME", h->script_user);
	command_arg(c, h->script);
	for (i = 0; (arg = ticket_argn(&w->in.ticket, "arg", i)) != NULL; i++)
		command_arg(c, arg);
	w->ncmds = 1;
	return 0;
}

/* Opens a sealed value with the host's key. The plain text (NUL-ended, malloc'ed), or NULL with E.
 */
static char *
unseal(const struct setup *s, const struct ticket_arg *a, struct errmsg *e)
{
	uint8_t box[TICKET_MAX], pk[crypto_box_PUBLICKEYBYTES];
	const char *text = a->value + strlen(SEAL_PREFIX);
	size_t plainlen;
	ssize_t n;
	char *plain;

	if (!s->has_seal) {
		err_set(e, "argument %s: sealed, and no key came to open it", a->def->name);
		return NULL;
	}
	n = str_b64udec(box, sizeof(box), text, strlen(text));
	if (n < (ssize_t)crypto_box_SEALBYTES) {
		err_set(e, "argument %s: too short for a sealed value", a->def->name);
		return NULL;
	}
	plainlen = (size_t)n - crypto_box_SEALBYTES;
	if ((plain = calloc(1, plainlen + 1)) == NULL) {
		err_errno(e, "argument %s", a->def->name);
		return NULL;
	}
	if (crypto_scalarmult_base(pk, s->seal) == -1 ||
	    crypto_box_seal_open((unsigned char *)plain, box, (unsigned long long)n, pk, s->seal) ==
		-1)
		err_set(e, "argument %s: not sealed for this host's key", a->def->name);
	else if (strlen(plain) != plainlen)
		err_set(e, "argument %s: holds a NUL", a->def->name);
	else if (arg_check(a->def, plain, e) == 0)
		return plain;
	sodium_memzero(plain, plainlen);
	free(plain);
	return NULL;
}

static int
open_token(const struct setup *s, char **token, struct errmsg *e)
{
	size_t i;

	*token = NULL;
	for (i = 0; i < s->ticket.nargs; i++)
		if (s->ticket.arg[i].sealed) {
			*token = unseal(s, &s->ticket.arg[i], e);
			return *token == NULL ? -1 : 0;
		}
	return 0;
}

static void
write_context(const struct setup *s, const char *token, struct jsonout *j)
{
	const char *name, *user = ticket_argv(&s->ticket, "username");
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32] = "";
	size_t i;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	name = ticket_argv(&s->ticket, "name");
	jo_obj(j, NULL);
	jo_str(j, "script", name);
	jo_arr(j, "args");
	for (i = 0; ticket_argn(&s->ticket, "arg", i) != NULL; i++)
		jo_str(j, NULL, ticket_argn(&s->ticket, "arg", i));
	jo_end(j);
	jo_str(j, "reqid", s->ticket.id);
	jo_str(j, "peer_ip", "");
	jo_str(j, "username", user != NULL ? user : "");
	jo_str(j, "token", token != NULL ? token : "");
	jo_str(j, "dispatcher", "reeve");
	jo_str(j, "timestamp", stamp);
	jo_str(j, "id", s->ticket.id);
	jo_str(j, "requester", s->ticket.requester);
	jo_str(j, "host", s->host.host_name);
	jo_end(j);
}

int
script_input(struct work *w, struct errmsg *e)
{
	struct jsonout j;
	const char *text;
	char *token;
	int r = -1;

	if (open_token(&w->in, &token, e) == -1)
		return -1;
	jo_init(&j, WORK_INPUT);
	write_context(&w->in, token, &j);
	if (token != NULL) {
		sodium_memzero(token, strlen(token));
		free(token);
	}
	text = jo_text(&j);
	if (text == NULL || (w->input = malloc(strlen(text) + 2)) == NULL)
		err_set(e, "script: its context does not fit into %d bytes", WORK_INPUT);
	else {
		w->inlen = (size_t)snprintf(w->input, strlen(text) + 2, "%s\n", text);
		r = 0;
	}
	if (j.buf != NULL)
		sodium_memzero(j.buf, j.size);
	jo_free(&j);
	return r;
}
