/* What each step does, by topic; step.c has the table. */
#ifndef EXECD_STEPS_H
#define EXECD_STEPS_H

#include "execd/work.h"

/* script.c */
int script_prepare(struct work *w, struct errmsg *e);
int script_input(struct work *w, struct errmsg *e);

/* bi_facts.c, bi_vitals.c, bi_selftest.c */
int facts_prepare(struct work *w, struct errmsg *e);
int vitals_prepare(struct work *w, struct errmsg *e);
int selftest_prepare(struct work *w, struct errmsg *e);

/* pkg.c, pkg_plan.c, pkg_list.c */
int pkg_refresh_prepare(struct work *w, struct errmsg *e);
void pkg_refresh_after(struct work *w);
int pkg_list_prepare(struct work *w, struct errmsg *e);
void pkg_list_after(struct work *w);
int pkg_check_prepare(struct work *w, struct errmsg *e);
void pkg_check_after(struct work *w);
int pkg_apply_prepare(struct work *w, struct errmsg *e);
void pkg_apply_before(struct work *w);
void pkg_apply_after(struct work *w);

/* bi_haproxy.c */
int haproxy_prepare(struct work *w, struct errmsg *e);

#endif
