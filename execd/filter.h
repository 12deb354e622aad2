/*
 * The filters of every profile. filter_rows() says which rows a filter has: execd/mkfilters.c
 * compiles them while reeve is built, into build/gen/filters.h, and filter_get() finds the compiled
 * program there. So no job waits for a compiler of filters, and execd has no libseccomp.
 */
#ifndef EXECD_FILTER_H
#define EXECD_FILTER_H

#include "execd/profile.h"

enum filter_use {
	FILTER_TOOL,	  /* the profile's tool */
	FILTER_IDS,	  /* the same, with SBS_IDS: a script that keeps capabilities */
	FILTER_SUP,	  /* the supervisor, the same for every profile */
	FILTER_SUP_FILES, /* a supervisor that reads files for its effect check */
	FILTER_MAX
};

/* Fills F with the sets of USE for profile P. 1, or 0 when P has no such filter. */
int filter_rows(const struct profile *p, enum filter_use use, struct sb_filter *f);

/* The program of USE for P as the build compiled it; NULL when P has no such filter. */
const struct sb_prog *filter_get(const struct profile *p, enum filter_use use);

#endif
