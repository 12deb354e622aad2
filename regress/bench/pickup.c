/*
 * pickup ADDRESS PORT NAME CA CERT KEY HOSTNAME HOSTID FLEET TOKENFILE SECKEY TURNS
 *
 * How soon a waiting agent has a job that an operator queues: this program is both, an agent that
 * waits in a claim and an operator who posts a signed ticket, over two connections that stay open.
 * One turn is from the operator's request until the claim's answer is whole. Each job is refused by
 * this agent afterwards, which is not timed. Prints one line, in microseconds.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "net/httpc.h"
#include "proto/api.h"
#include "proto/jsonout.h"

#define JOB "script.run"

static struct seckey key;
static char token[TICKET_MAX], fields[512];

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static char *
slurp(const char *path, size_t *len)
{
	struct errmsg e;
	char *text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || fd_slurp(fd, 1 << 20, &text, len, &e) == -1)
		err(1, "%s", path);
	close(fd);
	return text;
}

static struct httpc *
open_conn(char **av, int agent)
{
	struct netconf_in nc = {.name = av[3]};
	struct httpc_in in = {.host = av[3], .agent = "pickup", .setup_ms = 5000};
	struct netconf *conf;
	struct httpc *c;
	struct errmsg e;
	uint64_t port;
	size_t len;

	nc.ca = slurp(av[4], &nc.calen);
	if (agent) {
		nc.cert = slurp(av[5], &len);
		nc.key = slurp(av[6], &len);
	}
	if (str_u64(av[2], 1, 65535, &port) == -1 || (conf = netconf_new(&nc, &e)) == NULL)
		errx(1, "%s", e.text);
	in.conf = conf;
	if ((in.fd = simple_connect(av[1], (uint16_t)port, 5000, &e)) == -1 ||
	    (c = httpc_new(&in, &e)) == NULL)
		errx(1, "%s", e.text);
	return c;
}

static void
call(struct httpc *c, struct httpc_req *r, int status)
{
	struct simple_answer a;
	enum net_fault f;
	struct errmsg e;

	if (simple_call(c, r, &a, &f, &e) == -1)
		errx(1, "%s: %s", r->path, e.text);
	if (a.head.status != status)
		errx(1, "%s: %d %s", r->path, a.head.status, a.body);
	free(a.body);
}

/* ---- the agent's claim, under way while the operator posts ---- */

struct claim {
	char buf[65536];
	size_t len;
	double at;
	int over;
};

static int
claim_piece(struct httpc *c, const uint8_t *p, size_t len, void *arg)
{
	struct claim *cl = arg;

	(void)c;
	if (len > sizeof(cl->buf) - cl->len)
		return -1;
	memcpy(cl->buf + cl->len, p, len);
	cl->len += len;
	return 0;
}

static void
claim_done(struct httpc *c, enum net_fault f, const char *why, void *arg)
{
	struct claim *cl = arg;

	(void)c;
	if (f != NETF_NONE)
		errx(1, "claim: %s", why);
	cl->at = now_us();
	cl->over = 1;
}

static void
claim_begin(struct httpc *c, struct claim *cl)
{
	struct api_claim body = {.free = 1, .nkinds = 1};
	struct httpc_req r = {.method = "POST",
	    .path = "/agent/v1/claim?wait=50",
	    .headers = fields,
	    .body_max = sizeof(cl->buf),
	    .send_ms = 5000,
	    .head_ms = 60000,
	    .body_ms = 5000,
	    .piece = claim_piece,
	    .done = claim_done,
	    .arg = cl};
	char *text;

	memset(cl, 0, sizeof(*cl));
	snprintf(body.kind[0], sizeof(body.kind[0]), JOB);
	if ((text = api_claim_put(&body)) == NULL)
		err(1, "claim");
	r.body = text;
	r.bodylen = strlen(text);
	if (httpc_request(c, &r) == -1)
		errx(1, "claim");
	free(text);
	while (!httpc_was_sent(c)) {
		struct pollfd p = {.fd = httpc_fd(c), .events = httpc_events(c)};

		if (poll(&p, 1, 5000) != 1)
			errx(1, "claim: not sent");
		httpc_run(c);
	}
}

static void
claim_end(struct httpc *c, struct claim *cl)
{
	while (!cl->over) {
		struct pollfd p = {.fd = httpc_fd(c), .events = httpc_events(c)};

		if (poll(&p, 1, 60000) != 1)
			errx(1, "claim: no answer");
		httpc_run(c);
	}
}

/* ---- the operator ---- */

static char *
make_body(char **av, char id[33])
{
	struct jsonout j;
	unsigned char raw[16];
	char text[1024], b64[101], *body;
	struct sig sig;
	long t = (long)time(NULL);
	int n;

	randombytes_buf(raw, sizeof(raw));
	str_hex(id, raw, sizeof(raw));
	n = snprintf(text, sizeof(text),
	    "reeve-job 1\nfleet %s\nhost %s %s\nid %s\nissued %ld\nnotbefore %ld\nnotafter %ld\n"
	    "requester bench\nkind " JOB "\narg name true\nend\n",
	    av[9], av[8], av[7], id, t, t, t + 600);
	seckey_sign(&key, text, (size_t)n, &sig);
	sig_write_b64(&sig, b64);
	jo_init(&j, 16384);
	jo_obj(&j, NULL);
	jo_str(&j, "ticket", text);
	jo_arr(&j, "signatures");
	jo_str(&j, NULL, b64);
	jo_end(&j);
	jo_end(&j);
	if (jo_text(&j) == NULL || (body = strdup(jo_text(&j))) == NULL)
		err(1, "body");
	jo_free(&j);
	return body;
}

static double
turn(struct httpc *agent, struct httpc *oper, char **av)
{
	static struct claim cl;
	struct api_claimed got;
	struct api_state st = {.state = "refused", .reason = "bench"};
	struct httpc_req post = {.method = "POST", .path = "/v1/jobs", .bearer = token};
	struct httpc_req state = {.method = "POST", .headers = fields};
	struct errmsg e;
	char id[33], path[128], *body, *text;
	double t0;

	body = make_body(av, id);
	post.body = body;
	post.bodylen = strlen(body);
	claim_begin(agent, &cl);
	t0 = now_us();
	call(oper, &post, 201);
	claim_end(agent, &cl);
	if (api_claimed_get(&got, cl.buf, cl.len, &e) == -1 || got.njobs != 1)
		errx(1, "claim: %.*s", (int)cl.len, cl.buf);
	st.fence = got.job[0].fence;
	api_claimed_free(&got);
	snprintf(path, sizeof(path), "/agent/v1/job/%s/state", id);
	text = api_state_put(&st);
	state.path = path;
	state.body = text;
	state.bodylen = strlen(text);
	call(agent, &state, 200);
	free(text);
	free(body);
	return cl.at - t0;
}

static int
cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	struct httpc *agent, *oper;
	struct errmsg e;
	uint64_t turns;
	double *us;
	size_t len;
	char *text;

	if (argc != 13 || str_u64(argv[12], 10, 100000, &turns) == -1)
		errx(2, "usage: see the head of pickup.c");
	if (sodium_init() == -1)
		errx(1, "libsodium");
	text = slurp(argv[10], &len);
	snprintf(token, sizeof(token), "%.*s", (int)strcspn(text, "\n"), text);
	text = slurp(argv[11], &len);
	if (seckey_parse(&key, text, len, NULL, &e) == -1)
		errx(1, "%s: %s", argv[11], e.text);
	snprintf(fields, sizeof(fields), "Host-Name: %s\r\nReeve: 1\r\n", argv[7]);
	agent = open_conn(argv, 1);
	oper = open_conn(argv, 0);
	if ((us = calloc(turns, sizeof(*us))) == NULL)
		err(1, "calloc");
	(void)turn(agent, oper, argv);
	for (uint64_t i = 0; i < turns; i++)
		us[i] = turn(agent, oper, argv);
	qsort(us, turns, sizeof(*us), cmp);
	printf("pick-up p50 %.0f p90 %.0f p99 %.0f\n", us[turns / 2], us[turns * 9 / 10],
	    us[turns * 99 / 100]);
	return 0;
}
