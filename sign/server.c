/* The control plane's own certificate. */
#include <stdlib.h>
#include <time.h>

#include "lib/fdutil.h"
#include "lib/netaddr.h"
#include "lib/valid.h"
#include "sign/server.h"

static int
name_ok(const char *name)
{
	struct netaddr a;

	return netaddr_parse(&a, name) == 0 || valid_hostname(name);
}

char *
server_certify(struct sign *s, int fd, const char *const *names, size_t n, struct errmsg *e)
{
	char req[X509_PEMMAX + 1];
	uint8_t spki[SPKI_LEN];
	struct certwant w = {.spki = spki, .names = names, .nnames = n};
	ssize_t len;

	for (size_t i = 0; i < n; i++)
		if (!name_ok(names[i])) {
			err_set(
			    e, "name %s: must be a lower-case host name or an address", names[i]);
			return NULL;
		}
	if ((len = fd_readn(fd, req, sizeof(req))) == -1) {
		err_errno(e, "request");
		return NULL;
	}
	if ((size_t)len > X509_PEMMAX) {
		err_set(e, "the request is longer than %d bytes", X509_PEMMAX);
		return NULL;
	}
	if (x509_csr_key(s->ca, req, (size_t)len, spki, e) == -1)
		return NULL;
	x509_serial(w.serial);
	w.from = (uint64_t)time(NULL);
	w.name = names[0];
	return x509_certify(s->ca, &w, e);
}
