/* What the parts of ctld share: one context, made by main.c and passed down. */
#ifndef CTLD_CTLD_H
#define CTLD_CTLD_H

#include <stddef.h>
#include <stdint.h>

#include "ctld/conf.h"
#include "ctld/store.h"

struct event_base;
struct signer; /* ctld/signer.h: the channel to reeve-sign */
struct queue;  /* ctld/queue.h: what is held in memory of jobs */

struct ctld {
	struct conf *conf; /* replaced by SIGHUP, all or nothing */
	struct event_base *base;
	struct store *store;
	struct signer *signer;
	struct queue *queue;
	int outdir, blobdir;   /* state-dir/output, state-dir/blobs */
	char fleet[33];	       /* of the site */
	char *ca;	       /* the site's CA certificate, PEM */
	uint8_t ca_sha256[32]; /* of its DER */
	char online[57];       /* the online key, base64 */
};

/* Seconds since the epoch. */
uint64_t ctld_now(void);

#endif
