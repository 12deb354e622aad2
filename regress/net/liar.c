/*
 * liar: a control plane that lies to operators, for tests of reeve(1).
 *
 *	liar DIR LIE [HOSTS]
 *
 * DIR has ca.pem, server.pem and server.key (mkcerts). liar makes keys for HOSTS hosts (1), called
 * web1 and on, writes DIR/roster, DIR/token and DIR/reeve.conf, and says "port N". It then answers
 * /v1/ as reeve-ctld would, and plays the hosts too: each finishes what it is told at once, with
 * the output "hello from NAME" and exit 0. LIE names what is not true, "none" for nothing:
 *
 * - of hosts: whoami-fleet host-id host-key run-id run-missing job-id ticket-id
 * - of results: record-key record-edited record-job record-ticket record-host record-none
 *record-sig
 * - of output: output-bytes output-crc output-short output-extra output-none output-endless
 * - of what it is: html no-field garbage error-CODE
 *
 * These are no lies but trouble: exit-3 signal refused silent break (the stream, once) big (1 MiB).
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <tls.h>
#include <unistd.h>

#include "proto/api.h"
#include "proto/jsonin.h"
#include "proto/jsonout.h"
#include "proto/result.h"
#include "proto/ticket.h"

#include "regress/net/liarhost.h"

#define DOC (8 * 1024 * 1024)

static struct tls *peer;

/* ---- HTTP ---- */

static void
put(const void *buf, size_t len)
{
	const char *p = buf;
	ssize_t n;

	while (len > 0) {
		n = tls_write(peer, p, len);
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
			continue;
		if (n <= 0)
			_exit(0);
		p += n;
		len -= (size_t)n;
	}
}

static void
head(int status, const char *type, const char *length)
{
	char buf[400];
	int n = snprintf(buf, sizeof(buf), "HTTP/1.1 %d X\r\n%sContent-Type: %s\r\n%s\r\n\r\n",
	    status, is("no-field") || is("html") ? "" : "Reeve: 1\r\n", type, length);

	put(buf, (size_t)n);
}

static void
answer(int status, const char *body)
{
	char length[64];

	snprintf(length, sizeof(length), "Content-Length: %zu", strlen(body));
	head(status, is("html") ? "text/html" : "application/json", length);
	put(body, strlen(body));
}

static void
refuse(enum api_errcode code)
{
	char *text = api_error_put(code, "as the test\x1b[31m wants it");

	answer(api_err_status(code), text);
	free(text);
}

static void
piece(const void *buf, size_t len)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%zx\r\n", len);

	put(line, (size_t)n);
	put(buf, len);
	put("\r\n", 2);
}

struct request {
	char line[2048], body[65536 * 32];
	size_t len;
};

/* One request; 0 at the connection's end. */
static int
get_request(struct request *r)
{
	static char buf[sizeof(r->body) + 8192];
	char *end = NULL, *cl;
	size_t have = 0, want = 0;
	ssize_t n;

	while (end == NULL || have < want) {
		n = tls_read(peer, buf + have, sizeof(buf) - 1 - have);
		if (n == TLS_WANT_POLLIN || n == TLS_WANT_POLLOUT)
			continue;
		if (n <= 0)
			return 0;
		have += (size_t)n;
		buf[have] = '\0';
		if (end == NULL && (end = strstr(buf, "\r\n\r\n")) != NULL) {
			cl = strcasestr(buf, "\r\ncontent-length: ");
			r->len = cl != NULL && cl < end ? strtoul(cl + 18, NULL, 10) : 0;
			want = (size_t)(end + 4 - buf) + r->len;
			if (strcasestr(buf, "\r\nauthorization: Bearer " TOKEN) == NULL)
				lie = "error-unauthorized";
		}
	}
	snprintf(r->line, sizeof(r->line), "%.*s", (int)strcspn(buf, "\r"), buf);
	memcpy(r->body, end + 4, r->len);
	r->body[r->len] = '\0';
	return 1;
}

/* ---- documents ---- */

static void
put_host(struct jsonout *j, const struct host *h)
{
	const struct host *keys = is("host-key") ? &host[nhosts] : h;

	jo_obj(j, "host");
	jo_str(j, "name", h->name);
	jo_str(j, "id", is("host-id") ? FLEET : h->id);
	jo_str(j, "state", is("silent") ? "silent" : "online");
	jo_arr(j, "allow");
	jo_end(j);
	jo_bool(j, "bearer", 0);
	jo_str(j, "version", "1.2\x1b[31m");
	jo_u64(j, "last_contact", 1795226400);
	jo_str(j, "seen_address", "192.0.2.1");
	jo_u64(j, "cert_expiry", 1826762400);
	jo_str(j, "result_key", keys->result);
	jo_str(j, "seal_key", h->seal);
	jo_bool(j, "clone", 0);
	jo_u64(j, "created", 1795226400);
	jo_null(j, "beat");
	jo_end(j);
}

static const char *
state(void)
{
	return is("silent") ? "queued" : is("refused") ? "refused" : "finished";
}

static void
put_run(struct jsonout *j, const struct ticket *t, size_t i, const char *text, size_t len)
{
	const struct host *h = &host[0];
	char record[RESULT_MAX + 1], b64[120];
	struct spool s;
	size_t k;

	for (k = 0; k < nhosts; k++)
		if (strcmp(host[k].name, t->host[i].name) == 0)
			h = &host[k];
	make_spool(&s, h, 0);
	make_record(h, t, text, len, record, b64);
	jo_obj(j, NULL);
	jo_str(j, "host", t->host[i].name);
	jo_str(j, "host_id", is("run-id") ? FLEET : t->host[i].id);
	jo_str(j, "state", state());
	jo_str(j, "reason", is("refused") ? "policy\x1b[31m says no" : "");
	jo_u64(j, "output", is("silent") || is("refused") || is("output-none") ? 0 : s.len);
	jo_u64(j, "leased_at", 1795226400);
	jo_u64(j, "started_at", 1795226401);
	jo_u64(j, "finished_at", 1795226402);
	if (strcmp(state(), "finished") != 0 || is("record-none")) {
		jo_null(j, "end");
		jo_null(j, "record");
		jo_null(j, "signature");
	} else {
		jo_str(j, "end", "ok");
		jo_str(j, "record", record);
		jo_str(j, "signature", b64);
	}
	jo_end(j);
	free(s.p);
}

static void
put_job(struct jsonout *j, size_t n)
{
	static struct ticket t;
	struct errmsg e;
	size_t i, skip = is("run-missing");

	if (ticket_parse(&t, sh->ticket[n], sh->len[n], &e) == -1)
		errx(1, "%s", e.text);
	jo_obj(j, NULL);
	jo_str(j, "id", is("job-id") ? FLEET : t.id);
	jo_str(j, "kind", t.kind->name);
	jo_str(j, "requester", t.requester);
	jo_u64(j, "submitted", t.issued);
	jo_str(j, "submitted_by", "tester");
	jo_u64(j, "notafter", t.notafter);
	jo_arr(j, "runs");
	for (i = skip; i < t.nhosts; i++)
		put_run(j, &t, i, sh->ticket[n], sh->len[n]);
	jo_end(j);
	jo_str(j, "ticket", is("ticket-id") ? sh->ticket[(n + 1) % sh->n] : sh->ticket[n]);
	jo_arr(j, "signatures");
	jo_end(j);
	jo_end(j);
}

/* ---- routes ---- */

static int
find_job(const char *path)
{
	char line[80];
	size_t i;

	for (i = 0; i < sh->n; i++) {
		snprintf(line, sizeof(line), "%.32s", strstr(sh->ticket[i], "\nid ") + 4);
		if (strstr(path, line) != NULL)
			return (int)i;
	}
	return -1;
}

static void
on_submit(const struct request *r)
{
	struct jsonout j;
	struct json *in;
	struct errmsg e;

	if ((in = json_parse(r->body, r->len, &e)) == NULL)
		errx(1, "%s", e.text);
	if (sh->n == JOBS ||
	    json_str(in, json_get(in, 0, "ticket"), sh->ticket[sh->n], TICKET_MAX + 1) == -1)
		errx(1, "no ticket");
	sh->len[sh->n] = strlen(sh->ticket[sh->n]);
	printf("ticket with %zu signatures\n", json_len(in, json_get(in, 0, "signatures")));
	fflush(stdout);
	json_free(in);
	jo_init(&j, DOC);
	put_job(&j, sh->n++);
	answer(201, jo_text(&j));
	jo_free(&j);
}

static void
on_output(const char *line)
{
	const char *at = strstr(line, "offset="), *id = strstr(line, "/output/") + 8;
	size_t offset = strtoul(at + 7, NULL, 10), k, end;
	struct spool s;

	for (k = 0; k < nhosts && strncmp(host[k].id, id, 32) != 0; k++)
		;
	make_spool(&s, &host[k], is("output-bytes"));
	if (is("output-extra"))
		add_frame(&s, FR_STDOUT, "more\n", 5);
	if (is("output-crc"))
		s.p[FRAME_HEADLEN + FRAME_FIXED] ^= 1;
	end = is("output-short") ? s.sealed - 1 : s.len;
	printf("stream from %zu\n", offset);
	fflush(stdout);
	head(200, "application/octet-stream", "Transfer-Encoding: chunked");
	if (is("silent")) {
		sleep(1000);
		_exit(0);
	}
	if (is("break") && sh->streams++ == 0) {
		piece(s.p, FRAME_HEADLEN + 7);
		_exit(0);
	}
	for (k = 0; is("output-endless"); k = FRAME_HEADLEN)
		piece(s.p + k, s.sealed - k);
	if (offset < end)
		piece(s.p + offset, end - offset);
	put("0\r\n\r\n", 5);
	free(s.p);
}

static void
on_host(const char *line)
{
	struct jsonout j;
	size_t k;
	char name[200];

	for (k = 0; k < nhosts; k++) {
		snprintf(name, sizeof(name), "/v1/hosts/%.64s ", host[k].name);
		if (strstr(line, name) != NULL)
			break;
	}
	if (k == nhosts) {
		refuse(API_ERR_NOT_FOUND);
		return;
	}
	jo_init(&j, DOC);
	jo_obj(&j, NULL);
	put_host(&j, &host[k]);
	jo_end(&j);
	answer(200, jo_text(&j));
	jo_free(&j);
}

static void
on_whoami(void)
{
	struct jsonout j;

	jo_init(&j, DOC);
	jo_obj(&j, NULL);
	jo_str(&j, "name", "tester");
	jo_str(&j, "role", "admin\x1b[31m");
	jo_str(&j, "fleet", is("whoami-fleet") ? TOKEN + 16 : FLEET);
	jo_str(&j, "version", "1.2");
	jo_u64(&j, "server_time", (uint64_t)time(NULL));
	jo_str(&j, "online_key", host[0].result);
	jo_str(&j, "ca_sha256", "00");
	jo_end(&j);
	answer(200, jo_text(&j));
	jo_free(&j);
}

static void
on_job(const char *line)
{
	struct jsonout j;
	int n = find_job(line);

	if (n == -1) {
		refuse(API_ERR_NOT_FOUND);
		return;
	}
	if (is("silent") && strstr(line, "/wait?") != NULL)
		sleep(1000);
	jo_init(&j, DOC);
	put_job(&j, (size_t)n);
	answer(200, jo_text(&j));
	jo_free(&j);
}

static void
route(const struct request *r)
{
	const char *l = r->line;

	printf("request %s\n", l);
	fflush(stdout);
	if (strncmp(lie, "error-", 6) == 0)
		refuse(api_err_byname(lie + 6));
	else if (is("html"))
		answer(200, "<html><body>It works!</body></html>");
	else if (is("garbage"))
		answer(200, "{\"id\":1,\"id\":2}");
	else if (strncmp(l, "GET /v1/whoami ", 15) == 0)
		on_whoami();
	else if (strncmp(l, "GET /v1/hosts/", 14) == 0)
		on_host(l);
	else if (strncmp(l, "POST /v1/jobs", 13) == 0 && strstr(l, "/cancel") == NULL)
		on_submit(r);
	else if (strncmp(l, "POST /v1/jobs", 13) == 0)
		answer(200, "{\"cancelled\":[],\"asked\":[],\"refused\":[]}");
	else if (strncmp(l, "POST /v1/blobs", 14) == 0)
		answer(201, "{}");
	else if (strstr(l, "/output/") != NULL)
		on_output(l);
	else if (strncmp(l, "GET /v1/jobs/", 13) == 0)
		on_job(l);
	else
		refuse(API_ERR_NOT_FOUND);
}

/* ---- the server ---- */

static int
listen_on(unsigned int *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 || listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "listen");
	*port = ntohs(sin.sin_port);
	return fd;
}

static struct tls *
server(void)
{
	struct tls_config *c = tls_config_new();
	char cert[4096], key[4096];
	struct tls *t = tls_server();

	snprintf(cert, sizeof(cert), "%s/server.pem", dir);
	snprintf(key, sizeof(key), "%s/server.key", dir);
	if (c == NULL || t == NULL || tls_config_set_keypair_file(c, cert, key) == -1)
		errx(1, "%s: %s", cert, c == NULL ? "tls" : tls_config_error(c));
	if (tls_configure(t, c) == -1)
		errx(1, "%s", tls_error(t));
	return t;
}

static void __attribute__((noreturn)) serve(struct tls *t, int fd)
{
	static struct request r;

	if (tls_accept_socket(t, &peer, fd) == -1)
		_exit(1);
	printf("connection\n");
	while (get_request(&r))
		route(&r);
	_exit(0);
}

int
main(int argc, char **argv)
{
	unsigned int port;
	struct tls *t;
	int fd, one;
	size_t i;

	if (argc < 3 || argc > 4)
		errx(2, "usage: liar DIR LIE [HOSTS]");
	dir = argv[1];
	lie = argv[2];
	if (argc == 4 && ((nhosts = strtoul(argv[3], NULL, 10)) == 0 || nhosts >= HOSTS))
		errx(2, "HOSTS: 1 to %d", HOSTS - 1);
	if (sodium_init() == -1)
		errx(1, "libsodium");
	for (i = 0; i <= nhosts; i++) /* one more, for a key that is nobody's */
		make_host(&host[i], i);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		err(1, "mmap");
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	fd = listen_on(&port);
	write_files(port);
	t = server();
	printf("port %u\n", port);
	fflush(stdout);
	while ((one = accept(fd, NULL, NULL)) != -1) {
		switch (fork()) {
		case 0: /* none outlives the test, which kills the first one */
			if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
				err(1, "prctl");
			close(fd);
			serve(t, one);
		case -1:
			err(1, "fork");
		default:
			close(one);
		}
	}
	return 1;
}
