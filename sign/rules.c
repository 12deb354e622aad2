/*
 * What reeve-sign signs. ctld may be anybody's by now: every rule here holds whatever it asks, and
 * needs nothing of its word but what ends up in the signed text itself.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "imsg/msg_codec.h"
#include "lib/log.h"
#include "lib/strutil.h"
#include "proto/confirm.h"
#include "sign/sign.h"

#define TICKET_AGE  300	 /* issued so far from now at most, either way */
#define TICKET_LIFE 3600 /* from issued, which is never after notbefore, to notafter */
#define REQUESTER   "online"

struct answer {
	uint32_t type;
	struct ibuf *ib;
};

struct ibuf *
sign_hello(const struct sign *s)
{
	struct msg_hello h = {.ca = (const uint8_t *)s->ca_pem, .calen = strlen(s->ca_pem)};

	pubkey_write_b64(&s->online_pub, h.online);
	return msg_hello_put(&h);
}

/* A refusal is an answer; it is logged, for a ctld that asks so is broken, or not ours any more. */
static void
refuse(struct answer *a, uint32_t number, const char *what, const struct errmsg *e)
{
	char why[257];
	size_t n;

	log_warnx("refused: %s: %s", what, e->text);
	for (n = 0; n < sizeof(why) - 1 && e->text[n] != '\0'; n++)
		why[n] = e->text[n];
	why[n] = '\0';
	a->type = MSG_SIGN_NO;
	a->ib = msg_dialfail_put(number, n > 0 ? why : "refused");
}

/* One more of a kind in this minute. 0, or -1 with E. */
static int
rate(struct sign_rate *r, uint64_t minute, unsigned int most, struct errmsg *e)
{
	if (r->minute != minute) {
		r->minute = minute;
		r->used = 0;
	}
	if (r->used >= most)
		return err_set(e, "more than %u of them in this minute", most);
	r->used++;
	return 0;
}

/* ---- certificates ---- */

/* The one certificate of an enrolment: the row that stands, or a new one. NULL with E. */
static const struct issued_row *
register_row(
    struct sign *s, const struct msg_csr *m, const uint8_t key[32], uint64_t now, struct errmsg *e)
{
	const struct issued_row *r = issued_byenrolment(s->issued, m->enrolment);
	struct issued_row n;

	if (r != NULL) {
		if (memcmp(r->key, key, 32) == 0 && memcmp(r->host_id, m->host_id, 16) == 0 &&
		    strcmp(r->name, m->host_name) == 0)
			return r;
		err_set(e, "this enrolment has its certificate, for another %s",
		    memcmp(r->key, key, 32) != 0 ? "key" : "host");
		return NULL;
	}
	if ((r = issued_bykey(s->issued, key)) != NULL) {
		err_set(e, "this key was certified before, for %s", r->name);
		return NULL;
	}
	memset(&n, 0, sizeof(n));
	memcpy(n.enrolment, m->enrolment, 16);
	memcpy(n.host_id, m->host_id, 16);
	memcpy(n.key, key, 32);
	memcpy(n.name, m->host_name, sizeof(n.name));
	x509_serial(n.serial);
	n.when = now;
	if (issued_add(s->issued, &n, e) == -1)
		return NULL;
	return issued_byenrolment(s->issued, m->enrolment);
}

static int
certify(struct sign *s, const struct msg_csr *m, uint64_t now, struct answer *a, struct errmsg *e)
{
	uint8_t spki[SPKI_LEN], key[32];
	const struct issued_row *r;
	char *pem, host[33], enrolment[33];
	struct certwant w;

	if (x509_csr_key(s->ca, (const char *)m->csr, m->len, spki, e) == -1)
		return -1;
	/* before the register: what could not be certified must not stand there */
	if (now + 86400 > x509_ca_end(s->ca))
		return err_set(e, "the CA's own certificate ends within a day");
	crypto_hash_sha256(key, spki, sizeof(spki));
	if ((r = register_row(s, m, key, now, e)) == NULL)
		return -1;
	str_hex(host, r->host_id, 16);
	str_hex(enrolment, r->enrolment, 16);
	w = (struct certwant){.spki = spki, .from = r->when, .name = r->name, .host_id = host};
	memcpy(w.serial, r->serial, SERIAL_LEN);
	if ((pem = x509_certify(s->ca, &w, e)) == NULL)
		return -1;
	log_info("certified: host %s %s, enrolment %s", host, r->name, enrolment);
	a->type = MSG_SIGN_CERT;
	a->ib = msg_numblk_put(m->number, pem, strlen(pem));
	free(pem);
	return 0;
}

static int
on_csr(struct sign *s, const struct imsg *im, uint64_t now, uint64_t minute, struct answer *a)
{
	struct msg_csr m;
	struct errmsg e;

	if (msg_csr_get(im, &m) == -1)
		return -1;
	if (rate(&s->csr, minute, SIGN_CSR_RATE, &e) == -1 || certify(s, &m, now, a, &e) == -1)
		refuse(a, m.number, "certificate", &e);
	return 0;
}

/* ---- tickets ---- */

/* No host's audit trail shall name an operator who did not sign: "online", or "online-" and a word
 * of ctld's. */
static int
requester_ok(const char *r)
{
	size_t n = strlen(REQUESTER);

	return strncmp(r, REQUESTER, n) == 0 && (r[n] == '\0' || r[n] == '-');
}

static int
ticket_judge(const struct sign *s, const struct ticket *t, uint64_t now, struct errmsg *e)
{
	if (strcmp(t->fleet, s->fleet) != 0)
		return err_set(e, "fleet %s is not this site's", t->fleet);
	if ((t->kind->flags & KF_HARMLESS) == 0)
		return err_set(e, "%s is a kind for operators' keys", t->kind->name);
	if (!requester_ok(t->requester))
		return err_set(e, "requester %s: must be \"%s\" or begin with \"%s-\"",
		    t->requester, REQUESTER, REQUESTER);
	if (t->issued > now + TICKET_AGE || t->issued + TICKET_AGE < now)
		return err_set(e, "issued more than %d seconds from now", TICKET_AGE);
	if (t->notafter - t->issued > TICKET_LIFE)
		return err_set(e, "valid for more than %d seconds", TICKET_LIFE);
	return 0;
}

static int
sign_ticket(struct sign *s, uint32_t number, const uint8_t *p, size_t len, uint64_t now,
    struct answer *a, struct errmsg *e)
{
	static struct ticket t;
	struct sig sig;

	if (ticket_parse(&t, (const char *)p, len, e) == -1)
		return -1;
	if (ticket_judge(s, &t, now, e) == -1)
		return -1;
	seckey_sign(&s->online, p, len, &sig);
	log_info("signed: ticket %s, %s, %zu host%s, requester %s", t.id, t.kind->name, t.nhosts,
	    t.nhosts == 1 ? "" : "s", t.requester);
	a->type = MSG_SIGN_SIG;
	a->ib = msg_signsig_put(number, &sig);
	return 0;
}

static int
on_ticket(struct sign *s, const struct imsg *im, uint64_t now, uint64_t minute, struct answer *a)
{
	const uint8_t *p;
	struct errmsg e;
	uint32_t number;
	size_t len;

	if (msg_numblk_get(im, &number, &p, &len) == -1)
		return -1;
	if (rate(&s->ticket, minute, SIGN_TICKET_RATE, &e) == -1 ||
	    sign_ticket(s, number, p, len, now, a, &e) == -1)
		refuse(a, number, "ticket", &e);
	return 0;
}

/* ---- confirmations ---- */

static int
on_confirm(struct sign *s, const struct imsg *im, uint64_t minute, struct answer *a)
{
	struct msg_signconfirm m;
	struct confirm c;
	struct errmsg e;
	struct sig sig;
	char job[33];

	if (msg_signconfirm_get(im, &m) == -1)
		return -1;
	c.host_name = m.host_name;
	memcpy(c.host_id, m.host_id, sizeof(c.host_id));
	memcpy(c.job, m.id, sizeof(c.job));
	memcpy(c.nonce, m.nonce, sizeof(c.nonce));
	if (rate(&s->confirm, minute, SIGN_CONFIRM_RATE, &e) == -1) {
		refuse(a, m.number, "confirmation", &e);
		return 0;
	}
	if (confirm_sign(&c, &s->online, &sig) == -1)
		return -1;
	str_hex(job, m.id, sizeof(m.id));
	log_info("signed: confirmation of job %s on %s", job, m.host_name);
	a->type = MSG_SIGN_SIG;
	a->ib = msg_signsig_put(m.number, &sig);
	return 0;
}

int
sign_answer(struct sign *s, const struct imsg *m, uint64_t now, uint64_t minute, uint32_t *type,
    struct ibuf **out)
{
	struct answer a = {0, NULL};
	int rv;

	switch (m->type) {
	case MSG_SIGN_CSR:
		rv = on_csr(s, m, now, minute, &a);
		break;
	case MSG_SIGN_TICKET:
		rv = on_ticket(s, m, now, minute, &a);
		break;
	case MSG_SIGN_CONFIRM:
		rv = on_confirm(s, m, minute, &a);
		break;
	default:
		rv = -1;
	}
	*type = a.type;
	*out = a.ib;
	return rv == 0 && a.ib == NULL ? -1 : rv;
}
