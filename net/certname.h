/* Whether a server's certificate names anybody in the way that counts. */
#ifndef NET_CERTNAME_H
#define NET_CERTNAME_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first certificate of PEM (LEN bytes) has a subjectAltName with a DNS name or an address
 * (RFC 5280 section 4.2.1.6): 1, 0 not, -1 not a certificate. libtls falls back to the subject's
 * common name where there is none, which RFC 9110 section 4.3.4 gave up: any CA that leaves the
 * subject to the applicant would let him choose our server's name.
 */
int certname_has_san(const uint8_t *pem, size_t len);

#endif
