/*
 * `reeve-ctld init`, by root: a site in one command. Each step is left alone when its file is
 * there, and ctld.conf comes last, so a run that was cut is finished by the next one.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "ctld/conf.h"
#include "ctld/init.h"
#include "ctld/init_key.h"
#include "ctld/store.h"
#include "ctld/ctld.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"
#include "lib/strutil.h"
#include "lib/valid.h"
#include "proto/token.h"

#define ETC	  "/etc/reeve-ctld"
#define SIGNSTATE "/var/lib/reeve-sign"
#define SIGNPROG  "/usr/libexec/reeve/reeve-sign"
#define NAMES_MAX 16
#define FIRST	  "admin" /* the first token's name */

struct site {
	const char *url, *etc, *state, *sign_state, *sign_socket, *sign_prog, *listen;
	const char *name[NAMES_MAX];
	size_t nnames;
	struct url u;
	struct user ctld, sign;
	int etcfd;
	char fleet[33], ca[80];
};

static void __attribute__((noreturn)) usage(FILE *f, int rc)
{
	fprintf(f,
	    "usage: reeve-ctld init --url https://HOST[:PORT] [--name NAME-OR-ADDRESS ...]\n"
	    "           [--listen ADDRESS[:PORT]] [--etc DIR] [--state DIR] [--sign-state DIR]\n"
	    "           [--sign-socket PATH] [--sign-prog PATH]\n");
	exit(rc);
}

static void
add_name(struct site *s, const char *name)
{
	if (s->nnames == NAMES_MAX) {
		fprintf(stderr, "reeve-ctld: more than %d names\n", NAMES_MAX);
		exit(64);
	}
	s->name[s->nnames++] = name;
}

static void
get_options(struct site *s, int argc, char **argv)
{
	static const struct option longs[] = {{"url", required_argument, NULL, 'u'},
	    {"name", required_argument, NULL, 'n'}, {"listen", required_argument, NULL, 'l'},
	    {"etc", required_argument, NULL, 'e'}, {"state", required_argument, NULL, 's'},
	    {"sign-state", required_argument, NULL, 'S'},
	    {"sign-socket", required_argument, NULL, 'k'},
	    {"sign-prog", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int ch;

	while ((ch = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (ch) {
		case 'u':
			s->url = optarg;
			break;
		case 'n':
			add_name(s, optarg);
			break;
		case 'l':
			s->listen = optarg;
			break;
		case 'e':
			s->etc = optarg;
			break;
		case 's':
			s->state = optarg;
			break;
		case 'S':
			s->sign_state = optarg;
			break;
		case 'k':
			s->sign_socket = optarg;
			break;
		case 'p':
			s->sign_prog = optarg;
			break;
		case 'h':
			usage(stdout, 0);
		default:
			usage(stderr, 64);
		}
	}
	if (optind != argc || s->url == NULL)
		usage(stderr, 64);
}

static int
judge(struct site *s, struct errmsg *e)
{
	const char *const paths[] = {s->etc, s->state, s->sign_state, s->sign_socket, s->sign_prog};

	if (url_parse(&s->u, s->url, e) == -1)
		return err_prefix(e, "--url");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!valid_path(paths[i]))
			return err_set(e, "%s: must be an absolute path", paths[i]);
	if (geteuid() != 0)
		return err_set(e, "init must be run by root: it makes files for two users");
	if (user_lookup(user_name(USER_CTLD), &s->ctld, e) == -1)
		return -1;
	return user_lookup(user_name(USER_SIGN), &s->sign, e);
}

/* A directory of UID, MODE; one that is there must be so already. Its descriptor, or -1 with E. */
static int
make_dir(const char *path, uid_t uid, gid_t gid, mode_t mode, struct errmsg *e)
{
	struct stat st;
	int fd, made = mkdir(path, 0700) == 0;

	if (!made && errno != EEXIST)
		return err_errno(e, "%s", path);
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return err_errno(e, "%s", path);
	if ((made && (fchown(fd, uid, (gid_t)-1) == -1 || fchmod(fd, mode) == -1)) ||
	    fstat(fd, &st) == -1) {
		(void)err_errno(e, "%s", path);
		close(fd);
		return -1;
	}
	if (st.st_uid != uid || (st.st_mode & 07777 & ~mode) != 0) {
		(void)err_set(e, "%s: must belong to uid %u with mode %04o at most: put that right",
		    path, (unsigned int)uid, (unsigned int)mode);
		close(fd);
		return -1;
	}
	/* one that a package made may have root's group: its user would be shut out */
	if (st.st_gid != gid && fchown(fd, (uid_t)-1, gid) == -1) {
		(void)err_errno(e, "%s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int
there(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Root's file that ctld may read. */
static int
put(struct site *s, const char *name, const char *text, struct errmsg *e)
{
	int fd;

	/* closed to all until its group is right */
	if (fd_replace(s->etcfd, name, 0600, text, strlen(text), e) == -1)
		return -1;
	if ((fd = fd_openat(s->etcfd, name, O_RDONLY, 0)) == -1 ||
	    fchown(fd, 0, s->ctld.gid) == -1 || fchmod(fd, 0640) == -1) {
		(void)err_errno(e, "%s/%s", s->etc, name);
		if (fd != -1)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int
get(int dirfd, const char *name, char **text, struct errmsg *e)
{
	int fd = fd_openat(dirfd, name, O_RDONLY, 0);
	size_t len;
	int rc;

	if (fd == -1)
		return err_errno(e, "%s", name);
	rc = fd_slurp(fd, 65536, text, &len, e);
	close(fd);
	return rc;
}

/* ---- the steps ---- */

/* CA and online key, as _reevesign: it prints "fleet HEX", "ca sha256:HEX", "online B64". */
static int
make_keys(struct site *s, struct errmsg *e)
{
	const char *const argv[] = {s->sign_prog, "init", "-D", s->sign_state, NULL};
	char *out = init_run(argv, NULL, "", e);
	int ok;

	if (out == NULL)
		return -1;
	ok = sscanf(out, "fleet %32s ca %79s", s->fleet, s->ca) == 2 && valid_hex(s->fleet, 32);
	free(out);
	return ok ? 0 : err_set(e, "%s init: says something else than its fleet", s->sign_prog);
}

static int
make_state(struct site *s, struct errmsg *e)
{
	char text[64];
	int fd, rc = 0;

	if ((fd = make_dir(s->state, s->ctld.uid, s->ctld.gid, 0700, e)) == -1)
		return -1;
	snprintf(text, sizeof(text), "reeve-site 1\nfleet %s\n", s->fleet);
	if (!there(fd, "site")) {
		rc = fd_replace(fd, "site", 0600, text, strlen(text), e);
		if (rc == 0 &&
		    fchownat(fd, "site", s->ctld.uid, s->ctld.gid, AT_SYMLINK_NOFOLLOW) == -1)
			rc = err_errno(e, "%s/site", s->state);
	} else {
		char *have = NULL;

		rc = get(fd, "site", &have, e);
		if (rc == 0 && strcmp(have, text) != 0)
			rc = err_set(
			    e, "%s/site: of another fleet than %s", s->state, s->sign_state);
		free(have);
	}
	close(fd);
	return rc;
}

static int
server_key(struct site *s, char **csr, struct errmsg *e)
{
	char *key = NULL;
	int rc;

	if (there(s->etcfd, "server.key")) {
		if ((rc = get(s->etcfd, "server.key", &key, e)) == 0)
			rc = init_key_csr(s->u.host, key, csr, e);
	} else if ((rc = init_key_new(s->u.host, &key, csr, e)) == 0) {
		rc = put(s, "server.key", key, e);
	}
	if (key != NULL)
		sodium_memzero(key, strlen(key));
	free(key);
	return rc;
}

/* The server's certificate and, behind it, the CA's: so a host that enrolls can hash the CA. */
static int
make_cert(struct site *s, struct errmsg *e)
{
	const char *argv[6 + 2 * NAMES_MAX + 3] = {
	    s->sign_prog, "certify-server", "-D", s->sign_state, "--name", s->u.host};
	char *csr = NULL, *cert, *ca = NULL, *chain = NULL;
	int n = 6, dirfd, rc = -1;

	if (there(s->etcfd, "server.crt"))
		return 0;
	if (server_key(s, &csr, e) == -1)
		return -1;
	for (size_t i = 0; i < s->nnames; i++) {
		argv[n++] = "--name";
		argv[n++] = s->name[i];
	}
	cert = init_run(argv, &s->sign, csr, e);
	free(csr);
	if (cert == NULL)
		return -1;
	dirfd = open(s->sign_state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd == -1)
		(void)err_errno(e, "%s", s->sign_state);
	else if (get(dirfd, "ca.crt", &ca, e) == 0) {
		if (asprintf(&chain, "%s%s", cert, ca) == -1)
			chain = NULL;
		rc = chain == NULL ? err_set(e, "out of memory") : put(s, "server.crt", chain, e);
	}
	if (dirfd != -1)
		close(dirfd);
	free(chain);
	free(ca);
	free(cert);
	return rc;
}

static int
make_conf(struct site *s, struct errmsg *e)
{
	char url[600], *text;
	int rc;

	url_text(&s->u, url, sizeof(url));
	if (asprintf(&text,
		"# made by reeve-ctld init; see reeve-ctld.conf(5)\n"
		"public-url %s\n"
		"listen %s cert %s/server.crt key %s/server.key\n"
		"state-dir %s\n"
		"sign-socket %s\n",
		url, s->listen, s->etc, s->etc, s->state, s->sign_socket) == -1)
		return err_set(e, "out of memory");
	rc = put(s, "ctld.conf", text, e);
	free(text);
	return rc;
}

/* 1 when the first token is there and was never used: a run that was cut made it, and never showed
 * it. 0, or -1 with E. */
static int
never_used(struct store *st, struct errmsg *e)
{
	struct oper o[64] = {{.name = ""}};
	size_t n, i;

	do {
		if (store_oper_list(st, o[0].name, 64, o, &n, e) == -1)
			return -1;
		for (i = 0; i < n; i++)
			if (strcmp(o[i].name, FIRST) == 0)
				return o[i].last == 0;
		if (n > 0)
			memmove(&o[0], &o[n - 1], sizeof(o[0]));
	} while (n == 64);
	return 0;
}

/* Makes the first token, again if nobody can have it. 0, 1 there is one, -1 with E. */
static int
add_first(struct store *st, const struct oper *o, const uint8_t h[32], struct errmsg *e)
{
	int rc = store_oper_add(st, o, h, e);

	if (rc != 1)
		return rc;
	if ((rc = never_used(st, e)) != 1)
		return rc == 0 ? 1 : -1;
	if (store_oper_remove(st, FIRST, e) != 0)
		return -1;
	return store_oper_add(st, o, h, e);
}

/* In a child that is _reevectl, since SQLite makes files. 0 made, 1 there was one, 2 failed. */
static int
store_first(const struct site *s, const char *hex)
{
	struct oper o = {.name = FIRST, .role = ROLE_ADMINISTRATOR, .created = ctld_now()};
	uint8_t secret[24], h[32];
	struct errmsg e;
	struct store *st;
	int rc;

	privdrop(s->ctld.uid, s->ctld.gid, 0);
	if (secret_parse(secret, hex, &e) == -1)
		return 2;
	token_hash(secret, h);
	sodium_memzero(secret, sizeof(secret));
	if ((st = store_open(NULL, s->state, &e)) == NULL) {
		log_warnx("%s", e.text);
		return 2;
	}
	rc = add_first(st, &o, h, &e);
	if (rc == -1 || store_commit(st) == -1)
		rc = 2;
	store_close(st);
	return rc;
}

static int
make_token(const struct site *s, char hex[TOKEN_SECRET + 1], struct errmsg *e)
{
	int status;
	pid_t pid;

	secret_new(hex);
	if ((pid = fork()) == -1)
		return err_errno(e, "fork");
	if (pid == 0)
		_exit(store_first(s, hex));
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	sodium_memzero(hex, TOKEN_SECRET + 1);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		return 0;
	return err_set(e, "the first token could not be stored");
}

static int
make_all(struct site *s, char hex[TOKEN_SECRET + 1], struct errmsg *e)
{
	if (make_keys(s, e) == -1 || make_state(s, e) == -1 || make_cert(s, e) == -1)
		return -1;
	if (make_token(s, hex, e) == -1)
		return -1;
	return make_conf(s, e);
}

static void
say(const struct site *s, const char *hex)
{
	printf("%s: a site is made, fleet %s\n"
	       "CA %s in %s\n\n"
	       "Next:\n"
	       "  start reeve-sign, then reeve-ctld\n"
	       "  put an offline backup away of %s/ca.key: without it no host can be enrolled,\n"
	       "  and whoever has it can pose as any host or as this control plane\n",
	    s->etc, s->fleet, s->ca, s->sign_state, s->sign_state);
	if (hex[0] != '\0')
		printf("\nThe first admin token, \"%s\", shown this once:\n%s\n", FIRST, hex);
	else
		printf("\nThere is an admin token \"%s\" already; it was shown when it was made.\n",
		    FIRST);
}

static void
say_there(const struct site *s)
{
	static const char *const files[] = {"ctld.conf", "server.crt", "server.key"};

	printf("%s: a site is there; nothing was changed\n", s->etc);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		printf(
		    "  %s/%s%s\n", s->etc, files[i], there(s->etcfd, files[i]) ? "" : ": MISSING");
	printf("  %s: %s\n", s->state, access(s->state, F_OK) == 0 ? "its state" : "MISSING");
	printf("  %s: %s (ca.key belongs in an offline backup)\n", s->sign_state,
	    access(s->sign_state, F_OK) == 0 ? "the signer's" : "MISSING");
	printf("A new admin token: reeve token add, with one that you have.\n");
}

int
init_main(int argc, char **argv)
{
	struct site s = {.etc = ETC,
	    .state = CONF_STATE,
	    .sign_state = SIGNSTATE,
	    .etcfd = -1,
	    .sign_socket = CONF_SIGN,
	    .sign_prog = SIGNPROG,
	    .listen = "*"};
	char hex[TOKEN_SECRET + 1] = "";
	struct errmsg e;
	int rc = 0;

	log_init("reeve-ctld", 1, 0);
	get_options(&s, argc, argv);
	if (judge(&s, &e) == -1 || (s.etcfd = make_dir(s.etc, 0, s.ctld.gid, 0750, &e)) == -1) {
		log_warnx("%s", e.text);
		return 1;
	}
	if (there(s.etcfd, "ctld.conf")) {
		say_there(&s);
	} else if (make_all(&s, hex, &e) == -1) {
		log_warnx("%s", e.text);
		rc = 1;
	} else {
		say(&s, hex);
	}
	sodium_memzero(hex, sizeof(hex));
	close(s.etcfd);
	return fflush(stdout) != 0 ? 1 : rc;
}
