/*
 * Attack rogue-ctld, type-sweep, length-sweep. A peer of the right uid, in an attacker's hands, at
 * a live signer: everything that the protocol lets it say and everything that it does not. What it
 * gets out of it is counted: never a certificate with a word of its own choosing beside the host's
 * name and id, never a ticket's signature but for harmless kinds of this fleet, now and for an
 * hour.
 */
#include <sys/wait.h>

#include <signal.h>
#include <time.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "proto/confirm.h"
#include "regress/check.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"
#include "regress/unit/signkit.h"
#include "sign/listen.h"

#include <sys/un.h>

#define ROGUE_HOST "5f0c2c9d8e7f40a1b2c3d4e5f6071829"

static char dir[64], path[96];
static struct sign known; /* the same state, to compare with */
static pid_t pid;
static uint8_t nonce[32] = {3}, next_id;

/* ---- a live signer, and a peer of it ---- */

static void
start(void)
{
	struct user me = {geteuid(), getegid()};
	struct errmsg e;
	struct sign s;
	int sock, stop[2];

	unlink(path);
	if ((sock = sign_listen(path, &me, &me, &e)) == -1 || pipe(stop) == -1)
		exit(1);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 2);
		if (state_load(&s, dir, 1, &e) == -1)
			_exit(3);
		sign_loop(&s, sock, me.uid, stop[0]);
		_exit(0);
	}
	close(sock);
	close(stop[0]);
	close(stop[1]);
}

static void
end(void)
{
	int st;

	CHECKF(waitpid(pid, &st, WNOHANG) == 0, "the signer died");
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
}

static int
dial(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		perror(path);
		exit(1);
	}
	return fd;
}

/* Greeted, and in the phase of asking. */
static struct imsgbuf *
greeted(void)
{
	struct imsgbuf *b = imsgbuf_new(dial(), ROOM_CTLD, ROOM_SIGN);
	struct msg_hello h;
	struct imsg m;

	CHECK(
	    chan_recv(b, &m, 20000) == 1 && m.type == MSG_SIGN_HELLO && msg_hello_get(&m, &h) == 0);
	imsg_free(&m);
	imsgbuf_gate(b)->phase = PH_RUN;
	return b;
}

struct reply {
	uint32_t type; /* 0: it closed */
	char text[SIGN_PEM_MAX + 1];
	struct sig sig;
};

static void
ask(struct imsgbuf *b, uint32_t type, struct ibuf *ib, struct reply *r)
{
	const uint8_t *p;
	struct imsg m;
	uint32_t n;
	size_t len;

	memset(r, 0, sizeof(*r));
	if (ib == NULL || imsg_compose(b, type, ib, NULL, 0) == -1 || chan_flush(b) == -1 ||
	    chan_recv(b, &m, 20000) != 1)
		return;
	r->type = m.type;
	if (m.type == MSG_SIGN_CERT && msg_numblk_get(&m, &n, &p, &len) == 0)
		memcpy(r->text, p, len);
	else if (m.type == MSG_SIGN_NO)
		msg_dialfail_get(&m, &n, r->text);
	else if (m.type == MSG_SIGN_SIG)
		msg_signsig_get(&m, &n, &r->sig);
	imsg_free(&m);
}

/* ---- requests for certificates ---- */

static struct msg_csr
request(const char *csr)
{
	struct msg_csr m = {.number = 7, .host_name = "web1.example.net"};

	m.enrolment[0] = ++next_id;
	str_unhex(m.host_id, 16, ROGUE_HOST);
	m.csr = (const uint8_t *)csr;
	m.len = strlen(csr);
	return m;
}

static void
refused(struct imsgbuf *b, const struct msg_csr *m, const char *words)
{
	struct reply r;

	ask(b, MSG_SIGN_CSR, msg_csr_put(m), &r);
	CHECKF(r.type == MSG_SIGN_NO && strstr(r.text, words) != NULL, "%s: %u \"%s\"", words,
	    r.type, r.text);
}

static void
ext_is(X509 *x, int nid, const char *want)
{
	int at = X509_get_ext_by_NID(x, nid, -1);
	char buf[512] = "";
	BIO *b = BIO_new(BIO_s_mem());

	if (at >= 0 && X509V3_EXT_print(b, X509_get_ext(x, at), 0, 0) == 1)
		BIO_read(b, buf, sizeof(buf) - 1);
	CHECKF(strcmp(buf, want) == 0, "%s: \"%s\", not \"%s\"", OBJ_nid2sn(nid), buf, want);
	CHECKF(at == -1 || X509_get_ext_by_NID(x, nid, at) == -1, "%s twice", OBJ_nid2sn(nid));
	BIO_free(b);
}

/* It says what the rules say, whatever the request said. */
static void
cert_is_plain(const char *pem, EVP_PKEY *key)
{
	X509 *x = kit_cert(pem), *ca = kit_cert(known.ca_pem);
	char subject[256];
	int day = 0, sec = 0;

	CHECK(x != NULL && ca != NULL);
	if (x == NULL || ca == NULL)
		return;
	CHECK(X509_verify(x, X509_get0_pubkey(ca)) == 1);
	CHECK(EVP_PKEY_eq(X509_get0_pubkey(x), key) == 1);
	X509_NAME_oneline(X509_get_subject_name(x), subject, sizeof(subject));
	CHECK_STR(subject, "/CN=web1.example.net/serialNumber=" ROGUE_HOST);
	CHECK(X509_get_ext_count(x) == 6);
	ext_is(x, NID_basic_constraints, "CA:FALSE");
	ext_is(x, NID_key_usage, "Digital Signature");
	ext_is(x, NID_ext_key_usage, "TLS Web Client Authentication");
	ext_is(x, NID_subject_alt_name, "URI:urn:reeve:host:" ROGUE_HOST);
	CHECK(ASN1_TIME_diff(&day, &sec, X509_get0_notBefore(x), X509_get0_notAfter(x)) == 1);
	CHECKF(day == 365 && sec == 3600, "%d days", day);
	CHECK(ASN1_STRING_length(X509_get0_serialNumber(x)) == SERIAL_LEN);
	CHECK(X509_check_ca(x) == 0);
	X509_free(x);
	X509_free(ca);
}

static void
asked_for_more(struct imsgbuf *b)
{
	EVP_PKEY *key = kit_key("P-256");
	struct kit_csr c = {.key = key,
	    .cn = "*.example.net",
	    .nid = {NID_basic_constraints, NID_subject_alt_name, NID_ext_key_usage, NID_key_usage},
	    .value = {"critical,CA:TRUE", "DNS:ctl.example.net,DNS:*", "serverAuth,codeSigning",
		"keyCertSign,cRLSign"}};
	char *csr = kit_request(&c), serial[2][64];
	struct msg_csr m = request(csr);
	struct reply r;

	for (int i = 0; i < 2; i++) {
		ask(b, MSG_SIGN_CSR, msg_csr_put(&m), &r);
		CHECKF(r.type == MSG_SIGN_CERT, "%s", r.text);
		if (r.type != MSG_SIGN_CERT)
			return;
		cert_is_plain(r.text, key);
		X509 *x = kit_cert(r.text);
		str_hex(serial[i], ASN1_STRING_get0_data(X509_get0_serialNumber(x)), SERIAL_LEN);
		X509_free(x);
	}
	/* asked again it is the same certificate, not one more */
	CHECK_STR(serial[0], serial[1]);
	/* the same enrolment for another host, the same key for another enrolment */
	m.host_id[0] ^= 1;
	refused(b, &m, "for another host");
	m = request(csr);
	memcpy(m.host_name, "web2", 5);
	refused(b, &m, "certified before");
	free(csr);
	/* another key for that enrolment */
	next_id--;
	csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")});
	m = request(csr);
	m.enrolment[0]--;
	refused(b, &m, "for another key");
	next_id++;
	free(csr);
}

static void
bad_keys(struct imsgbuf *b)
{
	static const char *const kinds[] = {"P-384", "P-521", "secp256k1", "rsa", "ed25519"};
	EVP_PKEY *key = kit_key("P-256"), *other = kit_key("P-256");
	struct kit_csr c = {.key = key};
	struct msg_csr m;
	char *csr;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		csr = kit_request(&(struct kit_csr){.key = kit_key(kinds[i])});
		m = request(csr);
		refused(b, &m, "not P-256");
		free(csr);
	}
	c.signer = other; /* nobody has shown to hold that key */
	csr = kit_request(&c);
	m = request(csr);
	refused(b, &m, "does not verify");
	free(csr);
	c.signer = NULL;
	c.md = EVP_sha1();
	csr = kit_request(&c);
	m = request(csr);
	refused(b, &m, "SHA-256");
	free(csr);
}

/* The CA's own key, by who stole it. */
static void
ca_key(struct imsgbuf *b)
{
	char file[96], *csr;
	struct msg_csr m;
	EVP_PKEY *key;
	FILE *f;

	snprintf(file, sizeof(file), "%s/ca.key", dir);
	if ((f = fopen(file, "r")) == NULL ||
	    (key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) == NULL)
		exit(1);
	fclose(f);
	csr = kit_request(&(struct kit_csr){.key = key});
	m = request(csr);
	refused(b, &m, "CA's own key");
	EVP_PKEY_free(key);
	free(csr);
}

static void
bad_pem(struct imsgbuf *b)
{
	char *csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")}), *two;
	struct msg_csr m = request("x");
	size_t len = strlen(csr);

	refused(b, &m, "PKCS #10");
	m = request(known.ca_pem);
	refused(b, &m, "PKCS #10");
	if (asprintf(&two, "%s%s", csr, csr) == -1)
		exit(1);
	m = request(two);
	refused(b, &m, "PKCS #10");
	two[0] = ' ';
	memcpy(two + 1, csr, len + 1);
	m = request(two);
	refused(b, &m, "PKCS #10");
	m = request(csr);
	m.len = len / 2;
	refused(b, &m, "PKCS #10");
	memcpy(two, csr, len + 1);
	two[40] = '\0'; /* a reader of strings would stop there */
	m = request(csr);
	m.csr = (const uint8_t *)two;
	m.len = len;
	refused(b, &m, "PKCS #10");
	/* every byte of the base64 changed: never a certificate for another key than the one asked
	 */
	for (size_t i = 40; i < len - 40; i += 7) {
		struct reply r;

		memcpy(two, csr, len + 1);
		two[i] = two[i] == 'A' ? 'B' : 'A';
		m = request(two);
		ask(b, MSG_SIGN_CSR, msg_csr_put(&m), &r);
		CHECKF(r.type == MSG_SIGN_NO, "byte %zu", i);
	}
	free(two);
	free(csr);
}

/* ---- tickets ---- */

struct tick {
	const char *fleet, *requester, *kind, *more;
	int64_t issued, before, after; /* from now */
};

static size_t
ticket(char *buf, size_t size, const struct tick *t)
{
	long long now = (long long)time(NULL);

	return (size_t)snprintf(buf, size,
	    "reeve-job 1\nfleet %s\nhost " ROGUE_HOST " web1.example.net\nid %032x\n"
	    "issued %lld\nnotbefore %lld\nnotafter %lld\nrequester %s\nkind %s\n%send\n",
	    t->fleet, 0x77, now + (long long)t->issued, now + (long long)t->before,
	    now + (long long)t->after, t->requester, t->kind, t->more);
}

/* WORDS NULL: it is signed, and rightly. */
static void
judged(struct imsgbuf *b, const struct tick *t, const char *words)
{
	char buf[TICKET_MAX];
	size_t len = ticket(buf, sizeof(buf), t);
	struct reply r;

	ask(b, MSG_SIGN_TICKET, msg_numblk_put(5, buf, len), &r);
	if (words == NULL)
		CHECKF(r.type == MSG_SIGN_SIG && pubkey_verify(&known.online_pub, buf, len, &r.sig),
		    "%s: %s", t->kind, r.text);
	else
		CHECKF(r.type == MSG_SIGN_NO && strstr(r.text, words) != NULL, "%s: %u \"%s\"",
		    words, r.type, r.text);
}

static void
tickets(struct imsgbuf *b)
{
	const struct tick good = {known.fleet, "online", "agent.ping", "", 0, 0, 600};
	struct tick t = good;
	const struct kind *k;
	char head[64] = "reeve-job 1\n";
	struct reply r;

	judged(b, &t, NULL);
	t.requester = "online-ops-1";
	judged(b, &t, NULL);
#define CHANGED(field, value, words)  \
	do {                          \
		t = good;             \
		t.field = (value);    \
		judged(b, &t, words); \
	} while (0)
	CHANGED(fleet, "00000000000000000000000000000000", "not this site's");
	CHANGED(requester, "ops-1", "requester");
	CHANGED(requester, "onlinee", "requester");
	CHANGED(requester, "onlin", "requester");
	CHANGED(issued, -400, "issued");
	t = (struct tick){known.fleet, "online", "agent.ping", "", 400, 400, 600};
	judged(b, &t, "issued");
	CHANGED(after, 3599, NULL);
	CHANGED(after, 3605, "valid for more");
	CHANGED(after, 7 * 86400 - 5, "valid for more");
	CHANGED(more, "arg x y\n", "none of that name");
	for (size_t i = 0; (k = kind_nth(i)) != NULL; i++) {
		/* with no argument at all it may be refused for that; it is never signed */
		t = good;
		t.kind = k->name;
		if (k->flags & KF_HARMLESS)
			continue;
		judged(b, &t, "");
	}
	CHANGED(kind, "agent.reload", "operators' keys");
	t = (struct tick){known.fleet, "online", "pkg.refresh", "", 0, 0, 600};
	judged(b, &t, "operators' keys");
	CHANGED(kind, "agent.cancel", "line");
	CHANGED(more, "arg id 00000000000000000000000000000001\n", "none of that name");
	t.kind = "agent.cancel";
	judged(b, &t, "operators' keys");
	/* other texts that the online key must never sign */
	ask(b, MSG_SIGN_TICKET, msg_numblk_put(5, head, strlen(head)), &r);
	CHECK(r.type == MSG_SIGN_NO);
	ask(b, MSG_SIGN_TICKET, msg_numblk_put(5, "reeve-keys 1\n", 13), &r);
	CHECK(r.type == MSG_SIGN_NO);
	ask(b, MSG_SIGN_TICKET, msg_numblk_put(5, "reeve-confirm 1\n", 16), &r);
	CHECK(r.type == MSG_SIGN_NO);
	ask(b, MSG_SIGN_TICKET, msg_numblk_put(5, "reeve-result 1\n", 15), &r);
	CHECK(r.type == MSG_SIGN_NO);
}

/* What is signed for a nonce is that one text, and no ticket. */
static void
confirms(struct imsgbuf *b)
{
	struct msg_signconfirm m = {.number = 5, .host_name = "web1"};
	struct confirm c = {.host_name = "web1"};
	static struct ticket t;
	char text[CONFIRM_MAX];
	struct errmsg e;
	struct reply r;

	memcpy(m.nonce, nonce, 32);
	memcpy(c.nonce, nonce, 32);
	memset(c.host_id, 0, sizeof(c.host_id));
	memset(c.job, 0, sizeof(c.job));
	ask(b, MSG_SIGN_CONFIRM, msg_signconfirm_put(&m), &r);
	CHECK(r.type == MSG_SIGN_SIG && confirm_verify(&c, &known.online_pub, &r.sig));
	c.job[3] = 1;
	CHECK(!confirm_verify(&c, &known.online_pub, &r.sig));
	CHECK(ticket_parse(&t, text, (size_t)confirm_write(&c, text, sizeof(text)), &e) == -1);
}

/* ---- floods, sweeps ---- */

/* More than a minute's worth: the rest is refused, and the channel stays. */
static void
flood(struct imsgbuf *b)
{
	struct msg_signconfirm m = {.number = 5, .host_name = "web1"};
	struct reply r;
	int signed_n = 0;
	time_t t = time(NULL);

	for (int i = 0; i < 3 * SIGN_CONFIRM_RATE; i++) {
		ask(b, MSG_SIGN_CONFIRM, msg_signconfirm_put(&m), &r);
		if (r.type == MSG_SIGN_SIG)
			signed_n++;
		else
			CHECKF(r.type == MSG_SIGN_NO && strstr(r.text, "in this minute") != NULL,
			    "%u %s", r.type, r.text);
		if (r.type == 0)
			return;
	}
	/* a minute may have turned meanwhile, or two on a slow machine */
	CHECKF(signed_n <= SIGN_CONFIRM_RATE * (2 + (int)(time(NULL) - t) / 60), "%d signed",
	    signed_n);
	CHECK(signed_n < 3 * SIGN_CONFIRM_RATE);
}

/* Sends LEN bytes to a new channel: it must be closed, with nothing but the greeting said. */
static void
breach(const uint8_t *msg, size_t len, const char *what, uint32_t n)
{
	uint8_t buf[4 * SIGN_PEM_MAX];
	size_t got = 0, hello;
	int fd = dial();
	ssize_t r;

	(void)peer_send(fd, msg, len, -1, 0, 0);
	while (got < sizeof(buf) && (r = read(fd, buf + got, sizeof(buf) - got)) > 0)
		got += (size_t)r;
	hello = got >= 8 ? (size_t)buf[6] << 8 | buf[7] : 0;
	CHECKF(got == hello && buf[3] == MSG_SIGN_HELLO, "%s %u: answered with %zu bytes", what, n,
	    got);
	close(fd);
}

static void
sweeps(void)
{
	static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX];
	const struct msg_row *r;
	size_t len;

	for (uint32_t t = 0; t < 256; t++) {
		if ((r = msg_row(t)) != NULL && r->to == ROOM_SIGN)
			continue;
		len = IMSG_HEADER;
		if (r != NULL)
			len = sample_message(r, SAMPLE_MIN, msg);
		else
			peer_head(msg, t, IMSG_HEADER, 0, 0);
		breach(msg, len, "type", t);
	}
	for (size_t i = 0; (r = msg_nth(i)) != NULL; i++) {
		if (r->to != ROOM_SIGN)
			continue;
		peer_head(msg, r->num, IMSG_HEADER + r->max + 1, 0, 0);
		breach(msg, IMSG_HEADER, "too long", r->num);
		peer_head(msg, r->num, IMSG_HEADER + r->min - 1, 0, 0);
		breach(msg, IMSG_HEADER, "too short", r->num);
		peer_head(msg, r->num, 3, 0, 0);
		breach(msg, IMSG_HEADER, "length", r->num);
		sample_message(r, SAMPLE_MIN, msg);
		peer_head(msg, r->num, IMSG_HEADER + r->min, 1, 0);
		breach(msg, IMSG_HEADER + r->min, "descriptor", r->num);
	}
	/* a name that is none, whatever put() would say of it */
	len = sample_message(msg_row(MSG_SIGN_CSR), SAMPLE_MIN, msg);
	msg[IMSG_HEADER + 38] = '*';
	breach(msg, len, "name", '*');
}

int
main(void)
{
	struct imsgbuf *b;
	struct errmsg e;

	log_init("t_rogue_ctld", 1, 0);
	signal(SIGPIPE, SIG_IGN);
	snprintf(dir, sizeof(dir), "%s", kit_dir());
	snprintf(path, sizeof(path), "%s/s.sock", dir);
	CHECK(state_load(&known, dir, 0, &e) == 0);
	start();
	b = greeted();
	asked_for_more(b);
	bad_keys(b);
	ca_key(b);
	bad_pem(b);
	tickets(b);
	confirms(b);
	flood(b);
	imsgbuf_free(b);
	sweeps();
	/* after all that it still answers, and what it certified is known to its next life */
	end();
	start();
	b = greeted();
	confirms(b);
	imsgbuf_free(b);
	end();
	kit_remove(dir);
	return check_done();
}
