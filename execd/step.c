/* The steps that this executor knows: one row each. */
#include "execd/steps.h"

static const struct step_ops rows[] = {
    {KIND_NONE, STEP_SELFTEST, selftest_prepare, NULL, NULL, NULL},
    {KIND_NONE, STEP_VITALS, vitals_prepare, NULL, NULL, NULL},
    {KIND_AGENT_FACTS, 0, facts_prepare, NULL, NULL, NULL},
    {KIND_SCRIPT_RUN, 0, script_prepare, script_input, NULL, NULL},
    {KIND_PKG_REFRESH, 0, pkg_refresh_prepare, NULL, NULL, pkg_refresh_after},
    {KIND_PKG_LIST, 0, pkg_list_prepare, NULL, NULL, pkg_list_after},
    {KIND_PKG_INSTALL, 0, pkg_check_prepare, NULL, NULL, pkg_check_after},
    {KIND_PKG_INSTALL, 1, pkg_apply_prepare, NULL, pkg_apply_before, pkg_apply_after},
    {KIND_HAPROXY_SHOW, 0, haproxy_prepare, NULL, NULL, NULL},
    {KIND_HAPROXY_SERVER, 0, haproxy_prepare, NULL, NULL, NULL},
};

const struct step_ops *
step_find(enum kind_id kind, uint8_t step)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == kind && rows[i].step == step)
			return &rows[i];
	return NULL;
}
