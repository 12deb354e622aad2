/*
 * sign/state.c, issued.c, x509.c: made once, loaded strictly; half of it, others' files, damaged
 * ones and a second signer are refused with words; the register is cut where it was never finished
 * and nowhere else. Attack enrolment-abuse: what is registered stays so over restarts.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <time.h>

#include "lib/fdutil.h"
#include "lib/log.h"
#include "regress/check.h"
#include "regress/unit/signkit.h"
#include "sign/server.h"

static const char *const files[] = {
    "fleet", "ca.key", "ca.crt", "online.sec", "online.pub", "issued"};
static char dir[64], name[128];

static const char *
at(const char *file)
{
	snprintf(name, sizeof(name), "%s/%s", dir, file);
	return name;
}

static void
put(const char *file, const char *text)
{
	int fd = open(at(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd != -1 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static char *
get(const char *file)
{
	int fd = open(at(file), O_RDONLY);
	struct errmsg e;
	char *buf = NULL;
	size_t len;

	CHECK(fd != -1 && fd_slurp(fd, 1 << 20, &buf, &len, &e) == 0);
	close(fd);
	return buf;
}

/* WORDS NULL: it loads. */
static void
loads(const char *words)
{
	struct errmsg e = {""};
	struct sign s;
	int rv = state_load(&s, dir, 1, &e);

	if (words == NULL)
		CHECKF(rv == 0, "%s", e.text);
	else
		CHECKF(rv == -1 && strstr(e.text, words) != NULL, "%s: \"%s\"", words, e.text);
	if (rv == 0)
		state_wipe(&s);
}

static void
made_once(void)
{
	char *before[6], *after;
	struct errmsg e;
	struct stat st;

	CHECK(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700);
	for (int i = 0; i < 6; i++) {
		CHECK(stat(at(files[i]), &st) == 0 && (st.st_mode & 07777) == 0600);
		before[i] = get(files[i]);
	}
	loads(NULL);
	CHECK(state_init(dir, NULL, &e) == 1);
	CHECK(state_init(dir, "00000000000000000000000000000001", &e) == 1);
	for (int i = 0; i < 6; i++) {
		after = get(files[i]);
		CHECK_STR(before[i], after);
		free(before[i]);
		free(after);
	}
	CHECK(state_init(dir, "xyz", &e) == -1 && strstr(e.text, "32") != NULL);
}

static void
half(void)
{
	struct errmsg e;
	char aside[128];

	for (int i = 0; i < 6; i++) {
		snprintf(aside, sizeof(aside), "%s.aside", dir);
		CHECK(rename(at(files[i]), aside) == 0);
		loads("is missing");
		CHECK(state_init(dir, NULL, &e) == -1 && strstr(e.text, files[i]) != NULL &&
		      strstr(e.text, "backup") != NULL);
		CHECK(access(at(files[i]), F_OK) == -1);
		CHECK(rename(aside, at(files[i])) == 0);
	}
	loads(NULL);
}

static void
loose(void)
{
	char aside[128];

	for (int i = 0; i < 6; i++) {
		CHECK(chmod(at(files[i]), 0640) == 0);
		loads("mode 0600");
		CHECK(chmod(at(files[i]), 0600) == 0);
	}
	snprintf(aside, sizeof(aside), "%s.aside", dir);
	CHECK(link(at("ca.key"), aside) == 0);
	loads("one name");
	CHECK(unlink(aside) == 0);
	CHECK(rename(at("ca.key"), aside) == 0 && symlink(aside, at("ca.key")) == 0);
	loads("ca.key");
	CHECK(unlink(at("ca.key")) == 0 && mkfifo(at("ca.key"), 0600) == 0);
	loads("regular file");
	CHECK(unlink(at("ca.key")) == 0 && rename(aside, at("ca.key")) == 0);
	CHECK(chmod(dir, 0750) == 0);
	loads("others may look");
	CHECK(chmod(dir, 0700) == 0);
	if (geteuid() == 0) {
		CHECK(chown(dir, 64603, 64603) == 0);
		loads("belongs to uid 64603");
		CHECK(chown(dir, 0, 0) == 0 && chown(at("online.sec"), 64603, 64603) == 0);
		loads("online.sec");
		CHECK(chown(at("online.sec"), 0, 0) == 0);
	}
	loads(NULL);
}

/* Keys and certificates of another site, and what is none. */
static void
mixed(void)
{
	char mine[64], *keep, *text;

	snprintf(mine, sizeof(mine), "%s", dir);
	for (int i = 0; i < 5; i++) {
		snprintf(dir, sizeof(dir), "%s", kit_dir());
		text = get(files[i]);
		kit_remove(dir);
		snprintf(dir, sizeof(dir), "%s", mine);
		keep = get(files[i]);
		put(files[i], text);
		loads(i == 0		 ? NULL /* any fleet is one */
		      : i == 1 || i == 2 ? "not the key"
					 : "not the public key");
		put(files[i], "x\n");
		loads(files[i]);
		put(files[i], keep);
		free(keep);
		free(text);
	}
	put("fleet", "reeve-site 1\nfleet 00000000000000000000000000000001\nend\nx\n");
	loads("fleet");
	put("fleet", "reeve-site 2\nfleet 00000000000000000000000000000001\nend\n");
	loads("fleet");
	put("fleet", "reeve-site 1\nfleet 00000000000000000000000000000001\nend\n");
	loads(NULL);
}

#define LINE                                                                      \
	"00000000000000000000000000000001 00000000000000000000000000000002 web1 " \
	"0000000000000000000000000000000000000000000000000000000000000003 "       \
	"4000000000000000000000000000000000000004 1795226400\n"

static void
registered(void)
{
	static const char *const bad[] = {"\n", "x\n", LINE "\n", LINE "x" LINE, " " LINE,
	    "00000000000000000000000000000001 00000000000000000000000000000002 WEB1 "
	    "0000000000000000000000000000000000000000000000000000000000000003 "
	    "4000000000000000000000000000000000000004 1\n",
	    "00000000000000000000000000000001 00000000000000000000000000000002 web1 "
	    "0000000000000000000000000000000000000000000000000000000000000003 "
	    "4000000000000000000000000000000000000004\n",
	    "00000000000000000000000000000001 00000000000000000000000000000002 web1 "
	    "0000000000000000000000000000000000000000000000000000000000000003 "
	    "4000000000000000000000000000000000000004 1 \n"};
	char torn[2 * sizeof(LINE)], *text;
	struct errmsg e;
	struct stat st;

	put("issued", LINE);
	loads(NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("issued", bad[i]);
		loads("malformed");
		text = get("issued");
		CHECK_STR(text, bad[i]); /* not repaired by guessing */
		free(text);
	}
	for (size_t cut = 1; cut < strlen(LINE); cut++) {
		snprintf(torn, sizeof(torn), "%s%.*s", LINE, (int)cut, LINE);
		put("issued", torn);
		loads(NULL);
		CHECK(stat(at("issued"), &st) == 0 && (size_t)st.st_size == strlen(LINE));
	}
	(void)e;
	put("issued", "");
}

/* What was added is there in the next life, by either key; a second signer is kept out. */
static void
lives(void)
{
	struct issued_row r = {.name = "web1", .when = 1795226400};
	const struct issued_row *q;
	struct errmsg e;
	struct sign s, t;
	int st;

	CHECK(state_load(&s, dir, 1, &e) == 0);
	for (int i = 0; i < 200; i++) {
		r.enrolment[0] = r.key[1] = (uint8_t)i;
		CHECK(issued_add(s.issued, &r, &e) == 0);
	}
	if (fork() == 0)
		_exit(state_load(&t, dir, 1, &e) == -1 && strstr(e.text, "another") ? 0 : 1);
	CHECK(wait(&st) > 0 && st == 0);
	state_wipe(&s);
	CHECK(state_load(&s, dir, 1, &e) == 0);
	for (int i = 0; i < 200; i++) {
		r.enrolment[0] = r.key[1] = (uint8_t)i;
		q = issued_byenrolment(s.issued, r.enrolment);
		CHECK(q != NULL && memcmp(q, &r, sizeof(r)) == 0);
		CHECK(issued_bykey(s.issued, r.key) == q);
	}
	r.enrolment[0] = r.key[1] = 200;
	CHECK(issued_byenrolment(s.issued, r.enrolment) == NULL &&
	      issued_bykey(s.issued, r.key) == NULL);
	state_wipe(&s);
}

/* A register that cannot be written answers nothing, now and later. */
static void
full(void)
{
	struct issued_row r = {.name = "web1", .when = 1};
	int fd = open("/dev/full", O_RDWR | O_APPEND);
	struct issued *is;
	struct errmsg e;
	FILE *f = tmpfile();

	CHECK(f != NULL && fd != -1 && (is = issued_open(dup(fileno(f)), &e)) != NULL);
	if (is == NULL)
		return;
	/* the same object, its file gone bad */
	CHECK(issued_add(is, &r, &e) == 0);
	for (int i = 3; i < 64; i++) {
		struct stat a, b;

		if (i != fd && i != fileno(f) && fstat(i, &a) == 0 && fstat(fileno(f), &b) == 0 &&
		    a.st_ino == b.st_ino && a.st_dev == b.st_dev)
			CHECK(dup2(fd, i) == i);
	}
	r.enrolment[0] = 9;
	CHECK(issued_add(is, &r, &e) == -1 && issued_byenrolment(is, r.enrolment) == NULL);
	CHECK(issued_add(is, &r, &e) == -1 && strstr(e.text, "before") != NULL);
	issued_free(is);
	fclose(f);
	close(fd);
}

static char *
server(const char *const *names, size_t n, const char *csr, struct errmsg *e)
{
	struct sign s;
	char *pem;
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], csr, strlen(csr)) == (ssize_t)strlen(csr));
	close(p[1]);
	CHECK(state_load(&s, dir, 0, e) == 0);
	pem = server_certify(&s, p[0], names, n, e);
	state_wipe(&s);
	close(p[0]);
	return pem;
}

static void
servers(void)
{
	static const char *const good[] = {"ctl.example.net", "192.0.2.1", "2001:db8::1"};
	static const char *const bad[] = {"*.example.net", "CTL.example.net", "a,DNS:b", "", "a b"};
	char *csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")});
	struct errmsg e;
	char *pem = server(good, 3, csr, &e);
	X509 *x = pem != NULL ? kit_cert(pem) : NULL;

	CHECK(x != NULL && X509_check_host(x, "ctl.example.net", 0, 0, NULL) == 1 &&
	      X509_check_ip_asc(x, "192.0.2.1", 0) == 1 &&
	      X509_check_ip_asc(x, "2001:db8::1", 0) == 1 &&
	      X509_check_host(x, "other.example.net", 0, 0, NULL) == 0);
	CHECK(
	    x != NULL && X509_get_extended_key_usage(x) == XKU_SSL_SERVER && X509_check_ca(x) == 0);
	X509_free(x);
	free(pem);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(server(&bad[i], 1, csr, &e) == NULL && strstr(e.text, "name") != NULL, "%s",
		    bad[i]);
	CHECK(server(good, 1, "hello", &e) == NULL);
	free(csr);
}

/* Never past the CA's end, and with a name that does not fit a CN the id stands there. */
static void
ends(void)
{
	static char longname[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbb";
	uint8_t spki[SPKI_LEN];
	char *csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")}), *pem, cn[80];
	struct certwant w = {
	    .spki = spki, .name = longname, .host_id = "00000000000000000000000000000009"};
	struct errmsg e;
	struct sign s;
	struct tm tm;
	uint64_t end;
	X509 *x;

	CHECK(state_load(&s, dir, 0, &e) == 0);
	end = x509_ca_end(s.ca);
	CHECK(end > (uint64_t)time(NULL) + 3600 * 86400ULL &&
	      end < (uint64_t)time(NULL) + 3700 * 86400ULL);
	CHECK(x509_csr_key(s.ca, csr, strlen(csr), spki, &e) == 0);
	x509_serial(w.serial);
	w.from = end - 86400;
	CHECK((pem = x509_certify(s.ca, &w, &e)) != NULL);
	x = kit_cert(pem);
	CHECK(x != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 &&
	      (uint64_t)timegm(&tm) == end);
	CHECK(x != NULL && X509_NAME_get_text_by_NID(
			       X509_get_subject_name(x), NID_commonName, cn, sizeof(cn)) > 0);
	CHECK_STR(cn, w.host_id);
	X509_free(x);
	free(pem);
	w.from = end;
	CHECK(x509_certify(s.ca, &w, &e) == NULL && strstr(e.text, "ended") != NULL);
	state_wipe(&s);
	free(csr);
}

int
main(void)
{
	struct errmsg e;

	log_init("t_sign_state", 1, 0);
	umask(077);
	snprintf(dir, sizeof(dir), "%s", kit_dir());
	made_once();
	half();
	loose();
	mixed();
	registered();
	lives();
	full();
	servers();
	ends();
	kit_remove(dir);
	loads(dir); /* gone */
	CHECK(mkdir(dir, 0700) == 0);
	loads("nothing is there");
	rmdir(dir);
	CHECK(state_init("/nonexistent/x", NULL, &e) == -1);
	return check_done();
}
