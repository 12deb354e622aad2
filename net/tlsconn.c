/*
 * What of libtls is used is what LibreTLS and LibreSSL share. The library's own CA file is never
 * used: where it does not exist, tls_configure() says nothing, and nothing would be trusted or,
 * with another default, too much.
 */

#include <stdlib.h>
#include <string.h>

#include "net/certname.h"
#include "net/tlsconn.h"

/*
 * For TLS 1.2 (1.3 has its own): forward secrecy and authenticated ciphers; for both a floor for
 * keys and digests (112 bits: no SHA-1, no RSA below 2048), which would else be what the library's
 * makers or its packagers had in mind. Written so that both libraries read it.
 */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"

/* Takes what tls_config_* returned. */
static int
conf_check(struct netconf *c, int rc, const char *what, struct errmsg *e)
{
	const char *why = tls_config_error(c->tls);

	if (rc == 0)
		return 0;
	return err_set(e, "%s: %s", what, why != NULL ? why : "refused");
}

static int
conf_trust(struct netconf *c, const struct netconf_in *in, struct errmsg *e)
{
	if (in->no_verify) {
		tls_config_insecure_noverifycert(c->tls);
		tls_config_insecure_noverifyname(c->tls);
	} else {
		if (in->ca == NULL || in->calen == 0)
			return err_set(e, "no CA certificate to know the server by");
		tls_config_verify(c->tls);
	}
	if (in->ca == NULL || in->calen == 0)
		return 0;
	/* text that holds none is taken without a word, and then no server is known */
	if (memmem(in->ca, in->calen, "-----BEGIN ", 11) == NULL)
		return err_set(e, "the CA certificate: this is no PEM text");
	return conf_check(c, tls_config_set_ca_mem(c->tls, (const uint8_t *)in->ca, in->calen),
	    "the CA certificate", e);
}

static int
conf_fill(struct netconf *c, const struct netconf_in *in, struct errmsg *e)
{
	if (conf_check(c, tls_config_set_protocols(c->tls, TLS_PROTOCOLS_DEFAULT), "TLS", e) ==
		-1 ||
	    conf_check(c, tls_config_set_ciphers(c->tls, CIPHERS), "TLS", e) == -1)
		return -1;
	if (conf_trust(c, in, e) == -1)
		return -1;
	if (in->cert == NULL)
		return 0;
	c->has_cert = 1;
	return conf_check(c,
	    tls_config_set_keypair_mem(c->tls, (const uint8_t *)in->cert, strlen(in->cert),
		(const uint8_t *)in->key, strlen(in->key)),
	    "this client's certificate", e);
}

static ssize_t
no_read(struct tls *t, void *buf, size_t len, void *arg)
{
	(void)t, (void)buf, (void)len, (void)arg;
	return -1;
}

static ssize_t
no_write(struct tls *t, const void *buf, size_t len, void *arg)
{
	(void)t, (void)buf, (void)len, (void)arg;
	return -1;
}

/*
 * A client's CA and key are looked at when it connects: better now, while a person reads the words,
 * than at the first connection. Nothing is sent.
 */
static int
conf_try(struct netconf *c, struct errmsg *e)
{
	struct tls *t = tls_client();
	int rc = 0;

	if (t == NULL)
		return err_set(e, "TLS: out of memory");
	if (tls_configure(t, c->tls) == -1 ||
	    tls_connect_cbs(t, no_read, no_write, NULL, c->name) == -1)
		rc = err_set(e, "TLS: %s", tls_error(t) != NULL ? tls_error(t) : "refused");
	tls_free(t);
	return rc;
}

struct netconf *
netconf_new(const struct netconf_in *in, struct errmsg *e)
{
	struct netconf *c;

	if (tls_init() == -1 || (c = calloc(1, sizeof(*c))) == NULL) {
		err_set(e, "TLS: out of memory");
		return NULL;
	}
	c->no_verify = in->no_verify;
	if ((c->tls = tls_config_new()) == NULL || (c->name = strdup(in->name)) == NULL) {
		err_set(e, "TLS: out of memory");
	} else if (conf_fill(c, in, e) == 0 && conf_try(c, e) == 0) {
		return c;
	}
	netconf_free(c);
	return NULL;
}

void
netconf_free(struct netconf *c)
{
	if (c == NULL)
		return;
	tls_config_free(c->tls); /* wipes the key */
	free(c->name);
	free(c);
}

struct tls *
tlsconn_new(const struct netconf *conf, int fd, struct errmsg *e)
{
	struct tls *t = tls_client();

	if (t == NULL) {
		err_set(e, "TLS: out of memory");
		return NULL;
	}
	if (tls_configure(t, conf->tls) == -1 || tls_connect_socket(t, fd, conf->name) == -1) {
		err_set(e, "TLS: %s", tls_error(t) != NULL ? tls_error(t) : "refused");
		tls_free(t);
		return NULL;
	}
	return t;
}

int
tlsconn_judge(struct tls *tls, int no_verify, struct errmsg *e)
{
	const uint8_t *pem;
	size_t len = 0;

	if (no_verify)
		return 0;
	pem = tls_peer_cert_chain_pem(tls, &len);
	if (pem == NULL || certname_has_san(pem, len) != 1)
		return err_set(e, "the server's certificate has no subjectAltName; a common name "
				  "alone does not count");
	return 0;
}

int
tlsconn_handshake_words(struct tls *tls, struct errmsg *e)
{
	const char *why = tls_error(tls);

	if (why == NULL)
		why = "the server closed the connection";
	if (strstr(why, "wrong version number") != NULL)
		return err_set(e, "TLS handshake: %s: does this port speak HTTPS?", why);
	return err_set(e, "TLS handshake: %s", why);
}

enum net_fault
tlsconn_io_words(struct tls *tls, int first, struct errmsg *e)
{
	const char *why = tls_error(tls);
	int alert = why != NULL && strstr(why, "alert") != NULL;

	if (why == NULL)
		why = "closed";
	if (first) /* TLS 1.3: the server judges our certificate after our side is done */
		err_set(e,
		    "the server closed or refused after the handshake: does it know this "
		    "certificate? (%s)",
		    why);
	else
		err_set(e, "the connection broke: %s", why);
	return alert ? NETF_TLS : NETF_CLOSED;
}
