/* A certificate in PEM, looked at. */
#ifndef CTLD_X509_H
#define CTLD_X509_H

#include <stdint.h>

#include "lib/err.h"

/* SHA-256 of its DER, and until when it is good. 0 or -1 with E. */
int x509_look(const char *pem, uint8_t sha256[32], uint64_t *notafter, struct errmsg *e);

#endif
