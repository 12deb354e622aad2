/*
 * ctld_client - makes what an agent sends to ctld, for the system tests; curl carries it.
 *
 *	ctld_client routes			every route: METHOD PATH ACCESS, a line each
 *	ctld_client enroll TOKEN HOSTNAME CSR	the body of an enrolment
 *	ctld_client beat HOSTNAME BOOT-ID AUDIT-SEQ CHAIN
 *	ctld_client nodelay PID			of each connected TCP socket of PID: TCP_NODELAY
 *	ctld_client idle CERT KEY N		N connections by mutual TLS that were answered once;
 *						"ready", then they are held until standard input
 *ends
 */
#include <sys/pidfd.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <sodium.h>

#include "ctld/route.h"
#include "lib/strutil.h"
#include "proto/api.h"
#include "proto/token.h"

static int
routes(void)
{
	static const char *const access[] = {
	    "none", "enroll", "agent", "work", "viewer", "operator", "approver", "admin"};
	const struct route *r;

	for (size_t i = 0; (r = route_nth(i)) != NULL; i++)
		printf("%s %s %s\n", route_method(r->method), r->path, access[r->access]);
	return 0;
}

static int
print(char *doc)
{
	if (doc == NULL) {
		fprintf(stderr, "ctld_client: no document\n");
		return 1;
	}
	fputs(doc, stdout);
	free(doc);
	return 0;
}

static int
enroll(const char *text, const char *name, const char *file)
{
	static struct api_enroll m;
	uint8_t h[32], seal[32], key[42] = {'E', 'd'};
	struct token t;
	struct errmsg e;
	FILE *f;

	if (token_parse(&t, text, &e) == -1) {
		fprintf(stderr, "ctld_client: %s\n", e.text);
		return 1;
	}
	if ((f = fopen(file, "r")) == NULL || fread(m.csr, 1, sizeof(m.csr) - 1, f) == 0) {
		perror(file);
		return 1;
	}
	fclose(f);
	token_hash(t.secret, h);
	token_id(h, m.token);
	token_mac(h, m.csr, strlen(m.csr), m.mac);
	snprintf(m.hostname, sizeof(m.hostname), "%s", name);
	snprintf(m.version, sizeof(m.version), "0.1.0");
	randombytes_buf(key + 2, sizeof(key) - 2);
	randombytes_buf(seal, sizeof(seal));
	(void)str_b64enc(m.result_key, sizeof(m.result_key), key, sizeof(key));
	(void)str_b64enc(m.seal_key, sizeof(m.seal_key), seal, sizeof(seal));
	return print(api_enroll_put(&m));
}

static int
beat(char **v)
{
	static struct api_heartbeat m;

	snprintf(m.hostname, sizeof(m.hostname), "%s", v[0]);
	snprintf(m.version, sizeof(m.version), "0.1.0");
	snprintf(m.boot_id, sizeof(m.boot_id), "%s", v[1]);
	m.seq = 1;
	if (str_u64(v[2], 0, UINT32_MAX, &m.audit_seq) == -1)
		return 2;
	snprintf(m.audit_chain, sizeof(m.audit_chain), "%s", v[3]);
	return print(api_heartbeat_put(&m));
}

/* Through descriptors of ctld's own, as only root may have them. */
static int
nodelay(const char *text)
{
	struct sockaddr_storage ss;
	uint64_t pid;
	int pidfd, fd, on, n = 0;
	socklen_t len;

	if (str_u64(text, 1, INT32_MAX, &pid) == -1 || (pidfd = pidfd_open((pid_t)pid, 0)) == -1)
		return 1;
	for (int i = 0; i < 256; i++) {
		if ((fd = pidfd_getfd(pidfd, i, 0)) == -1)
			continue;
		len = sizeof(ss);
		if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0 &&
		    (ss.ss_family == AF_INET || ss.ss_family == AF_INET6)) {
			len = sizeof(on);
			if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0)
				printf("%d\n", on);
			n++;
		}
		close(fd);
	}
	close(pidfd);
	return n == 0;
}

/* One connection from 127.0.0.FROM that was served once, and is kept: nothing of it is freed. */
static int
idle_one(SSL_CTX *tls, int from)
{
	static const char req[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_in a = {.sin_family = AF_INET}, b = a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SSL *ssl = SSL_new(tls);
	char buf[1024];
	int on = 1;

	a.sin_addr.s_addr = htonl(0x7f000000U + (uint32_t)from);
	b.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b.sin_port = htons(API_PORT);
	if (fd == -1 || ssl == NULL ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    connect(fd, (struct sockaddr *)&b, sizeof(b)) == -1 || SSL_set_fd(ssl, fd) != 1)
		return -1;
	if (SSL_connect(ssl) != 1 || SSL_write(ssl, req, sizeof(req) - 1) <= 0 ||
	    SSL_read(ssl, buf, sizeof(buf)) <= 0)
		return -1;
	return 0;
}

static int
idle(char **v)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
	uint64_t n;
	char c;

	if (tls == NULL || SSL_CTX_use_certificate_file(tls, v[0], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, v[1], SSL_FILETYPE_PEM) != 1 ||
	    str_u64(v[2], 1, 20000, &n) == -1)
		return 2;
	for (uint64_t i = 0; i < n; i++)
		if (idle_one(tls, 1 + (int)(i % 32)) == -1) {
			fprintf(
			    stderr, "ctld_client: connection %llu failed\n", (unsigned long long)i);
			return 1;
		}
	printf("ready\n");
	fflush(stdout);
	return read(STDIN_FILENO, &c, 1) == -1;
}

int
main(int argc, char **argv)
{
	if (sodium_init() == -1)
		return 1;
	if (argc == 2 && strcmp(argv[1], "routes") == 0)
		return routes();
	if (argc == 5 && strcmp(argv[1], "enroll") == 0)
		return enroll(argv[2], argv[3], argv[4]);
	if (argc == 6 && strcmp(argv[1], "beat") == 0)
		return beat(argv + 2);
	if (argc == 3 && strcmp(argv[1], "nodelay") == 0)
		return nodelay(argv[2]);
	if (argc == 5 && strcmp(argv[1], "idle") == 0)
		return idle(argv + 2);
	fprintf(stderr, "usage: ctld_client routes | enroll TOKEN HOSTNAME CSR | "
			"beat HOSTNAME BOOT-ID AUDIT-SEQ CHAIN | nodelay PID | idle CERT KEY N\n");
	return 2;
}
