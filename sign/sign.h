/* reeve-sign: what its parts share. */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "imsg/imsg.h"
#include "lib/err.h"
#include "proto/signify.h"
#include "sign/issued.h"
#include "sign/x509.h"

#define SIGN_DIR    "/var/lib/reeve-sign"
#define SIGN_SOCKET "/run/reeve-sign/sign.sock"

/* Requests of each kind in one minute; more are refused. */
#define SIGN_CSR_RATE	  300
#define SIGN_TICKET_RATE  600
#define SIGN_CONFIRM_RATE 600

struct sign_rate {
	uint64_t minute; /* since boot */
	unsigned int used;
};

struct sign {
	char fleet[33];
	struct ca *ca;
	char *ca_pem;
	struct seckey online;
	struct pubkey online_pub;
	struct issued *issued;
	struct sign_rate csr, ticket, confirm;
};

/* ---- state.c: the directory ---- */

/*
 * Makes what is not there: ca.key, ca.crt, online.sec, online.pub, issued and fleet, in DIR (made,
 * mode 0700, when missing), for FLEET (32 hex; NULL: a new one). 0 made, 1 all of it was there and
 * nothing was changed, -1 with E (half of it is there, or it failed).
 */
int state_init(const char *dir, const char *fleet, struct errmsg *e);
/*
 * Loads all of it; every file must be this process's own and nobody else's to read. The register is
 * opened only for the daemon (REGISTER 1). 0, or -1 with E.
 */
int state_load(struct sign *s, const char *dir, int reg, struct errmsg *e);
void state_wipe(struct sign *s);

/* ---- rules.c: what is signed, whatever ctld asks ---- */

/* SIGN_HELLO's payload. */
struct ibuf *sign_hello(const struct sign *s);
/*
 * Answers one message of ctld: *TYPE and *OUT are the answer (a refusal is one too). NOW is in
 * seconds since the epoch, MINUTE since boot. 0; -1 the payload was malformed: end the peer.
 */
int sign_answer(struct sign *s, const struct imsg *m, uint64_t now, uint64_t minute, uint32_t *type,
    struct ibuf **out);

/* ---- serve.c ---- */

/* Answers the peer on the connected socket FD (taken) until it closes, breaks the protocol or STOP
 * becomes readable. */
void sign_serve(struct sign *s, int fd, int stop);
/* Peers of SOCK that are UID, one at a time, until STOP becomes readable. */
void sign_loop(struct sign *s, int sock, uid_t uid, int stop);

/* ---- sandbox.c ---- */

/* Takes away all but the descriptors that are held. Ends the process when it cannot. */
void sign_confine(void);

#endif
