/* reevectl enroll: root's side. It reads files, forks the child, judges its answer, writes files.
 */
#include <sys/wait.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/enroll.h"
#include "lib/fdutil.h"
#include "lib/privdrop.h"
#include "lib/sb.h"
#include "lib/strutil.h"
#include "lib/users.h"
#include "lib/valid.h"

#define CHILD_MS 120000

struct enroll_opts {
	const char *conf, *server, *hostname, *token;
};

/* ---- the token: from the command line, a file, or standard input ---- */

/* The first line, of MAX bytes at most, with a NUL for its end: on a terminal nobody thinks of ^D.
 * -1 with errno. */
static ssize_t
read_line(int fd, char *buf, size_t max)
{
	size_t n = 0;
	ssize_t got;

	while (n < max) {
		if ((got = fd_readn(fd, buf + n, 1)) == -1)
			return -1;
		if (got == 0 || buf[n] == '\n')
			break;
		n++;
	}
	buf[n] = '\0';
	return (ssize_t)n;
}

static char *
token_line(const char *arg)
{
	char *buf = NULL;
	struct errmsg e;
	ssize_t n;
	size_t len;
	int fd;

	if (strncmp(arg, "reeve", 5) == 0 && access(arg, F_OK) == -1)
		return strdup(arg);
	if (strcmp(arg, "-") != 0 && strchr(arg, '/') == NULL && access(arg, F_OK) == -1)
		return strdup(arg); /* token_parse() says what it is instead */
	if ((buf = calloc(1, TOKEN_MAX + 2)) == NULL)
		return NULL;
	fd = strcmp(arg, "-") == 0 ? STDIN_FILENO : open(arg, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || (n = read_line(fd, buf, TOKEN_MAX + 1)) == -1) {
		err_errno(&e, "%s", arg);
		errx(CTL_EXIT_AGENT, "%s", e.text);
	}
	len = (size_t)n;
	while (len > 0 && isspace((unsigned char)buf[len - 1]))
		buf[--len] = '\0';
	return buf;
}

static int
take_token(struct token *t, const char *arg)
{
	char *line = token_line(arg);
	struct errmsg e;
	int rv;

	if (line == NULL)
		err(CTL_EXIT_AGENT, NULL);
	if ((rv = token_parse(t, line, &e)) == -1)
		warnx("%s", e.text);
	sodium_memzero(line, strlen(line));
	free(line);
	return rv;
}

/* ---- what this host is ---- */

static void
system_name(char name[254])
{
	char buf[256];

	if (gethostname(buf, sizeof(buf)) == -1)
		err(CTL_EXIT_AGENT, "gethostname");
	buf[sizeof(buf) - 1] = '\0';
	snprintf(name, 254, "%.253s", buf);
	for (char *p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* --hostname, else what agent.conf says, else the system's. */
static void
pick_name(struct enroll_in *in, const struct enroll_opts *o, const struct enroll_conf *c)
{
	const char *from = o->hostname;

	if (from == NULL && c->hostname[0] != '\0')
		from = c->hostname;
	if (from == NULL && c->host_name[0] != '\0')
		from = c->host_name;
	if (from != NULL) {
		snprintf(in->hostname, sizeof(in->hostname), "%s", from);
		for (char *p = in->hostname; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
	} else
		system_name(in->hostname);
	if (!valid_hostname(in->hostname))
		errx(
		    CTL_EXIT_USAGE, "\"%s\" is no host name: give one by --hostname", in->hostname);
	if (c->host_name[0] != '\0' && strcmp(c->host_name, in->hostname) != 0)
		errx(CTL_EXIT_USAGE, "%s: this host is %s there, and was to be enrolled as %s",
		    o->conf, c->host_name, in->hostname);
}

static void
read_machine(struct enroll_in *in)
{
	uint8_t hash[32];
	size_t len;
	char *id = enroll_read_trusted("/etc/machine-id", 4096, &len);

	if (id == NULL || len == 0) {
		free(id);
		return;
	}
	crypto_hash_sha256(hash, (const uint8_t *)id, len);
	str_hex(in->machine, hash, sizeof(hash));
	free(id);
}

/* ---- the child ---- */

static void
start_child(const struct enroll_in *in, int fd)
{
	struct errmsg e;
	struct user u;

	if (user_lookup(user_name(USER_NETD), &u, &e) == -1 || sb_bounding_cut(0, &e) == -1)
		errx(CTL_EXIT_AGENT, "%s", e.text);
	if (dup2(fd, 3) == -1)
		err(CTL_EXIT_AGENT, "pipe");
	fd_closefrom(4);
	signal(SIGPIPE, SIG_IGN);
	privdrop(u.uid, u.gid, 0);
	enroll_child(in, 3);
}

static void
ask_child(const struct enroll_in *in, struct enroll_out *out)
{
	struct errmsg e;
	int fds[2], st, rv;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		err(CTL_EXIT_AGENT, "pipe");
	fflush(stdout);
	if ((pid = fork()) == -1)
		err(CTL_EXIT_AGENT, "fork");
	if (pid == 0)
		start_child(in, fds[1]);
	close(fds[1]);
	rv = enroll_recv(fds[0], CHILD_MS, in->hostname, out, &e);
	close(fds[0]);
	if (rv == -1)
		kill(pid, SIGKILL);
	if (waitpid(pid, &st, 0) == -1)
		err(CTL_EXIT_AGENT, "waitpid");
	if (rv == -1 && WIFSIGNALED(st) && WTERMSIG(st) != SIGKILL)
		errx(
		    CTL_EXIT_AGENT, "the enrolment's process was ended by signal %d", WTERMSIG(st));
	if (rv == -1)
		errx(CTL_EXIT_AGENT, "the enrolment's process: %s", e.text);
}

/* ---- all of it ---- */

/* What stands in agent.conf must be what the control plane says. */
static int
same_site(const struct enroll_opts *o, const struct enroll_conf *c, const struct enroll_out *out)
{
	if (c->fleet[0] != '\0' && strcmp(c->fleet, out->fleet) != 0)
		warnx("%s: fleet is %s there, and the control plane's is %s: control planes of one "
		      "host belong to one fleet",
		    o->conf, c->fleet, out->fleet);
	else if (c->host_id[0] != '\0' && strcmp(c->host_id, out->host_id) != 0)
		warnx(
		    "%s: this host is %s there, and %s at the control plane: enrol it there under "
		    "the id that it has, or remove the host line",
		    o->conf, c->host_id, out->host_id);
	else
		return 0;
	return -1;
}

static int
old_section_ok(const struct enroll_opts *o, const struct enroll_conf *c, const struct url *url)
{
	struct errmsg e;
	struct url u;

	if (c->from == 0)
		return 0;
	if (url_parse(&u, c->url, &e) == 0 && memcmp(&u, url, sizeof(u)) == 0)
		return 0; /* enrolled again, by a new secret */
	warnx("%s:%u: server %s is another control plane there: take another name by -n", o->conf,
	    c->from, o->server);
	return -1;
}

static void
show_print(const struct enroll_out *out, const struct enroll_in *in)
{
	char print[HOSTPRINT_LEN];

	hostprint(out->fleet, out->host_id, out->host_name, in->result_key, in->seal_key, print);
	printf(
	    "its fingerprint, to compare when it is pinned by \"reeve roster\":\n    %s\n", print);
}

static int
finish(struct ctl *c, const struct enroll_out *out, const struct enroll_in *in,
    const struct enroll_opts *o)
{
	char text[1025];

	printf("enrolled: host %s %s, fleet %s, [server %s]\n", out->host_id, out->host_name,
	    out->fleet, o->server);
	show_print(out, in);
	printf("the control plane's online key, for policy.conf if it shall sign harmless kinds:\n"
	       "    %s\n",
	    out->online_key);
	if (ctl_try_connect(c) == -1) {
		printf("next: start reeve-privd\n");
		return CTL_EXIT_OK;
	}
	if (ctl_ask(c, MSG_CTL_RELOAD, NULL, text, sizeof(text)) == CTL_EXIT_OK)
		printf("the agent has read its configuration again\n");
	else
		printf("next: the agent keeps its old configuration (%s); restart reeve-privd\n",
		    text);
	return CTL_EXIT_OK;
}

static int
enroll(struct ctl *c, struct enroll_opts *o, struct enroll_in *in)
{
	static struct enroll_out out;
	struct enroll_conf conf;
	struct enroll_files f = {.conf = o->conf, .server = o->server, .parsed = &conf};
	char sysname[254], *old;
	struct errmsg e;
	int rc = CTL_EXIT_AGENT;

	if ((old = enroll_read_trusted(o->conf, ENROLL_CONF_MAX, &f.oldlen)) == NULL)
		old = strdup("");
	if (old == NULL)
		err(CTL_EXIT_AGENT, NULL);
	f.old = old;
	if (enroll_conf_read(&conf, o->conf, o->server, old, f.oldlen, &e) == -1)
		errx(CTL_EXIT_AGENT, "%s", e.text);
	if (old_section_ok(o, &conf, &in->token.url) == -1)
		return CTL_EXIT_USAGE;
	pick_name(in, o, &conf);
	snprintf(in->proxy, sizeof(in->proxy), "%s", conf.proxy);
	enroll_read_keys(in, &conf);
	read_machine(in);
	system_name(sysname);
	if (conf.hostname[0] == '\0' && strcmp(sysname, in->hostname) != 0)
		f.hostname = in->hostname;
	ask_child(in, &out);
	if (out.exit != CTL_EXIT_OK) {
		warnx("%s", out.words);
		rc = out.exit;
	} else if (same_site(o, &conf, &out) == -1)
		rc = CTL_EXIT_REFUSED;
	else if (enroll_write(&f, &out, &in->token.url, in->token.bundle, &e) == -1)
		warnx("%s", e.text);
	else
		rc = finish(c, &out, in, o);
	sodium_memzero(&out, sizeof(out));
	free(old);
	return rc;
}

/* The section's name where none was given: the control plane's, if that can be one. */
static const char *
server_name(const struct token *t)
{
	return valid_ident(t->url.host) && strcmp(t->url.host, "local") != 0 ? t->url.host
									     : "control";
}

int
verb_enroll(struct ctl *c, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"hostname", required_argument, NULL, 'H'}, {NULL, 0, NULL, 0}};
	struct enroll_opts o = {.conf = ENROLL_CONF};
	static struct enroll_in in;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, "+f:n:", longs, NULL)) != -1) {
		if (ch == 'f')
			o.conf = optarg;
		else if (ch == 'n')
			o.server = optarg;
		else if (ch == 'H')
			o.hostname = optarg;
		else
			return ctl_usage("enroll");
	}
	if (argc - optind != 1)
		return ctl_usage("enroll");
	if (sodium_init() == -1)
		errx(CTL_EXIT_AGENT, "libsodium could not be initialised");
	if (take_token(&in.token, argv[optind]) == -1)
		return CTL_EXIT_USAGE;
	if (o.server != NULL && (!valid_ident(o.server) || strcmp(o.server, "local") == 0)) {
		warnx("-n %s: must be letters, digits and . _ -, and not \"local\"", o.server);
		return CTL_EXIT_USAGE;
	}
	if (o.server == NULL)
		o.server = server_name(&in.token);
	if (geteuid() != 0) {
		warnx("enroll writes the agent's configuration: run it as root");
		return CTL_EXIT_AGENT;
	}
	rc = enroll(c, &o, &in);
	sodium_memzero(&in, sizeof(in));
	return rc;
}
