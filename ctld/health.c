/* Whether ctld lives, for who watches it. */

#include <stdlib.h>
#include <string.h>

#include "ctld/route.h"
#include "ctld/signer.h"

void
on_healthz(struct req *r)
{
	req_json(r, 200, strdup("{\"ok\":true}"));
}

/* Ready is: the signer answers and the database can be written. */
void
on_readyz(struct req *r)
{
	struct errmsg e;

	if (!signer_up(r->c->signer)) {
		req_later(r, API_ERR_UNAVAILABLE, 5, "the signer is not there");
		return;
	}
	if (store_write(r->c->store, &e) == -1) {
		req_later(r, API_ERR_UNAVAILABLE, 5, "the database cannot be written");
		return;
	}
	req_json_durable(r, 200, strdup("{\"ok\":true}"));
}
