/*
 * reeve sign: a signature as signify(1) makes it. A key without passphrase is used here; one with a
 * passphrase is given to signify itself, which asks for it. Only texts that reeve knows are signed.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/fdutil.h"
#include "proto/keysfile.h"
#include "proto/signify.h"

/* A secret key's file: regular, the caller's own, nobody else's to read. */
static size_t
read_secret(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(CLI_CANNOT, "%s", path);
	if (!S_ISREG(st.st_mode))
		errx(CLI_NO, "%s: is not a regular file", path);
	if (st.st_uid != geteuid())
		errx(CLI_NO, "%s: belongs to uid %u, not to you (%u)", path, st.st_uid, geteuid());
	if (st.st_mode & 077)
		errx(CLI_NO, "%s: mode %04o lets others at the key; chmod 0600 it", path,
		    st.st_mode & 07777);
	if ((n = fd_readn(fd, text, size)) == -1)
		err(CLI_CANNOT, "%s", path);
	close(fd);
	return (size_t)n;
}

/* "verify with NAME.pub" for NAME.sec, as signify writes it. */
static void
sig_comment(const char *keyfile, char *buf, size_t size)
{
	const char *base = strrchr(keyfile, '/');
	size_t n;

	base = base == NULL ? keyfile : base + 1;
	n = strlen(base);
	if (n > 4 && n < 256 && strcmp(base + n - 4, ".sec") == 0)
		snprintf(buf, size, "verify with %.*s.pub", (int)(n - 4), base);
	else
		snprintf(buf, size, "signature from a reeve key");
}

static void
sign_here(
    const struct seckey *k, const char *keyfile, const char *text, size_t len, const char *sigfile)
{
	char comment[300], out[SIGNIFY_TEXT_MAX];
	struct sig s;
	ssize_t n;

	seckey_sign(k, text, len, &s);
	sig_comment(keyfile, comment, sizeof(comment));
	if ((n = sig_write(&s, comment, out, sizeof(out))) == -1)
		errx(CLI_CANNOT, "the signature could not be written as text");
	cli_write(sigfile, 0644, 0, out, (size_t)n);
}

/* The exact bytes that were judged, as a file that nobody else can change. */
static int
message_fd(const char *text, size_t len)
{
	int fd = memfd_create("ticket", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (fd == -1 || fd_writen(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) == -1 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == -1)
		err(CLI_CANNOT, "ticket");
	return fd;
}

static void
sign_by_signify(const char *keyfile, const char *text, size_t len, const char *sigfile)
{
	static const char *const where[] = {"/usr/bin/signify-openbsd", "/usr/bin/signify"};
	int fd = message_fd(text, len), st;
	pid_t pid;
	size_t i;

	if ((pid = fork()) == -1)
		err(CLI_CANNOT, "fork");
	if (pid == 0) {
		char *const env[] = {NULL};

		if (dup2(fd, STDIN_FILENO) == -1)
			_exit(126);
		for (i = 0; i < sizeof(where) / sizeof(where[0]); i++)
			execle(where[i], "signify", "-S", "-s", keyfile, "-m", "-", "-x", sigfile,
			    (char *)NULL, env);
		_exit(127);
	}
	close(fd);
	while (waitpid(pid, &st, 0) == -1)
		if (errno != EINTR)
			err(CLI_CANNOT, "signify");
	if (WIFEXITED(st) && WEXITSTATUS(st) == 127)
		errx(CLI_CANNOT,
		    "%s has a passphrase, and there is neither %s nor %s to ask for it", keyfile,
		    where[0], where[1]);
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0)
		errx(CLI_NO, "signify did not sign");
}

static void
sign_file(const char *keyfile, const char *file, const char *sigfile)
{
	char secret[SIGNIFY_TEXT_MAX + 1], words[400], *text;
	struct errmsg e;
	struct seckey k;
	size_t len, n;
	int locked, rv;
	enum cli_text what;

	text = cli_read(file, KEYSFILE_MAX, &len);
	what = cli_identify(text, len, words, sizeof(words), &e);
	if (what == TEXT_NONE)
		errx(CLI_NO, "%s: will not be signed: %s", file, e.text);
	if (what == TEXT_RESULT)
		errx(CLI_NO, "%s: will not be signed: results are signed by their host", file);
	n = read_secret(keyfile, secret, sizeof(secret));
	rv = seckey_parse(&k, secret, n, &locked, &e);
	sodium_memzero(secret, sizeof(secret));
	if (rv == -1 && !locked)
		errx(CLI_NO, "%s: %s", keyfile, e.text);
	printf("signing %s\n", words);
	cli_flush();
	if (locked)
		sign_by_signify(keyfile, text, len, sigfile);
	else
		sign_here(&k, keyfile, text, len, sigfile);
	sodium_memzero(&k, sizeof(k));
	printf("%s\n", sigfile);
	free(text);
}

int
cli_sign(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *keyfile = NULL, *sigfile = NULL;
	char *made = NULL;
	int ch;

	while ((ch = cli_getopt(v, argc, argv, "s:x:h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		if (ch == 's')
			keyfile = optarg;
		else
			sigfile = optarg;
	}
	if (keyfile == NULL)
		cli_usage(v, "-s KEY.sec is missing");
	if (argc - optind != 1)
		cli_usage(v, "one FILE to sign is needed");
	if (sigfile == NULL && strcmp(argv[optind], "-") == 0)
		cli_usage(v, "-x SIGFILE is needed when standard input is signed");
	if (sigfile == NULL && asprintf(&made, "%s.sig", argv[optind]) == -1)
		err(CLI_CANNOT, NULL);
	sign_file(keyfile, argv[optind], sigfile != NULL ? sigfile : made);
	free(made);
	return CLI_OK;
}
