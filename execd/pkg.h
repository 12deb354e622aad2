/* What the package steps share. */
#ifndef EXECD_PKG_H
#define EXECD_PKG_H

#include "execd/plan.h"
#include "execd/work.h"

/* A command of the package manager: environment from scratch, noninteractive. */
void pkg_command(struct command *c, const char *home);
/* "-o", "NAME=VALUE" */
void pkg_option(struct command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the check and the apply step of pkg.install must say alike: names, version, who may go. */
void pkg_install_args(struct command *c, const struct ticket *t);
/* "changes": [{action, name, old, new}, ...] */
void pkg_json_changes(struct jsonout *j, const struct plan *p);

#endif
