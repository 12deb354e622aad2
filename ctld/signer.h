/*
 * ctld's side of its channel to reeve-sign: asks, and is answered later from the event loop. The
 * channel is made again by itself, with back-off; what was asked meanwhile is answered SIGNER_AWAY,
 * which a handler passes up as 503.
 */
#ifndef CTLD_SIGNER_H
#define CTLD_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "proto/signify.h"

struct event_base;
struct signer;

enum signer_end {
	SIGNER_OK,
	SIGNER_NO,   /* refused by its rules; why says which */
	SIGNER_AWAY, /* not connected, gone meanwhile, or no answer in time */
};

struct signer_answer {
	enum signer_end end;
	const char *why; /* words, "" with SIGNER_OK */
	const char *pem; /* signer_certify(): the certificate, NUL-ended; else NULL */
	struct sig sig;	 /* signer_ticket(), signer_confirm() */
};
/* Called exactly once a request, never from within the asking call. */
struct signer_cb {
	void (*done)(const struct signer_answer *a, void *arg);
	void *arg;
};

/* Begins to connect to PATH. NULL with E (no memory, a path that is none). */
struct signer *signer_new(struct event_base *base, const char *path, struct errmsg *e);
/* No callback is called any more. */
void signer_free(struct signer *s);
/*
 * Turns the event loop until the signer has said hello, at most MS milliseconds: for the start. 0,
 * or -1 with E.
 */
int signer_wait(struct signer *s, unsigned int ms, struct errmsg *e);
/* 1 while connected and greeted. */
int signer_up(const struct signer *s);
/*
 * What it said in its first hello: the site's CA certificate (PEM) and online key (base64). ""
 * before. One that says anything else later is not talked to: ctld must be started again.
 */
const char *signer_ca(const struct signer *s);
const char *signer_online(const struct signer *s);

/* Each asks: a number for signer_forget(); 0 not now (answer 503), nothing will be called. */
uint32_t signer_certify(struct signer *s, const uint8_t enrolment[16], const uint8_t host_id[16],
    const char *host_name, const char *csr, struct signer_cb cb);
uint32_t signer_ticket(struct signer *s, const char *ticket, size_t len, struct signer_cb cb);
uint32_t signer_confirm(struct signer *s, const uint8_t host_id[16], const char *host_name,
    const uint8_t job[16], const uint8_t nonce[32], struct signer_cb cb);
/* The asker left: its callback will not be called. */
void signer_forget(struct signer *s, uint32_t number);

#endif
