/* How the signer confines itself, for sandbox/t_sign too. */
#ifndef SIGN_SANDBOX_H
#define SIGN_SANDBOX_H

#include "lib/sb.h"

/* As the build compiled it from sign/filter_rows.c. */
const struct sb_prog *sign_prog(void);
/* What the signer asks of sb_apply_dropped(). */
void sign_sandbox(struct sb *s);

#endif
