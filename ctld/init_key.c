/* A server's key and request, and programs run for their output: `reeve-ctld init`. */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ctld/init_key.h"
#include "lib/fdutil.h"
#include "lib/privdrop.h"

#define OUTPUT_MAX 65536

static char *
bio_text(BIO *b)
{
	char *data;
	long len = BIO_get_mem_data(b, &data);

	return len <= 0 ? NULL : strndup(data, (size_t)len);
}

static char *
key_text(EVP_PKEY *k)
{
	BIO *b = BIO_new(BIO_s_secmem());
	char *t = NULL;

	if (b != NULL && PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL) == 1)
		t = bio_text(b);
	BIO_free(b);
	return t;
}

static char *
csr_text(EVP_PKEY *k, const char *cn)
{
	X509_REQ *q = X509_REQ_new();
	BIO *b = BIO_new(BIO_s_mem());
	char *t = NULL;

	/* the signer writes the names itself; what stands here is for people */
	if (q != NULL && b != NULL &&
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(q), "CN", MBSTRING_ASC,
		(const unsigned char *)cn, -1, -1, 0) == 1 &&
	    X509_REQ_set_pubkey(q, k) == 1 && X509_REQ_sign(q, k, EVP_sha256()) > 0 &&
	    PEM_write_bio_X509_REQ(b, q) == 1)
		t = bio_text(b);
	BIO_free(b);
	X509_REQ_free(q);
	return t;
}

int
init_key_new(const char *cn, char **key, char **csr, struct errmsg *e)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");

	*key = k == NULL ? NULL : key_text(k);
	*csr = k == NULL ? NULL : csr_text(k, cn);
	EVP_PKEY_free(k);
	if (*key != NULL && *csr != NULL)
		return 0;
	free(*key);
	free(*csr);
	return err_set(e, "a key could not be made");
}

int
init_key_csr(const char *cn, const char *key, char **csr, struct errmsg *e)
{
	BIO *b = BIO_new_mem_buf(key, -1);
	EVP_PKEY *k = b == NULL ? NULL : PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);

	BIO_free(b);
	*csr = k == NULL ? NULL : csr_text(k, cn);
	EVP_PKEY_free(k);
	return *csr != NULL ? 0 : err_set(e, "the server's key cannot be read");
}

static void __attribute__((noreturn))
child(const char *const *argv, const struct user *u, int in, int out)
{
	static char *const env[] = {NULL};

	if (u != NULL)
		privdrop(u->uid, u->gid, 0);
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 || chdir("/") == -1)
		_exit(126);
	fd_closefrom(STDERR_FILENO + 1);
	execve(argv[0], (char *const *)(uintptr_t)argv, env);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* All of FD up to OUTPUT_MAX; NULL when it is more. */
static char *
read_all(int fd)
{
	char *buf = malloc(OUTPUT_MAX + 1);
	ssize_t n = buf == NULL ? -1 : fd_readn(fd, buf, OUTPUT_MAX + 1);

	if (n == -1 || n > OUTPUT_MAX) {
		free(buf);
		return NULL;
	}
	buf[n] = '\0';
	return buf;
}

char *
init_run(const char *const *argv, const struct user *u, const char *input, struct errmsg *e)
{
	int in[2], out[2], status;
	char *text;
	pid_t pid;

	/* a pipe holds what is written here (a request) without a reader */
	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		(void)err_errno(e, "%s", argv[0]);
		return NULL;
	}
	if (pid == 0)
		child(argv, u, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (input[0] != '\0' && fd_writen(in[1], input, strlen(input)) == -1)
		(void)err_errno(e, "%s", argv[0]);
	close(in[1]);
	text = read_all(out[0]);
	close(out[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (text != NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return text;
	free(text);
	(void)err_set(e, "%s %s failed", argv[0], argv[1]);
	return NULL;
}
