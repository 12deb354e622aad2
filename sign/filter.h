/* The rows of the signer's filter, for sandbox/t_sign. */
#ifndef SIGN_FILTER_H
#define SIGN_FILTER_H

#include "lib/sb.h"

const struct sb_set *sign_rows(void);

#endif
