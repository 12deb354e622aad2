/* policy.conf in memory: written by policy.c alone, judged by policy_eval.c. */
#ifndef PRIVD_POLICY_RULES_H
#define PRIVD_POLICY_RULES_H

#include "privd/policy.h"

#define POLICY_KEYS   64
#define POLICY_ALLOWS 512 /* over all keys */
#define POLICY_LIMITS 64

/* Longest span of a ticket that an automation key may sign, in seconds (notafter - issued). */
#define AUTOMATION_SPAN 3600

/* One word of an allow line. */
struct policy_allow {
	char kind[64];	  /* a kind's name, or a pattern with one '*' at its start or end */
	char sub[66];	  /* script.run:SUB, "" any script */
	unsigned int key; /* whose section */
	unsigned int line;
};

/* One line of [limit]. */
struct policy_limit {
	const struct kind *kind; /* NULL: every kind */
	enum arg_type type;
	char **value;
	unsigned int nvalues;
	int none; /* "(none)" is listed */
	unsigned int line;
};

struct policy {
	struct policy_key key[POLICY_KEYS];
	unsigned int nkeys;
	struct policy_allow allow[POLICY_ALLOWS];
	unsigned int nallows;
	struct policy_limit limit[POLICY_LIMITS];
	unsigned int nlimits;
};

/* 1 when ALLOW's kind pattern is NAME of K; a '*' matches harmless kinds only. */
int policy_kindmatch(const char *pattern, const struct kind *k);
/* 1 when L has a say on argument A of K. */
int policy_limits(const struct policy_limit *l, const struct kind *k, const struct kind_arg *a);

#endif
