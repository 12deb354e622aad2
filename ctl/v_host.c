/* Verbs about the agent: status, reload, check, self-test, policy test, audit verify. */

#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"

/* One block of "reevectl status": the items whose "what" is NAME, as a table. */
struct block {
	const char *name;
	struct ctl_col cols[20];
};

static const struct block blocks[] = {
    {"agent",
	{{"version", "VERSION", COL_STR}, {"state", "STATE", COL_STR}, {"host", "HOST", COL_STR},
	    {"fleet", NULL, COL_STR}, {"jobs", "RUNNING", COL_NUM}, {"queue", "QUEUED", COL_NUM},
	    {"ledger", "LEDGER", COL_NUM}, {"flushes", NULL, COL_NUM}, {"audit", "AUDIT", COL_NUM},
	    {"chain", NULL, COL_STR}, {"spool", "SPOOL", COL_NUM}, {"keys", "KEYS", COL_NUM},
	    {"result_key", NULL, COL_STR}, {"seal_key", NULL, COL_STR}, {"detail", NULL, COL_STR}}},
    {"server", {{"name", "SERVER", COL_STR}, {"url", "URL", COL_STR}, {"state", "STATE", COL_STR},
		   {"netd", "NETD", COL_NUM}, {"dial", "DIAL", COL_NUM},
		   {"restarts", "RESTARTS", COL_NUM}, {"cert", "CERT ENDS", COL_TIME}}},
    {"process", {{"name", "PROCESS", COL_STR}, {"pid", "PID", COL_NUM}, {"uid", "UID", COL_NUM},
		    {"user", "USER", COL_STR}, {"seccomp", "SECCOMP", COL_NUM},
		    {"nnp", "NONEWPRIVS", COL_NUM}, {"caps", "CAPS", COL_STR}}},
    {"key", {{"name", "KEY", COL_STR}, {"role", "ROLE", COL_STR}, {"holder", "HOLDER", COL_STR}}},
    {"script", {{"name", "SCRIPT", COL_STR}, {"user", "USER", COL_STR},
		   {"root-equivalent", "ROOT-EQUIVALENT", COL_STR}}},
    {"kind", {{"name", "KIND", COL_STR}, {"accepts", "POLICY ACCEPTS", COL_STR}}},
};
#define NBLOCKS (sizeof(blocks) / sizeof(blocks[0]))

/* Why no job is taken, where a person reads it: a table has no room for a sentence. */
static void
detail(const struct ctl *c, const struct imsg *m)
{
	const char *text = ctl_item(m, "detail");

	if (text != NULL && !c->json)
		printf("%s\n\n", text);
}

static void
status_item(struct ctl *c, struct ctl_table **tables, const struct imsg *m)
{
	const char *what = ctl_item(m, "what");

	for (size_t i = 0; what != NULL && i < NBLOCKS; i++) {
		if (strcmp(blocks[i].name, what) != 0)
			continue;
		if (i == 0)
			detail(c, m);
		if (tables[i] == NULL)
			tables[i] = ctl_table_new(c, blocks[i].cols);
		if (ctl_table_add(tables[i], m) == 0)
			return;
	}
	errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
}

static void
status_print(struct ctl *c, struct ctl_table **tables)
{
	int first = 1;

	if (c->json)
		printf("{");
	for (size_t i = 0; i < NBLOCKS; i++) {
		if (tables[i] == NULL)
			continue;
		if (c->json)
			printf("%s\"%s\":", first ? "" : ",", blocks[i].name);
		else if (!first)
			printf("\n");
		first = 0;
		ctl_table_print(tables[i]);
	}
	if (c->json)
		printf("}\n");
}

int
verb_status(struct ctl *c, int argc, char **argv)
{
	struct ctl_table *tables[NBLOCKS] = {NULL};
	struct imsg m;
	char text[1025];
	int end = 0, rc = CTL_EXIT_OK;

	(void)argv;
	if (argc != 1)
		return ctl_usage("status");
	for (ctl_send(c, MSG_CTL_STATUS, NULL); !end; imsg_free(&m)) {
		ctl_recv(c, &m);
		if (m.type == MSG_CTL_ITEM) {
			status_item(c, tables, &m);
			continue;
		}
		end = 1;
		if (m.type == MSG_CTL_ERR && msg_text_get(&m, text, sizeof(text)) == 0) {
			warnx("%s", text);
			rc = CTL_EXIT_REFUSED;
		}
	}
	status_print(c, tables);
	return rc;
}

int
verb_reload(struct ctl *c, int argc, char **argv)
{
	char text[1025];
	int rc;

	(void)argv;
	if (argc != 1)
		return ctl_usage("reload");
	rc = ctl_ask(c, MSG_CTL_RELOAD, NULL, text, sizeof(text));
	if (rc != CTL_EXIT_OK)
		warnx("the old configuration stays: %s", text);
	else
		puts("reloaded");
	return rc;
}

/* reeve-privd stands beside this program: it alone reads the configuration. */
int
verb_check(struct ctl *c, int argc, char **argv)
{
	char self[PATH_MAX], path[PATH_MAX + 16];
	const char *conf = NULL;
	char *const envp[] = {NULL};
	ssize_t n;
	int ch;

	(void)c;
	while ((ch = getopt(argc, argv, "+f:")) != -1) {
		if (ch != 'f')
			return ctl_usage("check");
		conf = optarg;
	}
	if (argc != optind)
		return ctl_usage("check");
	if ((n = readlink("/proc/self/exe", self, sizeof(self) - 1)) == -1)
		err(CTL_EXIT_AGENT, "/proc/self/exe");
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/reeve-privd", dirname(self));
	char *args[] = {path, strdup("-n"), conf != NULL ? strdup("-f") : NULL,
	    conf != NULL ? strdup(conf) : NULL, NULL};
	fflush(stdout);
	execve(path, args, envp);
	err(CTL_EXIT_AGENT, "%s", path);
}

int
verb_selftest(struct ctl *c, int argc, char **argv)
{
	static const struct ctl_col cols[] = {{"check", "CHECK", COL_STR},
	    {"result", "RESULT", COL_STR}, {"detail", "DETAIL", COL_STR}, {NULL, NULL, COL_STR}};
	struct ctl_table *t;
	const char *result;
	struct imsg m;
	char text[1025];
	int rc = CTL_EXIT_NOTOK, bad = 0, n = 0, end = 0;

	(void)argv;
	if (argc != 1)
		return ctl_usage("self-test");
	ctl_send(c, MSG_CTL_SELFTEST, NULL);
	t = ctl_table_new(c, cols);
	for (; !end; imsg_free(&m)) {
		ctl_recv(c, &m);
		if (m.type == MSG_CTL_ITEM && ctl_table_add(t, &m) == 0) {
			result = ctl_item(&m, "result");
			bad |= result == NULL || strcmp(result, "ok") != 0;
			n++;
			continue;
		}
		end = 1;
		if (m.type == MSG_CTL_ERR && msg_text_get(&m, text, sizeof(text)) == 0) {
			warnx("%s", text);
			rc = CTL_EXIT_REFUSED;
		} else if (m.type == MSG_CTL_END && n > 0 && !bad)
			rc = CTL_EXIT_OK;
	}
	ctl_table_print(t);
	return rc;
}

int
verb_policy(struct ctl *c, int argc, char **argv)
{
	struct msg_submit m = {.nsigs = 0};
	struct errmsg e;
	char text[1025], *ticket, *sig;
	size_t len;
	int rc;

	if (argc < 3 || strcmp(argv[1], "test") != 0 || argc - 3 > TICKET_SIGS)
		return ctl_usage("policy");
	ticket = ctl_readfile(argv[2], TICKET_MAX, &m.len);
	m.ticket = (const uint8_t *)ticket;
	for (int i = 3; i < argc; i++) {
		sig = ctl_readfile(argv[i], SIGNIFY_TEXT_MAX, &len);
		if (sig_parse(&m.sig[m.nsigs++], sig, len, &e) == -1)
			errx(CTL_EXIT_AGENT, "%s: %s", argv[i], e.text);
		free(sig);
	}
	rc = ctl_ask(c, MSG_CTL_POLICY, msg_submit_put(&m), text, sizeof(text));
	free(ticket);
	puts(text);
	return rc;
}

int
verb_trust(struct ctl *c, int argc, char **argv)
{
	struct msg_keys k = {.nsigs = 0};
	struct errmsg e;
	char text[1025], *file, *sig;
	size_t len;
	int rc;

	if (argc < 3 || argc - 2 > TICKET_SIGS)
		return ctl_usage("trust");
	file = ctl_readfile(argv[1], KEYSFILE_MAX, &k.len);
	if (k.len == 0)
		errx(CTL_EXIT_AGENT, "%s: is empty", argv[1]);
	k.text = (const uint8_t *)file;
	for (int i = 2; i < argc; i++) {
		sig = ctl_readfile(argv[i], SIGNIFY_TEXT_MAX, &len);
		if (sig_parse(&k.sig[k.nsigs++], sig, len, &e) == -1)
			errx(CTL_EXIT_AGENT, "%s: %s", argv[i], e.text);
		free(sig);
	}
	rc = ctl_ask(c, MSG_CTL_KEYS, msg_keys_put(&k), text, sizeof(text));
	free(file);
	if (rc == CTL_EXIT_OK)
		puts(text);
	else
		warnx("refused: %s", text);
	return rc;
}
