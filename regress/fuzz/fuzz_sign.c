/*
 * Any payload at the signer's rules, past the channel's gate. First byte: 0 a request in PEM, 1 one
 * whose DER follows, 2 a ticket, 3 a whole SIGN_CSR, 4 a whole SIGN_CONFIRM. Whatever is signed
 * must be what the rules say: a ticket of a harmless kind, of this fleet, for an hour at most.
 */
#include <sys/stat.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "regress/unit/signkit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define NOW   1795226400ULL

static struct sign s;
static char dir[] = "/tmp/reeve-fuzz.XXXXXX";

static void
leave(void)
{
	kit_remove(dir);
}

static void
start(void)
{
	struct errmsg e;

	umask(077);
	if (mkdtemp(dir) == NULL || state_init(dir, FLEET, &e) != 0 ||
	    state_load(&s, dir, 1, &e) == -1)
		abort();
	atexit(leave);
	log_init("fuzz", 0, 0); /* refusals are thousands; syslog drops what it likes */
}

static struct ibuf *
csr_message(const char *pem, size_t len, uint8_t n)
{
	struct msg_csr m = {.number = 1, .enrolment = {n}, .host_name = "web1"};

	m.csr = (const uint8_t *)pem;
	m.len = len;
	return msg_csr_put(&m);
}

static struct ibuf *
der_message(const uint8_t *der, size_t len)
{
	BIO *b = BIO_new(BIO_s_mem());
	struct ibuf *ib = NULL;
	char *p;
	long n;

	if (PEM_write_bio(b, "CERTIFICATE REQUEST", "", der, (long)len) > 0) {
		n = BIO_get_mem_data(b, &p);
		ib = csr_message(p, (size_t)n, len > 0 ? der[len - 1] : 0);
	}
	BIO_free(b);
	return ib;
}

static void
ticket_was_right(const uint8_t *p, size_t len)
{
	static struct ticket t;
	struct errmsg e;

	if (ticket_parse(&t, (const char *)p, len, &e) == -1 || strcmp(t.fleet, FLEET) != 0 ||
	    (t.kind->flags & KF_HARMLESS) == 0 || t.notafter - t.issued > 3600 ||
	    strncmp(t.requester, "online", 6) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t minute;
	struct imsg m = {.fd = {-1, -1}};
	struct ibuf *in, *out = NULL;
	uint32_t type = 0;

	if (s.ca == NULL)
		start();
	if (size < 2)
		return 0;
	switch (data[0] % 5) {
	case 0:
		in = csr_message((const char *)data + 1, size - 1, data[size - 1]);
		break;
	case 1:
		in = der_message(data + 1, size - 1);
		break;
	case 2:
		in = msg_numblk_put(1, data + 1, size - 1);
		break;
	default:
		in = ibuf_open(size);
		ibuf_put(in, data + 1, size - 1);
	}
	if (in == NULL)
		return 0;
	m.type = data[0] % 5 == 2   ? MSG_SIGN_TICKET
		 : data[0] % 5 == 4 ? MSG_SIGN_CONFIRM
				    : MSG_SIGN_CSR;
	m.data = in->buf;
	m.len = in->wpos;
	if (sign_answer(&s, &m, NOW, minute++, &type, &out) == 0 && type == MSG_SIGN_SIG &&
	    m.type == MSG_SIGN_TICKET)
		ticket_was_right(data + 1, size - 1);
	if (type != 0 && (out == NULL || out->failed))
		abort();
	ibuf_free(in);
	ibuf_free(out);
	return 0;
}
