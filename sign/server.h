/* The control plane's own certificate: for who owns the key files, never over the socket. */
#ifndef SIGN_SERVER_H
#define SIGN_SERVER_H

#include <stddef.h>

#include "sign/sign.h"

/*
 * Reads a request (PKCS #10, PEM) from FD to its end and certifies its key as a server's, for NAMES
 * (host names and addresses, 1..X509_NAMES). The certificate in PEM, malloc'ed; NULL with E.
 */
char *server_certify(struct sign *s, int fd, const char *const *names, size_t n, struct errmsg *e);

#endif
