/*
 * doctables messages|profiles: prints a table of SECURITY.md from the product's own tables.
 * regress/system/doctables.sh compares what stands between the marks there.
 */

#include <stdio.h>
#include <string.h>

#include "execd/profile.h"
#include "imsg/msg.h"

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

		printf("| %u | %s | %s, %s | ", r->num, r->name, room_name(r->from),
		    room_name(r->to));
		for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
			if ((r->phases & phases[i].bit) == 0)
				continue;
			printf("%s%s", comma, phases[i].name);
			comma = " ";
		}
		printf(" | %s | %u..%u | %u | %s |\n", r->times == MSG_ONCE ? "once" : "many", r->min,
		    r->max, r->fds, r->doc);
	}
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

	printf("| profile | class | runs as | capabilities | filter's default | namespaces | why |\n");
	printf("| --- | --- | --- | --- | --- | --- | --- |\n");
	for (uint32_t id = 0; id < PR_MAX; id++) {
		if ((p = profile_get(id)) == NULL)
			continue;
		printf("| %s | %s | %s | %s | %s |%s%s%s%s | %s |\n", p->name, classes[p->cls],
		    runs_as(p),
		    p->cls == CLASS_A && p->caps == 0 ? "none" : "see below",
		    p->dflt == SB_KILL ? "kill" : "EPERM", p->flags & PF_NEWPID ? " pid" : "",
		    p->flags & PF_NEWNET ? " net" : "", p->flags & PF_NEWNS ? " mount" : "",
		    (p->flags & (PF_NEWPID | PF_NEWNET | PF_NEWNS)) == 0 ? " -" : "", p->why);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "messages") == 0)
		messages();
	else if (argc == 2 && strcmp(argv[1], "profiles") == 0)
		profiles();
	else {
		fprintf(stderr, "usage: doctables messages|profiles\n");
		return 2;
	}
	return 0;
}
