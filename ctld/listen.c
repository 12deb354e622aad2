/* Listening sockets and their TLS: certificates, keys, what is offered. */

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "ctld/conn.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"

#define BACKLOG	      512
#define SD_LISTEN_FD0 3
#define SOON	      (30 * 86400) /* a certificate that ends so soon is spoken of */

static int
tls_error(struct errmsg *e, const char *file)
{
	unsigned long code = ERR_peek_error();
	const char *why = ERR_reason_error_string(code);

	if (ERR_GET_LIB(code) == ERR_LIB_SYS)
		why = strerror(ERR_GET_REASON(code));
	ERR_clear_error();
	return err_set(e, "%s: %s", file, why != NULL ? why : "not what it should be");
}

static void
look_at_end(const SSL_CTX *tls, const char *file)
{
	const X509 *cert = SSL_CTX_get0_certificate(tls);
	time_t soon = time(NULL) + SOON;

	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		log_warnx("%s: this certificate has expired: nobody will trust it", file);
	else if (X509_cmp_time(X509_get0_notAfter(cert), &soon) < 0)
		log_warnx("%s: this certificate ends within 30 days: renew it", file);
}

static SSL_CTX *
tls_new(const struct conf_listen *cl, struct errmsg *e)
{
	SSL_CTX *tls;

	ERR_clear_error();
	if ((tls = SSL_CTX_new(TLS_server_method())) == NULL ||
	    !SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION)) {
		(void)tls_error(e, "TLS");
		SSL_CTX_free(tls);
		return NULL;
	}
	SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* no resumption: each connection shows its certificate, and an end of trust ends at once */
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	if (SSL_CTX_use_certificate_chain_file(tls, cl->cert) != 1)
		(void)tls_error(e, cl->cert);
	else if (SSL_CTX_use_PrivateKey_file(tls, cl->key, SSL_FILETYPE_PEM) != 1 ||
		 SSL_CTX_check_private_key(tls) != 1)
		(void)tls_error(e, cl->key);
	else
		return tls;
	SSL_CTX_free(tls);
	return NULL;
}

static int
tls_trust(SSL_CTX *tls, const char *ca, struct errmsg *e)
{
	BIO *bio = BIO_new_mem_buf(ca, -1);
	X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	int ok;

	BIO_free(bio);
	ok = cert != NULL && X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), cert) == 1 &&
	     SSL_CTX_add_client_CA(tls, cert) == 1;
	X509_free(cert);
	if (!ok)
		return tls_error(e, "the site's CA certificate");
	/* asked for, not demanded: operators and bearer hosts have none */
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, conn_verify);
	SSL_CTX_set_verify_depth(tls, 1);
	return 0;
}

/*
 * Accepted sockets have all this from their listener (tcp(7)): evhttp never sets TCP_NODELAY, and
 * an answer in two pieces then waits 40 ms for an ACK; a host that lost its power is noticed.
 */
static int
set_options(int fd)
{
	static const struct {
		int level, name, value;
	} opt[] = {
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, 60},
	    {IPPROTO_TCP, TCP_KEEPINTVL, 15},
	    {IPPROTO_TCP, TCP_KEEPCNT, 4},
	};

	for (size_t i = 0; i < sizeof(opt) / sizeof(opt[0]); i++)
		if (setsockopt(fd, opt[i].level, opt[i].name, &opt[i].value, sizeof(int)) == -1)
			return -1;
	return 0;
}

static int
bind_to(const struct conf_listen *cl, struct errmsg *e)
{
	struct sockaddr_in6 s6 = {.sin6_family = AF_INET6, .sin6_port = htons(cl->port)};
	struct sockaddr_in s4 = {.sin_family = AF_INET, .sin_port = htons(cl->port)};
	int any = strcmp(cl->address, "*") == 0, on = 1, v6only = !any, fd, is6;
	struct netaddr a = {0};

	if (!any && netaddr_parse(&a, cl->address) == -1)
		return err_set(e, "%s: not an address", cl->address);
	is6 = any || a.len == 16;
	if (a.len == 16)
		memcpy(&s6.sin6_addr, a.b, 16);
	else if (a.len == 4)
		memcpy(&s4.sin_addr, a.b, 4);
	fd = socket(is6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 && any && errno == EAFNOSUPPORT) {
		is6 = 0;
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd == -1)
		return err_errno(e, "listen %s", cl->address);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (is6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) == -1) ||
	    bind(fd, is6 ? (struct sockaddr *)&s6 : (struct sockaddr *)&s4,
		is6 ? sizeof(s6) : sizeof(s4)) == -1 ||
	    set_options(fd) == -1 || listen(fd, BACKLOG) == -1) {
		(void)err_errno(e, "listen %s, port %u", cl->address, cl->port);
		close(fd);
		return -1;
	}
	return fd;
}

/* sd_listen_fds(3): how many sockets this very process was given. */
static size_t
activated(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t p, n = 0;

	if (pid == NULL || fds == NULL || str_u64(pid, 1, INT32_MAX, &p) == -1 ||
	    (pid_t)p != getpid() || str_u64(fds, 0, CONF_LISTENS, &n) == -1)
		n = 0;
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return (size_t)n;
}

static int
take_socket(int fd, struct errmsg *e)
{
	socklen_t len = sizeof(int);
	int listening = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == -1 || !listening)
		return err_set(e, "descriptor %d of the service manager does not listen", fd);
	if (fd_cloexec(fd, 1) == -1 || fd_nonblock(fd, 1) == -1 || set_options(fd) == -1)
		return err_errno(e, "descriptor %d", fd);
	return fd;
}

int
listeners_open(struct listeners *ls, const struct conf *conf, struct errmsg *e)
{
	size_t given = activated();

	memset(ls, 0, sizeof(*ls));
	if (given != 0 && given != conf->nlistens)
		return err_set(e,
		    "the service manager gave %zu sockets and there are %zu listen lines", given,
		    conf->nlistens);
	for (size_t i = 0; i < conf->nlistens; i++) {
		struct listener *l = &ls->of[i];

		l->fd = given != 0 ? take_socket(SD_LISTEN_FD0 + (int)i, e)
				   : bind_to(&conf->listen[i], e);
		ls->n = i + 1;
		if (l->fd == -1 || (l->tls = tls_new(&conf->listen[i], e)) == NULL) {
			listeners_close(ls);
			return -1;
		}
		look_at_end(l->tls, conf->listen[i].cert);
	}
	return 0;
}

int
listeners_check(const struct conf *conf, struct errmsg *e)
{
	SSL_CTX *tls;

	for (size_t i = 0; i < conf->nlistens; i++) {
		if ((tls = tls_new(&conf->listen[i], e)) == NULL)
			return -1;
		look_at_end(tls, conf->listen[i].cert);
		SSL_CTX_free(tls);
	}
	return 0;
}

int
listeners_trust(struct listeners *ls, const char *ca, struct errmsg *e)
{
	for (size_t i = 0; i < ls->n; i++)
		if (tls_trust(ls->of[i].tls, ca, e) == -1)
			return -1;
	return 0;
}

static int
same_addresses(const struct conf *a, const struct conf *b)
{
	if (a->nlistens != b->nlistens)
		return 0;
	for (size_t i = 0; i < a->nlistens; i++)
		if (a->listen[i].port != b->listen[i].port ||
		    strcmp(a->listen[i].address, b->listen[i].address) != 0)
			return 0;
	return 1;
}

int
listeners_renew(struct listeners *ls, const struct conf *old, const struct conf *conf,
    const char *ca, struct errmsg *e)
{
	SSL_CTX *tls[CONF_LISTENS] = {0};
	int rc = 0;

	if (!same_addresses(old, conf))
		return err_set(e, "the listen addresses changed: restart reeve-ctld for that");
	for (size_t i = 0; rc == 0 && i < ls->n; i++)
		if ((tls[i] = tls_new(&conf->listen[i], e)) == NULL ||
		    tls_trust(tls[i], ca, e) == -1)
			rc = -1;
	for (size_t i = 0; i < ls->n; i++) {
		if (rc == 0) {
			SSL_CTX *was = ls->of[i].tls;

			ls->of[i].tls = tls[i];
			tls[i] = was;
			look_at_end(ls->of[i].tls, conf->listen[i].cert);
		}
		/* connections hold what they were made with */
		SSL_CTX_free(tls[i]);
	}
	return rc;
}

void
listeners_close(struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++) {
		if (ls->of[i].fd != -1)
			close(ls->of[i].fd);
		SSL_CTX_free(ls->of[i].tls);
	}
	ls->n = 0;
}
