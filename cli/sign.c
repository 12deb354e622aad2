/*
 * reeve sign: a signature as signify(1) makes it. A key without passphrase is used here; one with a
 * passphrase is given to signify itself, which asks for it. Only texts that reeve knows are signed.
 */
#include <sys/mman.h>
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

static const char *const signifies[] = {"/usr/bin/signify-openbsd", "/usr/bin/signify"};

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

/* In the child: signify, told to read the text from IN and to write the signature to OUT. */
static void __attribute__((noreturn)) become_signify(const char *keyfile, int in, int out)
{
	char *const env[] = {NULL};
	size_t i;

	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1)
		_exit(126);
	for (i = 0; i < sizeof(signifies) / sizeof(signifies[0]); i++)
		execle(signifies[i], "signify", "-S", "-s", keyfile, "-m", "-", "-x", "-",
		    (char *)NULL, env);
	_exit(127);
}

/* signify asks for the passphrase; its signature's text comes through a pipe. */
static void
sign_by_signify(const char *keyfile, const char *text, size_t len, struct sig *out)
{
	int fd = message_fd(text, len), st, pipes[2];
	char sig[SIGNIFY_TEXT_MAX];
	struct errmsg e;
	ssize_t n;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(CLI_CANNOT, "signify");
	if (pid == 0)
		become_signify(keyfile, fd, pipes[1]);
	close(fd);
	close(pipes[1]);
	n = fd_readn(pipes[0], sig, sizeof(sig));
	close(pipes[0]);
	while (waitpid(pid, &st, 0) == -1)
		if (errno != EINTR)
			err(CLI_CANNOT, "signify");
	if (WIFEXITED(st) && WEXITSTATUS(st) == 127)
		errx(CLI_CANNOT,
		    "%s has a passphrase, and there is neither %s nor %s to ask for it", keyfile,
		    signifies[0], signifies[1]);
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 0 || n == -1)
		errx(CLI_NO, "signify did not sign");
	if (sig_parse(out, sig, (size_t)n, &e) == -1)
		errx(CLI_NO, "signify's signature: %s", e.text);
}

void
cli_sign_text(const char *keyfile, const char *text, size_t len, struct sig *out)
{
	struct errmsg e;
	struct seckey k;
	int locked, rv;
	size_t n;
	char *secret = cli_read_own(keyfile, "the key", 077, SIGNIFY_TEXT_MAX, &n);

	rv = seckey_parse(&k, secret, n, &locked, &e);
	sodium_memzero(secret, n);
	free(secret);
	if (rv == -1 && !locked)
		errx(CLI_NO, "%s: %s", keyfile, e.text);
	if (locked)
		sign_by_signify(keyfile, text, len, out);
	else
		seckey_sign(&k, text, len, out);
	sodium_memzero(&k, sizeof(k));
}

static void
sign_file(const char *keyfile, const char *file, const char *sigfile)
{
	char comment[300], out[SIGNIFY_TEXT_MAX], words[400], *text;
	struct errmsg e;
	struct sig s;
	size_t len;
	ssize_t n;
	enum cli_text what;

	text = cli_read(file, KEYSFILE_MAX, &len);
	what = cli_identify(text, len, words, sizeof(words), &e);
	if (what == TEXT_NONE)
		errx(CLI_NO, "%s: will not be signed: %s", file, e.text);
	if (what == TEXT_RESULT)
		errx(CLI_NO, "%s: will not be signed: results are signed by their host", file);
	printf("signing %s\n", words);
	cli_flush();
	cli_sign_text(keyfile, text, len, &s);
	sig_comment(keyfile, comment, sizeof(comment));
	if ((n = sig_write(&s, comment, out, sizeof(out))) == -1)
		errx(CLI_CANNOT, "the signature could not be written as text");
	cli_write(sigfile, 0644, 0, out, (size_t)n);
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
