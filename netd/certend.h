/* When a certificate ends. Only for netd's own: nothing is verified here. */
#ifndef NETD_CERTEND_H
#define NETD_CERTEND_H

#include <stdint.h>

/*
 * notAfter (RFC 5280 section 4.1.2.5) of the first certificate of PEM, seconds since the epoch; 0
 * when there is none that can be read.
 */
uint64_t certend_of(const char *pem);

#endif
