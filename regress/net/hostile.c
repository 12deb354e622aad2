/*
 * hostile: a server that does what its arguments say, byte for byte, after (or without) a real TLS
 * handshake by libssl. For tests of HTTPS clients; a process of its own, so that the client may use
 * another TLS library.
 *
 *   hostile [-c CERT] [-C CA] [-O] [-v 1.1|1.2|1.3] [-b BYTES] (-l ADDR:PORT | -f FD) [-n N]
 *STEP... -c	CERT.pem (chain) and CERT.key, as mkcerts writes them -C	asks for a client
 *certificate of this CA, and insists; -O asks and takes none too -v	that TLS version only -b
 *socket buffers of BYTES, so that "end" below says what the client took -l	listens (port 0:
 *any); the first line of output is "port N". Each connection is served by a child, -n ends after N
 *connections -f	one connection, on the connected socket FD
 *
 * Steps, in order:
 *	recv		reads a request: head and Content-Length bytes. Says "request LINE BYTES"
 *	recv:N		reads N bytes
 *	tls		handshake. Says "tls VERSION CLIENTCN|-", or "tls failed WHY" and ends
 *	send:TEXT	in one write. TEXT has \r \n \t \0 \\ \xHH
 *	bytes:TEXT	a write for each byte
 *	drip:MS:TEXT	the same, MS milliseconds apart
 *	repeat:N:TEXT	N times
 *	forever:TEXT	until the client is gone
 *	file:PATH	that file's bytes
 *	silent		reads nothing and sends nothing until the client closes
 *	drain		reads until the client closes
 *	expect:TEXT	the last request's head has TEXT. Says "missing TEXT" when not
 *	notify		close_notify
 *	reset		closes by RST
 *	again		goes on after "tls" (keep-alive), until the client closes
 * Last it says "end IN OUT": bytes of the application (or of TCP before tls) read and written; the
 * connection is closed without close_notify unless "notify" said so.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct conn {
	int fd;
	SSL *ssl;
	unsigned long long in, out;
	char head[32768];
	size_t headlen;
};

static SSL_CTX *ctx;
static const char *cert, *client_ca, *version;
static int optional, bufsize;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

/* ---- bytes ---- */

static ssize_t
get(struct conn *c, void *p, size_t len)
{
	ssize_t n = c->ssl != NULL ? SSL_read(c->ssl, p, (int)len) : read(c->fd, p, len);

	if (n > 0)
		c->in += (unsigned long long)n;
	return n;
}

/* All of it; 0, or -1 when the client is gone. */
static int
put(struct conn *c, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = c->ssl != NULL ? SSL_write(c->ssl, p, (int)len) : write(c->fd, p, len);

		if (n <= 0)
			return -1;
		c->out += (unsigned long long)n;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
hex(char c)
{
	const char *d = "0123456789abcdef", *p = c != '\0' ? strchr(d, c | 0x20) : NULL;

	return p != NULL ? (int)(p - d) : 0;
}

/* TEXT with its escapes taken out: malloc'ed. */
static char *
unescape(const char *s, size_t *len)
{
	char *t = malloc(strlen(s) + 1);
	size_t n = 0;

	if (t == NULL)
		die("memory");
	for (; *s != '\0'; s++) {
		if (*s != '\\' || s[1] == '\0') {
			t[n++] = *s;
			continue;
		}
		switch (*++s) {
		case 'r':
			t[n++] = '\r';
			break;
		case 'n':
			t[n++] = '\n';
			break;
		case 't':
			t[n++] = '\t';
			break;
		case '0':
			t[n++] = '\0';
			break;
		case 'x':
			t[n++] = s[1] == '\0' ? 'x' : (char)(hex(s[1]) << 4 | hex(s[2]));
			s += s[1] == '\0' ? 0 : s[2] == '\0' ? 1 : 2;
			break;
		default:
			t[n++] = *s;
		}
	}
	*len = n;
	return t;
}

static void
msleep(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		;
}

/* ---- steps ---- */

static int
do_tls(struct conn *c)
{
	char cn[128] = "-";
	X509 *peer;

	if ((c->ssl = SSL_new(ctx)) == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		die("SSL_new");
	c->in = c->out = 0;
	if (SSL_accept(c->ssl) != 1) {
		const char *why = ERR_reason_error_string(ERR_peek_error());

		say("tls failed %s", why != NULL ? why : "closed");
		return -1;
	}
	if ((peer = SSL_get1_peer_certificate(c->ssl)) != NULL) {
		X509_NAME_get_text_by_NID(
		    X509_get_subject_name(peer), NID_commonName, cn, sizeof(cn));
		X509_free(peer);
	}
	say("tls %s %s", SSL_get_version(c->ssl), cn);
	return 0;
}

/* Content-Length of the request in head; 0 when there is none. */
static unsigned long long
body_length(const char *head)
{
	const char *p = strcasestr(head, "\r\ncontent-length:");

	return p != NULL ? strtoull(p + 17, NULL, 10) : 0;
}

static int
recv_body(struct conn *c, unsigned long long left)
{
	char buf[16384];

	while (left > 0) {
		ssize_t n = get(c, buf, left < sizeof(buf) ? (size_t)left : sizeof(buf));

		if (n <= 0)
			return -1;
		left -= (unsigned long long)n;
	}
	return 0;
}

static int
do_recv(struct conn *c)
{
	unsigned long long body;

	c->headlen = 0;
	do {
		if (c->headlen + 1 >= sizeof(c->head) || get(c, c->head + c->headlen, 1) <= 0)
			return -1;
		c->head[++c->headlen] = '\0';
	} while (c->headlen < 4 || strcmp(c->head + c->headlen - 4, "\r\n\r\n") != 0);
	body = body_length(c->head);
	if (recv_body(c, body) == -1)
		return -1;
	say("request %.*s %llu", (int)strcspn(c->head, "\r"), c->head, body);
	return 0;
}

static int
do_silent(struct conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLRDHUP};

	while (poll(&p, 1, -1) == -1 && errno == EINTR)
		;
	return 0;
}

static int
do_drain(struct conn *c)
{
	char buf[16384];

	while (get(c, buf, sizeof(buf)) > 0)
		;
	return 0;
}

static int
do_file(struct conn *c, const char *path)
{
	char buf[16384];
	FILE *f = fopen(path, "r");
	size_t n;
	int rc = 0;

	if (f == NULL)
		die(path);
	while (rc == 0 && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		rc = put(c, buf, n);
	fclose(f);
	return rc;
}

static int
do_text(struct conn *c, const char *how, long number, const char *text)
{
	size_t len;
	char *t = unescape(text, &len);
	int rc = 0;

	if (strcmp(how, "send") == 0) {
		rc = put(c, t, len);
	} else if (strcmp(how, "forever") == 0) {
		while (rc == 0)
			rc = put(c, t, len);
	} else if (strcmp(how, "repeat") == 0) {
		for (long i = 0; i < number && rc == 0; i++)
			rc = put(c, t, len);
	} else {
		for (size_t i = 0; i < len && rc == 0; i++) {
			rc = put(c, t + i, 1);
			if (number > 0)
				msleep(number);
		}
	}
	free(t);
	return rc;
}

static int
do_reset(struct conn *c)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	return -1;
}

/* NAME, or NAME:ARG, or NAME:N:ARG. 0, or -1: the connection is over. */
static int
do_step(struct conn *c, const char *s)
{
	const char *arg = strchr(s, ':');
	char name[16], *rest;
	long n = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, ":"), s);
	arg = arg != NULL ? arg + 1 : "";
	if (strcmp(name, "tls") == 0)
		return do_tls(c);
	if (strcmp(name, "recv") == 0)
		return *arg == '\0' ? do_recv(c) : recv_body(c, strtoull(arg, NULL, 10));
	if (strcmp(name, "silent") == 0)
		return do_silent(c);
	if (strcmp(name, "drain") == 0)
		return do_drain(c);
	if (strcmp(name, "file") == 0)
		return do_file(c, arg);
	if (strcmp(name, "notify") == 0)
		return c->ssl != NULL && SSL_shutdown(c->ssl) >= 0 ? 0 : -1;
	if (strcmp(name, "reset") == 0)
		return do_reset(c);
	if (strcmp(name, "expect") == 0) {
		if (strstr(c->head, arg) == NULL)
			say("missing %s", arg);
		return 0;
	}
	if (strcmp(name, "drip") == 0 || strcmp(name, "repeat") == 0) {
		n = strtol(arg, &rest, 10);
		arg = *rest == ':' ? rest + 1 : rest;
	} else if (strcmp(name, "send") != 0 && strcmp(name, "bytes") != 0 &&
		   strcmp(name, "forever") != 0) {
		fprintf(stderr, "hostile: no step is called %s\n", name);
		exit(2);
	}
	return do_text(c, name, n, arg);
}

static void
serve(int fd, char **steps)
{
	struct conn c = {.fd = fd};
	int loop = 0;

	if (bufsize > 0) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bufsize, sizeof(bufsize));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bufsize, sizeof(bufsize));
	}
	for (int i = 0; steps[i] != NULL; i++) {
		if (strcmp(steps[i], "again") == 0) {
			i = loop;
			continue;
		}
		if (do_step(&c, steps[i]) == -1)
			break;
		if (strcmp(steps[i], "tls") == 0)
			loop = i;
	}
	say("end %llu %llu", c.in, c.out);
	SSL_free(c.ssl);
	close(fd);
}

/* ---- setting up ---- */

static void
set_version(void)
{
	int v = strcmp(version, "1.1") == 0   ? TLS1_1_VERSION
		: strcmp(version, "1.2") == 0 ? TLS1_2_VERSION
					      : TLS1_3_VERSION;

	SSL_CTX_set_min_proto_version(ctx, v);
	SSL_CTX_set_max_proto_version(ctx, v);
}

static void
make_ctx(void)
{
	char path[4096];

	if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL)
		die("SSL_CTX_new");
	/* weak certificates and old versions are what some tests want to offer */
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_mode(ctx, SSL_MODE_AUTO_RETRY);
	if (version != NULL)
		set_version();
	if (cert == NULL)
		return;
	snprintf(path, sizeof(path), "%s.pem", cert);
	if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1)
		die(path);
	snprintf(path, sizeof(path), "%s.key", cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1)
		die(path);
	if (client_ca == NULL)
		return;
	if (SSL_CTX_load_verify_locations(ctx, client_ca, NULL) != 1)
		die(client_ca);
	SSL_CTX_set_verify(
	    ctx, SSL_VERIFY_PEER | (optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
}

static int
listen_at(const char *where)
{
	struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV}, *ai;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[128], *port;
	int fd, on = 1;

	hints.ai_socktype = SOCK_STREAM;
	snprintf(host, sizeof(host), "%s", where);
	if ((port = strrchr(host, ':')) == NULL)
		die(where);
	*port++ = '\0';
	if (getaddrinfo(host, port, &hints, &ai) != 0)
		die(where);
	if ((fd = socket(ai->ai_family, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 || listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		die(where);
	freeaddrinfo(ai);
	/* sin_port and sin6_port lie at one place */
	say("port %u", ntohs(((struct sockaddr_in *)&ss)->sin_port));
	return fd;
}

static void
serve_many(int lfd, int count, char **steps)
{
	for (int i = 0; count == 0 || i < count; i++) {
		int fd = accept(lfd, NULL, NULL), on = 1;

		if (fd == -1)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		switch (fork()) {
		case -1:
			die("fork");
		case 0:
			close(lfd);
			serve(fd, steps);
			exit(0);
		default:
			close(fd);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
}

int
main(int argc, char *argv[])
{
	const char *where = NULL;
	int o, fd = -1, count = 0;

	while ((o = getopt(argc, argv, "+C:Ob:c:f:l:n:v:")) != -1) {
		switch (o) {
		case 'C':
			client_ca = optarg;
			break;
		case 'O':
			optional = 1;
			break;
		case 'b':
			bufsize = atoi(optarg);
			break;
		case 'c':
			cert = optarg;
			break;
		case 'f':
			fd = atoi(optarg);
			break;
		case 'l':
			where = optarg;
			break;
		case 'n':
			count = atoi(optarg);
			break;
		case 'v':
			version = optarg;
			break;
		default:
			return 2;
		}
	}
	if ((where == NULL) == (fd == -1)) {
		fprintf(stderr, "hostile: -l ADDR:PORT or -f FD, and STEP...: see its source\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	make_ctx();
	if (fd != -1)
		serve(fd, argv + optind);
	else
		serve_many(listen_at(where), count, argv + optind);
	SSL_CTX_free(ctx);
	return 0;
}
