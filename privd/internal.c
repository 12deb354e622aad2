/* Internal steps. */

#include <string.h>

#include "lib/strutil.h"
#include "privd/internal.h"
#include "privd/stephost.h"

struct run *
internal_start(struct privd *p, const struct internal *in, const struct run_ops *ops, void *arg,
    struct errmsg *e)
{
	struct run_req req;

	memset(&req, 0, sizeof(req));
	if (p->spool == NULL) {
		err_set(e, "the spool is not open");
		return NULL;
	}
	if ((req.profile = profile_get(in->profile)) == NULL) {
		err_set(e, "no profile for it");
		return NULL;
	}
	str_hex(req.idhex, in->id, 16);
	if (stephost_fill(p, req.profile, NULL, &req.host, e) == -1 ||
	    (req.spool = spool_output(p->spool, in->id, 0, NULL, e)) == -1)
		return NULL;
	memcpy(req.start.id, in->id, 16);
	req.start.profile = in->profile;
	req.start.step = (uint8_t)in->step;
	req.start.seconds = in->seconds;
	req.start.grace = in->grace;
	req.start.output = in->output;
	req.start.ticket = (const uint8_t *)"";
	return run_start(p, &req, ops, arg, e);
}
