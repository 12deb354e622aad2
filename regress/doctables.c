/*
 * doctables messages|profiles|errors|operator: prints a table of SECURITY.md or reeve-protocol(7)
 * from the product's own tables; regress/system/doctables.sh compares what stands between the marks
 * there. doctables agent|members: what else reeve-protocol(7) must name, a line each.
 */

#include <linux/capability.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "execd/profile.h"
#include "imsg/msg.h"
#include "proto/jsonin.h"
#include "regress/unit/apikit.h"

static const struct {
	unsigned int bit;
	const char *name;
} phases[] = {{PH_START, "start"}, {PH_SETUP, "setup"}, {PH_ARMED, "armed"}, {PH_RUN, "run"},
    {PH_STOP, "stop"}};

static void
messages(void)
{
	const struct msg_row *r;

	printf("| no | message | from, to | phases | times | bytes | fds | what |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (size_t n = 0; (r = msg_nth(n)) != NULL; n++) {
		const char *comma = "";

		printf(
		    "| %u | %s | %s, %s | ", r->num, r->name, room_name(r->from), room_name(r->to));
		for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
			if ((r->phases & phases[i].bit) == 0)
				continue;
			printf("%s%s", comma, phases[i].name);
			comma = " ";
		}
		printf(" | %s | %u..%u | %u | %s |\n", r->times == MSG_ONCE ? "once" : "many",
		    r->min, r->max, r->fds, r->doc);
	}
}

#define CAP(c)              \
	{                   \
		CAP_##c, #c \
	}
static const struct {
	unsigned int bit;
	const char *name;
} caps[] = {
    CAP(CHOWN),
    CAP(DAC_OVERRIDE),
    CAP(DAC_READ_SEARCH),
    CAP(FOWNER),
    CAP(FSETID),
    CAP(KILL),
    CAP(SETGID),
    CAP(SETUID),
    CAP(SETPCAP),
    CAP(LINUX_IMMUTABLE),
    CAP(NET_BIND_SERVICE),
    CAP(NET_BROADCAST),
    CAP(NET_ADMIN),
    CAP(NET_RAW),
    CAP(IPC_LOCK),
    CAP(IPC_OWNER),
    CAP(SYS_MODULE),
    CAP(SYS_RAWIO),
    CAP(SYS_CHROOT),
    CAP(SYS_PTRACE),
    CAP(SYS_PACCT),
    CAP(SYS_ADMIN),
    CAP(SYS_BOOT),
    CAP(SYS_NICE),
    CAP(SYS_RESOURCE),
    CAP(SYS_TIME),
    CAP(SYS_TTY_CONFIG),
    CAP(MKNOD),
    CAP(LEASE),
    CAP(AUDIT_WRITE),
    CAP(AUDIT_CONTROL),
    CAP(SETFCAP),
    CAP(MAC_OVERRIDE),
    CAP(MAC_ADMIN),
    CAP(SYSLOG),
    CAP(WAKE_ALARM),
    CAP(BLOCK_SUSPEND),
    CAP(AUDIT_READ),
    CAP(PERFMON),
    CAP(BPF),
    CAP(CHECKPOINT_RESTORE),
};

/* Where a profile's own tests are; sandbox/t_profiles goes over all of them by the table. */
static const char *const tests[] = {
    [PR_FACTS] = "sandbox/t_execd",
    [PR_SELFTEST] = "sandbox/t_execd",
    [PR_SCRIPT] = "sandbox/t_exec_script",
    [PR_PKG] = "system/exec_pkg",
    [PR_PKGPLAN] = "system/exec_pkg",
    [PR_PKGLIST] = "system/exec_pkg",
    [PR_HAPSOCK] = "system/exec_haproxy",
    [PR_VITALS] = "sandbox/t_vitals",
};

static void
print_caps(const struct profile *p)
{
	uint64_t left = p->caps;
	const char *comma = "";

	if (p->pu == PU_SCRIPT)
		printf("what scripts.conf names; root-equivalent ones that name none: ");
	else if (left == 0)
		printf("none");
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		if ((left & (1ULL << caps[i].bit)) == 0)
			continue;
		left &= ~(1ULL << caps[i].bit);
		printf("%s%s", comma, caps[i].name);
		comma = " ";
	}
	if (left != 0) {
		fprintf(stderr, "%s: a capability without a name\n", p->name);
		exit(1);
	}
}

static void
print_flags(const struct profile *p)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} flags[] = {{PF_NEWPID, "pid"}, {PF_NEWNET, "net"}, {PF_NEWNS, "mount"}};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if ((p->flags & flags[i].bit) == 0)
			continue;
		printf("%s%s", comma, flags[i].name);
		comma = " ";
	}
	if (*comma == '\0')
		printf("none");
}

static const char *
runs_as(const struct profile *p)
{
	if (p->pu == PU_ROOT)
		return "root";
	return p->pu == PU_SCRIPT ? "scripts.conf" : user_name(p->user);
}

static void
profiles(void)
{
	static const char *const classes[] = {"?", "a", "b", "c"};
	const struct profile *p;

	printf("| profile | class | runs as | capabilities | filter's default | namespaces | why "
	       "| test |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (uint32_t id = 0; id < PR_MAX; id++) {
		if ((p = profile_get(id)) == NULL)
			continue;
		if (id >= sizeof(tests) / sizeof(tests[0]) || tests[id] == NULL) {
			fprintf(stderr, "%s: no test is named for this profile\n", p->name);
			exit(1);
		}
		printf("| %s | %s | %s | ", p->name, classes[p->cls], runs_as(p));
		print_caps(p);
		printf(" | %s | ", p->dflt == SB_KILL ? "kill" : "EPERM");
		print_flags(p);
		printf(" | %s | %s |\n", p->why, tests[id]);
	}
}

static void
errors(void)
{
#define X(sym, status, code, doc) printf(".It %d Ta Cm %s Ta %s\n", status, code, doc);
	API_ERR_TABLE(X)
#undef X
}

struct route_row {
	const char *method, *path, *access;
};
#define ROUTE(method, path, access, max, handler, doc) {#method, path, #access},
static const struct route_row routes[] = {
#include "ctld/routes.def"
};
#undef ROUTE

/* The operator's rows of the page, or the agent's as METHOD PATH. */
static void
print_routes(const char *prefix, int page)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		char role[16] = "";

		if (strncmp(routes[i].path, prefix, strlen(prefix)) != 0)
			continue;
		for (size_t k = 0; routes[i].access[k] != '\0' && k + 1 < sizeof(role); k++)
			role[k] = (char)(routes[i].access[k] | 0x20);
		if (page)
			printf(".It %s Ta Li %s Ta %s\n", routes[i].method, routes[i].path, role);
		else
			printf("%s %s\n", routes[i].method, routes[i].path);
	}
}

/* MESSAGE MEMBER of V and what it holds, but what hosts name themselves. */
static void
print_members(const struct json *j, int v, const char *doc)
{
	char key[128];
	int m;

	for (size_t n = 0; n < json_len(j, v); n++) {
		m = json_at(j, v, n);
		if (json_type(j, v) == JSON_OBJECT) {
			if (json_key(j, v, n, key, sizeof(key)) == -1)
				exit(1);
			printf("%s %s\n", doc, key);
			if (strcmp(key, "tags") == 0 || strcmp(key, "vitals") == 0)
				continue;
		}
		print_members(j, m, doc);
	}
}

static void
members(void)
{
	for (enum doc d = 0; d < DOC_MAX; d++) {
		char *text = kit_doc(d);
		struct json *j = json_parse(text, strlen(text), NULL);

		if (j == NULL)
			exit(1);
		print_members(j, 0, d == DOC_SIG ? "signature" : doc_name[d]);
		json_free(j);
		free(text);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "messages") == 0)
		messages();
	else if (argc == 2 && strcmp(argv[1], "profiles") == 0)
		profiles();
	else if (argc == 2 && strcmp(argv[1], "errors") == 0)
		errors();
	else if (argc == 2 && strcmp(argv[1], "operator") == 0)
		print_routes("/v1/", 1);
	else if (argc == 2 && strcmp(argv[1], "agent") == 0)
		print_routes("/agent/", 0);
	else if (argc == 2 && strcmp(argv[1], "members") == 0)
		members();
	else {
		fprintf(
		    stderr, "usage: doctables messages|profiles|errors|operator|agent|members\n");
		return 2;
	}
	return 0;
}
