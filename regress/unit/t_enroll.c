/*
 * ctl/enroll_*.c, root's half: what a child that is somebody else's may answer, the forms that are
 * judged, agent.conf as text, files and the order in which they come. Attack enrolment-abuse.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/enroll.h"
#include "lib/fdutil.h"
#include "regress/check.h"
#include "regress/unit/signkit.h"

#define CERT "-----BEGIN CERTIFICATE-----\nMIIB\nabc=\n-----END CERTIFICATE-----\n"
#define KEY  "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
#define ID1  "00000000000000000000000000000001"
#define ID2  "00000000000000000000000000000002"

static struct enroll_out good;

static void
make_good(void)
{
	struct seckey k;
	struct pubkey p;

	seckey_new(&k, &p);
	snprintf(good.fleet, sizeof(good.fleet), "%s", ID1);
	snprintf(good.host_id, sizeof(good.host_id), "%s", ID2);
	snprintf(good.host_name, sizeof(good.host_name), "web1");
	snprintf(good.key, sizeof(good.key), "%s", KEY);
	snprintf(good.cert, sizeof(good.cert), "%s", CERT);
	snprintf(good.ca, sizeof(good.ca), "%s", CERT);
	pubkey_write_b64(&p, good.online_key);
}

/* ---- the pipe ---- */

/* The child says BYTES; root's verdict. */
static int
said(const void *bytes, size_t len, struct enroll_out *o, struct errmsg *e)
{
	int p[2], rv;
	pid_t pid;

	if (pipe(p) == -1)
		exit(1);
	if ((pid = fork()) == 0) {
		(void)fd_writen(p[1], bytes, len);
		_exit(0);
	}
	close(p[1]);
	rv = enroll_recv(p[0], 5000, "web1", o, e);
	close(p[0]);
	waitpid(pid, NULL, 0);
	return rv;
}

/* What a child that is ours would send of OUT. */
static size_t
bytes_of(const struct enroll_out *out, uint8_t *buf, size_t size)
{
	FILE *f = tmpfile();
	ssize_t n;

	if (f == NULL || enroll_send(fileno(f), out) == -1)
		exit(1);
	n = pread(fileno(f), buf, size, 0);
	fclose(f);
	return n > 0 ? (size_t)n : 0;
}

static void
refused(const struct enroll_out *out, const char *words)
{
	static uint8_t buf[8 * ENROLL_PEM];
	static struct enroll_out got;
	struct errmsg e = {""};
	size_t len = bytes_of(out, buf, sizeof(buf));

	CHECKF(said(buf, len, &got, &e) == -1 && strstr(e.text, words) != NULL, "%s: \"%s\"", words,
	    e.text);
}

static void
answers(void)
{
	static uint8_t buf[8 * ENROLL_PEM];
	static struct enroll_out got, x;
	struct errmsg e = {""};
	size_t len = bytes_of(&good, buf, sizeof(buf));

	CHECKF(said(buf, len, &got, &e) == 0, "%s", e.text);
	CHECK(memcmp(&got, &good, sizeof(got)) == 0);
	for (size_t cut = 0; cut < len; cut += cut < 40 ? 1 : 11)
		CHECKF(said(buf, cut, &got, &e) == -1, "taken at %zu of %zu bytes", cut, len);
	buf[len] = 'x';
	CHECK(said(buf, len + 1, &got, &e) == -1);
	CHECK(said(buf, sizeof(buf), &got, &e) == -1); /* more than it can be */
	buf[0] = CTL_EXIT_REFUSED + 1;
	CHECK(said(buf, len, &got, &e) == -1);
	/* a failure's words are all that counts, and are words */
	x = good;
	x.exit = CTL_EXIT_REFUSED;
	snprintf(x.words, sizeof(x.words), "no");
	len = bytes_of(&x, buf, sizeof(buf));
	CHECK(said(buf, len, &got, &e) == 0 && got.exit == CTL_EXIT_REFUSED);
	CHECK_STR(got.words, "no");
	x.words[0] = '\033';
	refused(&x, "malformed");
#define WITH(field, value, words)                                \
	do {                                                     \
		x = good;                                        \
		snprintf(x.field, sizeof(x.field), "%s", value); \
		refused(&x, words);                              \
	} while (0)
	WITH(fleet, "0", "hex");
	WITH(host_id, "0000000000000000000000000000000G", "hex");
	WITH(host_name, "web2", "another name");
	WITH(host_name, "web1\nurl https://evil", "another name");
	WITH(key, CERT, "the key");
	WITH(key, "", "the key");
	WITH(cert, "", "neither");
	WITH(bearer, ID1, "or both");
	WITH(cert, KEY, "certificate is not");
	WITH(cert, CERT CERT, "certificate is not");
	WITH(cert, "[server evil]\n" CERT, "certificate is not");
	WITH(ca, CERT "x", "CA's");
	WITH(online_key, "AAAA", "online key");
	x = good;
	x.cert[0] = '\0';
	snprintf(x.bearer, sizeof(x.bearer), "%s", ID1);
	refused(&x, "standing secret");
}

static void
forms(void)
{
	static const char *const bad[] = {"", "x", "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	    "-----BEGIN CERTIFICATE-----\nMIIB\r\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMI B\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n\nMIIB\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----\n",
	    "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END "
	    "CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
	    "-----END CERTIFICATE-----\n",
	    "\n" CERT, CERT "\n", KEY};

	CHECK(enroll_pem_ok(CERT, "CERTIFICATE") && enroll_pem_ok(KEY, "PRIVATE KEY"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(!enroll_pem_ok(bad[i], "CERTIFICATE"), "%s", bad[i]);
}

/* ---- key, request, chain ---- */

static void
keys(void)
{
	uint8_t spki[SPKI_LEN], hash[32];
	char *key, *csr, *two, found[ENROLL_PEM + 1];
	const char *dir = kit_dir();
	unsigned int n;
	struct errmsg e;
	struct sign s;

	CHECK(enroll_key_make("web1.example.net", &key, &csr, &e) == 0);
	CHECK(enroll_pem_ok(key, "PRIVATE KEY") && enroll_pem_ok(csr, "CERTIFICATE REQUEST"));
	CHECK(state_load(&s, dir, 0, &e) == 0);
	/* the signer takes what is made here */
	CHECK(x509_csr_key(s.ca, csr, strlen(csr), spki, &e) == 0);
	x509_ca_hash(s.ca, hash);
	CHECK(asprintf(&two, "%s%s%s", CERT, s.ca_pem, CERT) > 0);
	CHECK(enroll_chain_find((const uint8_t *)two, strlen(two), hash, found, &n) == 0 && n == 1);
	CHECK_STR(found, s.ca_pem);
	hash[31] ^= 1;
	CHECK(
	    enroll_chain_find((const uint8_t *)two, strlen(two), hash, found, &n) == -1 && n == 3);
	CHECK(enroll_chain_find((const uint8_t *)"", 0, hash, found, &n) == -1 && n == 0);
	state_wipe(&s);
	kit_remove(dir);
	free(two);
	free(key);
	free(csr);
}

/* ---- agent.conf ---- */

static struct url url;

static char *
text_of(const char *old, const char *server)
{
	struct enroll_section s = {.server = server,
	    .fleet = ID1,
	    .host_id = ID2,
	    .host_name = "web1",
	    .hostname = NULL,
	    .url = &url,
	    .ca = "/c",
	    .cert = "/x",
	    .key = "/k"};
	struct enroll_conf c;
	struct errmsg e;

	if (enroll_conf_read(&c, "agent.conf", server, old, strlen(old), &e) == -1)
		return strdup(e.text);
	return enroll_conf_text(&c, old, strlen(old), &s);
}

#define TOP  "fleet " ID1 "\nhost " ID2 " web1\n"
#define BODY "url https://c.example:7440\nca /c\ncert /x\nkey /k\n"

static void
texts(void)
{
	static const struct {
		const char *old, *new;
	} t[] = {
	    {"", TOP "[server a]\n" BODY},
	    {"# mine\nadmin-group adm\n", TOP "# mine\nadmin-group adm\n\n[server a]\n" BODY},
	    {TOP "max-jobs 3\n", TOP "max-jobs 3\n\n[server a]\n" BODY},
	    {TOP "\n[server a]\nurl https://old\nca /o\ncert /p\nkey /q\n",
		TOP "\n[server a]\n" BODY},
	    {TOP "[server a]\nurl https://old\n[server b]\nurl https://b\n",
		TOP "[server b]\nurl https://b\n[server a]\n" BODY},
	    {TOP "[server ab]\nurl https://b\n",
		TOP "[server ab]\nurl https://b\n\n[server a]\n" BODY},
	    {"[server b]\nfleet x\n", TOP "[server b]\nfleet x\n\n[server a]\n" BODY},
	};
	struct enroll_conf c;
	struct errmsg e;
	char *got;

	CHECK(url_parse(&url, "https://c.example", &e) == 0);
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		got = text_of(t[i].old, "a");
		CHECK_STR(got, t[i].new);
		free(got);
	}
	got = text_of("fleet \"x\n", "a");
	CHECKF(strstr(got, "agent.conf:1") != NULL, "%s", got);
	free(got);
	got = strdup("state-dir /s\nhostname h\n" TOP "[server a]\nurl https://u\n");
	CHECK(enroll_conf_read(&c, "f", "a", got, strlen(got), &e) == 0);
	CHECK(strcmp(c.state_dir, "/s") == 0 && strcmp(c.hostname, "h") == 0 &&
	      strcmp(c.fleet, ID1) == 0 && strcmp(c.host_id, ID2) == 0 &&
	      strcmp(c.host_name, "web1") == 0 && strcmp(c.url, "https://u") == 0 && c.from == 5);
	free(got);
}

/* ---- files ---- */

static char dir[512], conf[600];

static int
written(const char *old, struct errmsg *e)
{
	struct enroll_conf c;
	struct enroll_files f = {
	    .conf = conf, .server = "a", .old = old, .oldlen = strlen(old), .parsed = &c};

	if (enroll_conf_read(&c, conf, "a", old, strlen(old), e) == -1)
		return -1;
	return enroll_write(&f, &good, &url, 0, e);
}

static char *
now(void)
{
	int fd = open(conf, O_RDONLY);
	struct errmsg e;
	char *buf = NULL;
	size_t len;

	if (fd == -1 || fd_slurp(fd, 1 << 20, &buf, &len, &e) == -1)
		return strdup("");
	close(fd);
	return buf;
}

/* What agent.conf names is there, whole, in whatever moment it is looked at. */
static void
names_hold(const char *text)
{
	const char *p = strstr(text, "\nkey ");
	char path[256] = "";
	struct stat st;

	if (p == NULL)
		return; /* the old state: not enrolled */
	CHECK(sscanf(p, "\nkey %255s", path) == 1 && stat(path, &st) == 0 &&
	      (size_t)st.st_size == strlen(KEY));
	p = strstr(text, "\ncert ");
	CHECK(p != NULL && sscanf(p, "\ncert %255s", path) == 1 && stat(path, &st) == 0 &&
	      (size_t)st.st_size == strlen(CERT));
}

/* The writer is killed somewhere, over and over, going on from wherever that left it. */
static void
killed(int afresh)
{
	struct errmsg e;
	char *old, *text;
	pid_t pid;

	for (useconds_t us = 0; us < 10000; us += 250) {
		if (afresh)
			unlink(conf);
		old = now();
		if ((pid = fork()) == 0)
			_exit(written(old, &e) == 0 ? 0 : 1);
		usleep(us);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		text = now();
		CHECK(strcmp(text, old) == 0 || strstr(text, "[server a]") != NULL);
		names_hold(text);
		free(text);
		free(old);
	}
}

static void
clean(void)
{
	static const char *const names[] = {"a.key", "a.crt", "a-ca.pem", "a.bearer", "a+2.key",
	    "a+2.crt", "a+2-ca.pem", "a+2.bearer", "."};
	char path[700];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/tls/%s", dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/tls", dir);
	rmdir(path);
	unlink(conf);
	rmdir(dir);
}

static void
files(void)
{
	char *one, *two, *three;
	struct errmsg e;

	/* whose parents only root can write */
	snprintf(dir, sizeof(dir), "%s/enroll.XXXXXX", getenv("T") != NULL ? getenv("T") : "/root");
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return;
	}
	snprintf(conf, sizeof(conf), "%s/agent.conf", dir);
	killed(1);
	unlink(conf);
	CHECKF(written("", &e) == 0, "%s", e.text);
	one = now();
	CHECK(strstr(one, "/tls/a.key") != NULL);
	names_hold(one);
	CHECK(written(one, &e) == 0);
	two = now();
	CHECK(strstr(two, "/tls/a+2.key") != NULL && strstr(two, "/tls/a.key") == NULL);
	names_hold(two);
	CHECK(written(two, &e) == 0);
	three = now();
	CHECK_STR(three, one);
	names_hold(three);
	killed(0);
	CHECK(chmod(dir, 0777) == 0 && written(three, &e) == -1 && strstr(e.text, "open") != NULL);
	CHECK(chmod(dir, 0700) == 0);
	free(one);
	free(two);
	free(three);
	clean();
}

int
main(void)
{
	if (sodium_init() == -1)
		return 1;
	make_good();
	answers();
	forms();
	keys();
	texts();
	if (geteuid() == 0)
		files();
	return check_done();
}
