/* reevectl: the operator's hand on a managed host. Options, the verb table, help. */

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "version.h"

#define CONTROL_SOCKET "/run/reeve/control.sock"

static const struct ctl_verb verbs[] = {
    {"submit", "[-w] [-k] [-o FILE] [-b BLOB]... TICKET SIG...",
	"gives a signed ticket to this host; -w waits for its end", verb_submit},
    {"jobs", "", "lists jobs that this host knows", verb_jobs},
    {"show", "[-o FILE] ID", "one job: ticket, state, signed result", verb_show},
    {"wait", "[-k] [-o FILE] ID", "follows a job's output to its end; -k leaves it unread",
	verb_wait},
    {"cancel", "ID", "cancels a job by the host's own word", verb_cancel},
    {"status", "", "the agent, its processes and their confinement, keys, scripts", verb_status},
    {"reload", "", "reads configuration, policy, scripts and keys again, all or nothing",
	verb_reload},
    {"check", "[-f FILE]", "checks the configuration without touching the agent", verb_check},
    {"self-test", "", "shows that the live agent refuses and confines", verb_selftest},
    {"policy", "test TICKET [SIG...]", "would policy allow this ticket, and by which line",
	verb_policy},
    {"trust", "FILE SIG...", "gives the host a new key store that admin keys signed", verb_trust},
    {"fingerprint", "", "what an operator compares before this host is pinned in a roster",
	verb_fingerprint},
    {"audit", "verify [-k KEY] FILE...", "verifies the chain of audit files, oldest first",
	verb_audit},
    {"enroll", "[-f FILE] [-n SERVER] [--hostname NAME] TOKEN|FILE|-",
	"joins a control plane by its one-use token; a FILE or - keeps that out of the shell's "
	"history",
	verb_enroll},
    {NULL, NULL, NULL, NULL},
};

const struct ctl_verb *
ctl_verbs(void)
{
	return verbs;
}

static const struct ctl_verb *
verb_find(const char *name)
{
	const struct ctl_verb *v;

	for (v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static void
help(FILE *f)
{
	const struct ctl_verb *v;

	fprintf(f, "usage: reevectl [-V] [-s SOCKET] [--json] VERB [ARG...]\n\n");
	for (v = verbs; v->name != NULL; v++)
		fprintf(f, "  %-11s %s\n", v->name, v->doc);
	fprintf(f, "\n\"reevectl VERB --help\" tells a verb's arguments; reevectl(8) the rest.\n");
}

static void
usage(FILE *f, const struct ctl_verb *v)
{
	fprintf(f, "usage: reevectl %s%s%s\n", v->name, *v->args == '\0' ? "" : " ", v->args);
}

static int
verb_help(const struct ctl_verb *v)
{
	usage(stdout, v);
	printf("\n%s\n", v->doc);
	return CTL_EXIT_OK;
}

int
ctl_usage(const char *name)
{
	const struct ctl_verb *v = verb_find(name);

	if (v != NULL)
		usage(stderr, v);
	return CTL_EXIT_USAGE;
}

/* A bash completion, made from the verb table. */
static void
completion(void)
{
	const struct ctl_verb *v;

	printf("# bash completion for reevectl(8); printed by reevectl --completion\n"
	       "_reevectl() {\n"
	       "\tlocal words='--help --json'\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"$words");
	for (v = verbs; v->name != NULL; v++)
		printf(" %s", v->name);
	printf("\"\n\tfi\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -f -- "
	       "\"${COMP_WORDS[COMP_CWORD]}\")\n"
	       "}\n"
	       "complete -o filenames -F _reevectl reevectl\n");
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'},
	    {"completion", no_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	const struct ctl_verb *v;
	struct ctl c = {.socket = CONTROL_SOCKET};
	int ch, rc;

	if (fd_sane() == -1)
		return CTL_EXIT_AGENT;
	log_init("reevectl", 1, 0);
	while ((ch = getopt_long(argc, argv, "+hs:V", longs, NULL)) != -1) {
		switch (ch) {
		case 'c':
			completion();
			return CTL_EXIT_OK;
		case 'h':
			help(stdout);
			return CTL_EXIT_OK;
		case 'j':
			c.json = 1;
			break;
		case 's':
			c.socket = optarg;
			break;
		case 'V':
			printf("reevectl %s\n", REEVE_VERSION);
			return CTL_EXIT_OK;
		default:
			return CTL_EXIT_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		help(stderr);
		return CTL_EXIT_USAGE;
	}
	if ((v = verb_find(argv[0])) == NULL) {
		warnx("%s: no such verb; \"reevectl --help\" lists them", argv[0]);
		return CTL_EXIT_USAGE;
	}
	if (argc > 1 && strcmp(argv[argc - 1], "--json") == 0) {
		c.json = 1;
		argv[--argc] = NULL;
	}
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return verb_help(v);
	optind = 0;
	rc = v->run(&c, argc, argv);
	imsgbuf_free(c.chan);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn("standard output");
		return CTL_EXIT_AGENT;
	}
	return rc;
}
