/* reeve job: jobs of every kind. */
#include <bsd/string.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ask.h"
#include "lib/valid.h"

static struct ask ask;

int
cli_job_kinds(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 0, 1, "at most one KIND may follow");
	const struct kind *k;
	struct jsonout j;
	size_t i;

	if (json == -1)
		return CLI_OK;
	if (optind < argc) {
		if ((k = kind_byname(argv[optind])) == NULL)
			errx(CLI_NO, "there is no job kind \"%s\"; reeve job kinds lists them",
			    cli_clean(argv[optind]));
		kind_help(k);
		return CLI_OK;
	}
	if (!json) {
		kinds_list();
		return CLI_OK;
	}
	jo_init(&j, CLI_JSON_MAX);
	jo_arr(&j, NULL);
	for (i = 0; (k = kind_nth(i)) != NULL; i++) {
		jo_obj(&j, NULL);
		jo_str(&j, "kind", k->name);
		jo_str(&j, "cancel", kind_cancelname(k->cancel));
		jo_u64(&j, "seconds", k->seconds);
		jo_u64(&j, "maxseconds", k->maxseconds);
		jo_str(&j, "does", k->doc);
		jo_end(&j);
	}
	jo_end(&j);
	cli_json(&j);
	return CLI_OK;
}

/* ---- submit ---- */

/* The ticket's hosts must be those of the roster, by id and by name. */
static void
check_hosts(const struct ask *a)
{
	const struct roster_host *h;
	size_t i;

	for (i = 0; i < a->fan.nruns; i++) {
		h = roster_need(&a->roster, a->fan.run[i].name);
		if (strcmp(h->id, a->fan.run[i].id) != 0)
			errx(CLI_NO, "%s: the ticket's id for %s is not the one that you pinned",
			    a->ticket, h->name);
	}
}

/* A ticket that was made and signed elsewhere, by several holders perhaps. */
static int
submit_ready(const struct verb *v, struct ask *a)
{
	struct sig sig[TICKET_SIGS];
	struct errmsg e;
	size_t len, i;
	char *text;

	if (a->nsigs == 0)
		cli_usage(v, "--ticket needs its signatures: --sig FILE, once for each");
	ask_open(a);
	text = cli_read(a->ticket, TICKET_MAX, &len);
	order_take(&a->fan, &a->roster, text, len);
	free(text);
	check_hosts(a);
	for (i = 0; i < a->nsigs; i++) {
		text = cli_read(a->sigfile[i], SIGNIFY_TEXT_MAX, &len);
		if (sig_parse(&sig[i], text, len, &e) == -1)
			errx(CLI_NO, "%s: %s", a->sigfile[i], e.text);
		free(text);
	}
	order_handin(&a->fan, sig, a->nsigs);
	return ask_told(a);
}

int
cli_job_submit(const struct verb *v, int argc, char **argv)
{
	int first, hosts;

	ask_options(v, &ask, argc, argv);
	if (ask.help) {
		cli_help(v);
		return CLI_OK;
	}
	if (ask.ticket != NULL) {
		if (optind != argc)
			cli_usage(v, "--ticket has its kind and hosts in it: no word may follow");
		return submit_ready(v, &ask);
	}
	if (optind == argc)
		cli_usage(v, "a KIND is needed; reeve job kinds lists them");
	if ((ask.draft.t.kind = kind_byname(argv[optind])) == NULL)
		errx(CLI_NO, "there is no job kind \"%s\"; reeve job kinds lists them",
		    cli_clean(argv[optind]));
	first = optind + 1;
	for (hosts = first; hosts < argc && strchr(argv[hosts], '=') == NULL; hosts++)
		;
	if (hosts == first)
		cli_usage(v, "at least one HOST is needed, before the first name=value");
	for (optind = hosts; optind < argc; optind++)
		draft_word(v, &ask.draft.words, "argument", argv[optind]);
	ask_open(&ask);
	return ask_go(v, &ask, ask_hosts(v, &ask, argv + first, (size_t)(hosts - first)),
	    (size_t)(hosts - first));
}

/* ---- a job that is there ---- */

/* One ID, then hosts perhaps. */
static const char *
job_id(const struct verb *v, int argc, char **argv, int more)
{
	if (optind == argc || (!more && argc - optind > 1))
		cli_usage(v, "one job ID is needed");
	if (!valid_hex(argv[optind], JOB_IDLEN))
		cli_usage(v, "a job's ID is 32 lower-case hex digits, not \"%s\"",
		    cli_clean(argv[optind]));
	return argv[optind];
}

/* Leaves only the runs of the hosts named; all when none is. */
static void
only_hosts(const struct verb *v, struct fan *f, int n, char **words)
{
	size_t i, k = 0;
	int w;

	for (w = 0; w < n; w++) {
		const char *name = net_hostname(v, words[w]);

		for (i = 0; i < f->nruns && strcmp(f->run[i].name, name) != 0; i++)
			;
		if (i == f->nruns)
			errx(CLI_NO, "job %s is not for %s", f->task[0].id, name);
	}
	for (i = 0; n > 0 && i < f->nruns; i++) {
		for (w = 0; w < n && strcmp(f->run[i].name, net_hostname(v, words[w])) != 0; w++)
			;
		if (w == n) /* nobody asks for it */
			f->run[i].told = f->run[i].streamed = 1;
		else
			k++;
	}
	f->asked = n > 0 ? k : f->nruns;
}

static int
follow_job(const struct verb *v, int argc, char **argv, enum show one, enum show several)
{
	struct answer said;
	const char *id;

	ask_options(v, &ask, argc, argv);
	if (ask.help) {
		cli_help(v);
		return CLI_OK;
	}
	id = job_id(v, argc, argv, 1);
	ask_open(&ask);
	order_load(&ask.fan, &ask.roster, id, &said);
	answer_free(&said);
	only_hosts(v, &ask.fan, argc - optind - 1, argv + optind + 1);
	ask.fan.show = ask.fan.asked == 1 ? one : several;
	ask.fan.judge_output = ask.fan.show != SHOW_NONE || ask.json;
	return ask_follow(&ask);
}

int
cli_job_wait(const struct verb *v, int argc, char **argv)
{
	return follow_job(v, argc, argv, SHOW_NONE, SHOW_NONE);
}

int
cli_job_tail(const struct verb *v, int argc, char **argv)
{
	return follow_job(v, argc, argv, SHOW_LIVE, SHOW_PREFIX);
}

static void
show_runs(struct fan *f, const struct json *j)
{
	static const char *const cols[] = {
	    "HOST", "STATE", "STARTED", "FINISHED", "OUTPUT", "RESULT"};
	struct table *t = table_new(cols, 6, 1);
	int runs = j_sub(j, 0, "runs", JSON_ARRAY), v;
	char bytes[32];
	size_t i, k;

	for (i = 0; i < f->nruns; i++) {
		struct run *r = &f->run[i];

		for (k = 0; k < json_len(j, runs); k++)
			if (strcmp(j_str(j, json_at(j, runs, k), "host"), r->name) == 0)
				break;
		v = json_at(j, runs, k);
		if (r->final)
			judge_run(r, 0);
		snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)r->output);
		table_row(
		    t, (const char *[]){r->name, r->state, net_time(j_u64(j, v, "started_at")),
			   net_time(j_u64(j, v, "finished_at")), bytes,
			   r->final ? report_words(r) : "-"});
	}
	table_print(t);
}

int
cli_job_show(const struct verb *v, int argc, char **argv)
{
	int json = net_options(v, argc, argv, 1, 1, "one job ID is needed");
	struct answer said;
	const char *id;

	if (json == -1)
		return CLI_OK;
	id = job_id(v, argc, argv, 0);
	ask_open(&ask);
	order_load(&ask.fan, &ask.roster, id, &said);
	if (json)
		j_print(said.j, 0);
	else {
		printf("%s\nsubmitted %s by %s\n\n", ask.fan.task[0].text,
		    net_time(j_u64(said.j, 0, "submitted")), j_clean(said.j, 0, "submitted_by"));
		show_runs(&ask.fan, said.j);
	}
	answer_free(&said);
	return CLI_OK;
}

/* ---- list ---- */

struct listing {
	struct table *t;
	int json;
	uint64_t n, most;
};

/* "web1", "web1 and 3 more"; "finished", "2 queued, 1 finished" */
static void
sum_up(const struct json *j, int runs, char *hosts, char *states, size_t size)
{
	static const char *const all[] = {"queued", "leased", "accepted", "started", "finished",
	    "refused", "expired", "cancelled"};
	size_t count[8] = {0}, n = json_len(j, runs), i, k;
	char one[40];

	snprintf(hosts, size, "%s", n > 0 ? j_clean(j, json_at(j, runs, 0), "host") : "-");
	if (n > 1) {
		snprintf(one, sizeof(one), " and %zu more", n - 1);
		strlcat(hosts, one, size);
	}
	for (i = 0; i < n; i++)
		for (k = 0; k < 8; k++)
			count[k] += strcmp(j_str(j, json_at(j, runs, i), "state"), all[k]) == 0;
	states[0] = '\0';
	for (k = 0; k < 8; k++) {
		if (count[k] == 0)
			continue;
		snprintf(one, sizeof(one), n > 1 ? "%s%zu %s" : "%s%.0zu%s",
		    states[0] != '\0' ? ", " : "", n > 1 ? count[k] : 0, all[k]);
		strlcat(states, one, size);
	}
}

static void
list_one(const struct json *j, int v, void *arg)
{
	struct listing *l = arg;
	char hosts[300], states[300];
	const char *raw;
	size_t len;

	if (l->n++ >= l->most)
		return;
	if (l->json) {
		raw = json_raw(j, v, &len);
		fputs(l->n > 1 ? "," : "", stdout);
		cli_put_json(stdout, raw, len);
		return;
	}
	sum_up(j, j_sub(j, v, "runs", JSON_ARRAY), hosts, states, sizeof(hosts));
	table_row(l->t,
	    (const char *[]){j_clean(j, v, "id"), j_clean(j, v, "kind"), j_clean(j, v, "requester"),
		net_time(j_u64(j, v, "submitted")), hosts, states});
}

int
cli_job_list(const struct verb *v, int argc, char **argv)
{
	static const struct option longs[] = {{"help", no_argument, NULL, 'h'},
	    {"json", no_argument, NULL, 'j'}, {"host", required_argument, NULL, 'o'},
	    {"state", required_argument, NULL, 's'}, {"limit", required_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0}};
	static const char *const cols[] = {
	    "ID", "KIND", "REQUESTER", "SUBMITTED", "HOSTS", "STATE"};
	struct listing l = {.most = 100};
	char path[900] = "/v1/jobs?", one[700];
	int ch;

	while ((ch = cli_getopt(v, argc, argv, "h", longs)) != -1) {
		if (ch == 'h') {
			cli_help(v);
			return CLI_OK;
		}
		if (ch == 'j')
			l.json = 1;
		else if (ch == 'l')
			l.most = cli_number(v, "--limit", optarg, 1, 1000000);
		else {
			site_escape(ch == 'o' ? net_hostname(v, optarg) : optarg, one, 300);
			strlcat(path, ch == 'o' ? "host=" : "state=", sizeof(path));
			strlcat(path, one, sizeof(path));
			strlcat(path, "&", sizeof(path));
		}
	}
	if (optind != argc)
		cli_usage(v, "no word may follow");
	if (l.json)
		printf("{\"jobs\":[");
	else
		l.t = table_new(cols, 6, 1);
	site_some(site_open(), path, "jobs", l.most, list_one, &l);
	if (l.json)
		printf("]}\n");
	else
		table_print(l.t);
	return CLI_OK;
}
