/* Verbs about jobs: submit, wait, jobs, show, cancel. */

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "ctl/ctl.h"
#include "lib/strutil.h"

#define MAX_BLOBFILES TICKET_BLOBS

struct blobfile {
	char *data;
	size_t len;
	uint8_t sha256[32];
};

struct submit {
	struct msg_submit m;
	struct blobfile file[MAX_BLOBFILES];
	size_t nfiles;
	struct ticket *t; /* parsed only to tell which file is which blob */
	int wait, keep;
	const char *resultfile;
};

static void
read_blob(struct submit *s, const char *path)
{
	struct blobfile *b;

	if (s->nfiles == MAX_BLOBFILES)
		errx(CTL_EXIT_USAGE, "at most %d blobs", MAX_BLOBFILES);
	b = &s->file[s->nfiles++];
	b->data = ctl_readfile(path, BLOB_MAX, &b->len);
	crypto_hash_sha256(b->sha256, (const unsigned char *)b->data, b->len);
}

static void
read_sigs(struct msg_submit *m, char **files, int n)
{
	struct errmsg e;
	size_t len;
	char *text;

	if (n > TICKET_SIGS)
		errx(CTL_EXIT_USAGE, "at most %d signatures", TICKET_SIGS);
	for (int i = 0; i < n; i++) {
		text = ctl_readfile(files[i], SIGNIFY_TEXT_MAX, &len);
		if (sig_parse(&m->sig[i], text, len, &e) == -1)
			errx(CTL_EXIT_AGENT, "%s: %s", files[i], e.text);
		free(text);
	}
	m->nsigs = (size_t)n;
}

/* The file that is blob N of the ticket, NULL when none of those given is. */
static const struct blobfile *
blob_of(const struct submit *s, size_t n)
{
	if (s->t == NULL || n >= s->t->nblobs)
		return NULL;
	for (size_t i = 0; i < s->nfiles; i++)
		if (memcmp(s->file[i].sha256, s->t->blob[n].sha256, 32) == 0)
			return &s->file[i];
	return NULL;
}

/* Every blob that the ticket names must be among the files, and every file be one: told before
 * anything is sent. */
static int
check_blobs(struct submit *s)
{
	struct errmsg e;
	size_t used = 0;

	if ((s->t = calloc(1, sizeof(*s->t))) == NULL)
		err(CTL_EXIT_AGENT, NULL);
	if (ticket_parse(s->t, (const char *)s->m.ticket, s->m.len, &e) == -1) {
		free(s->t);
		s->t = NULL; /* the agent is the judge, and will say it */
		return 0;
	}
	for (size_t i = 0; i < s->t->nblobs; i++) {
		if (blob_of(s, i) == NULL) {
			warnx("blob %s: none of the -b files has its digest",
			    s->t->blob[i].def->name);
			return -1;
		}
		used++;
	}
	if (s->nfiles > used) {
		warnx("%zu -b files for %zu blobs", s->nfiles, used);
		return -1;
	}
	return 0;
}

static void
send_blob(struct ctl *c, const struct submit *s, const struct imsg *need)
{
	struct msg_blob b = {.index = 0};
	const struct blobfile *f;
	size_t off = 0;

	if (msg_needblob_get(need, b.id, &b.index) == -1 || (f = blob_of(s, b.index)) == NULL)
		errx(CTL_EXIT_AGENT, "the agent asks for a blob that the ticket does not name");
	while (off < f->len) {
		b.offset = (uint32_t)off;
		b.data = (const uint8_t *)f->data + off;
		b.len = f->len - off < MSG_PIECE ? f->len - off : MSG_PIECE;
		off += b.len;
		ctl_send(c, MSG_CTL_BLOB, msg_blob_put(&b));
	}
}

/* Sends the ticket, then the blobs that the agent asks for; TEXT gets its last words. */
static int
submit(struct ctl *c, const struct submit *s, char *text, size_t size)
{
	struct imsg m;
	int rc = -1;

	ctl_send(c, MSG_CTL_SUBMIT, msg_submit_put(&s->m));
	while (rc == -1) {
		ctl_recv(c, &m);
		if (m.type == MSG_CTL_NEEDBLOB)
			send_blob(c, s, &m);
		else if ((m.type == MSG_CTL_OK || m.type == MSG_CTL_ERR) &&
			 msg_text_get(&m, text, size) == 0)
			rc = m.type == MSG_CTL_OK ? CTL_EXIT_OK : CTL_EXIT_REFUSED;
		else
			errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
		imsg_free(&m);
	}
	return rc;
}

static int
submit_options(struct submit *s, int argc, char **argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "+b:kwo:")) != -1) {
		switch (ch) {
		case 'b':
			read_blob(s, optarg);
			break;
		case 'k':
			s->keep = s->wait = 1;
			break;
		case 'w':
			s->wait = 1;
			break;
		case 'o':
			s->resultfile = optarg;
			s->wait = 1;
			break;
		default:
			return -1;
		}
	}
	return argc - optind < 1 ? -1 : 0;
}

int
verb_submit(struct ctl *c, int argc, char **argv)
{
	struct submit s = {.t = NULL};
	uint8_t id[16];
	char text[1025], *ticket, *hex;
	int rc;

	if (sodium_init() == -1)
		errx(CTL_EXIT_AGENT, "libsodium does not start");
	if (submit_options(&s, argc, argv) == -1)
		return ctl_usage("submit");
	ticket = ctl_readfile(argv[optind], TICKET_MAX, &s.m.len);
	s.m.ticket = (const uint8_t *)ticket;
	read_sigs(&s.m, argv + optind + 1, argc - optind - 1);
	if (check_blobs(&s) == -1)
		return CTL_EXIT_USAGE;
	rc = submit(c, &s, text, sizeof(text));
	free(ticket);
	free(s.t);
	for (size_t i = 0; i < s.nfiles; i++)
		free(s.file[i].data);
	if (rc != CTL_EXIT_OK) {
		warnx("refused: %s", text);
		return rc;
	}
	if (!s.wait) {
		puts(text);
		return rc;
	}
	/* "accepted ID" or "known ID STATE" */
	if ((hex = strchr(text, ' ')) == NULL)
		errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
	hex[1 + strcspn(hex + 1, " ")] = '\0';
	return ctl_jobid(hex + 1, id) == -1 ? CTL_EXIT_AGENT
					    : ctl_wait(c, id, s.keep, s.resultfile);
}

/* The job id that a verb was given after its options; exits with the usage otherwise. */
static void
want_id(const char *verb, int argc, char **argv, uint8_t id[16])
{
	if (argc - optind != 1)
		exit(ctl_usage(verb));
	if (ctl_jobid(argv[optind], id) == -1)
		exit(CTL_EXIT_USAGE);
}

int
verb_wait(struct ctl *c, int argc, char **argv)
{
	const char *file = NULL;
	uint8_t id[16];
	int ch, keep = 0;

	while ((ch = getopt(argc, argv, "+ko:")) != -1) {
		if (ch == 'k')
			keep = 1;
		else if (ch == 'o')
			file = optarg;
		else
			return ctl_usage("wait");
	}
	want_id("wait", argc, argv, id);
	return ctl_wait(c, id, keep, file);
}

int
verb_jobs(struct ctl *c, int argc, char **argv)
{
	static const struct ctl_col cols[] = {{"id", "ID", COL_STR}, {"kind", "KIND", COL_STR},
	    {"state", "STATE", COL_STR}, {"end", "END", COL_STR},
	    {"accepted", "ACCEPTED", COL_TIME}, {"started", NULL, COL_TIME},
	    {"finished", "FINISHED", COL_TIME}, {"origin", "ORIGIN", COL_STR},
	    {"requester", "REQUESTER", COL_STR}, {"key", "KEY", COL_STR}, {"reason", NULL, COL_STR},
	    {NULL, NULL, COL_STR}};

	(void)argv;
	if (argc != 1)
		return ctl_usage("jobs");
	return ctl_list(c, MSG_CTL_JOBS, NULL, cols);
}

/* SHOW's items one below the other; the result record goes to a file when one is named. */
static void
show_item(const struct imsg *m, const char *file)
{
	const char *k, *v, *record = ctl_item(m, "result"), *b64 = ctl_item(m, "signature");
	struct errmsg e;
	struct sig sig;
	size_t pos = 0;
	char text[SIGNIFY_TEXT_MAX];

	if (file != NULL && record != NULL && b64 != NULL) {
		snprintf(text, sizeof(text), "untrusted comment: reeve result\n%s\n", b64);
		if (sig_parse(&sig, text, strlen(text), &e) == -1)
			errx(CTL_EXIT_AGENT, "the agent's signature is malformed: %s", e.text);
		if (ctl_saveresult(file, (const uint8_t *)record, strlen(record), &sig) == -1)
			exit(CTL_EXIT_AGENT);
	}
	while (msg_item_next(m, &pos, &k, &v) == 1) {
		if (strchr(v, '\n') == NULL)
			printf("%s: %s\n", k, v);
		else
			printf("%s:\n%s", k, v);
	}
}

int
verb_show(struct ctl *c, int argc, char **argv)
{
	static const struct ctl_col cols[] = {{"id", "ID", COL_STR}, {"kind", "KIND", COL_STR},
	    {"state", "STATE", COL_STR}, {"end", "END", COL_STR}, {"accepted", NULL, COL_TIME},
	    {"started", NULL, COL_TIME}, {"finished", NULL, COL_TIME}, {"origin", NULL, COL_STR},
	    {"requester", NULL, COL_STR}, {"key", NULL, COL_STR}, {"reason", NULL, COL_STR},
	    {"ticket", NULL, COL_STR}, {"result", NULL, COL_STR}, {"signature", NULL, COL_STR},
	    {NULL, NULL, COL_STR}};
	const char *file = NULL;
	struct imsg m;
	uint8_t id[16];
	char text[1025];
	int ch, rc = CTL_EXIT_OK, end = 0;

	while ((ch = getopt(argc, argv, "+o:")) != -1) {
		if (ch != 'o')
			return ctl_usage("show");
		file = optarg;
	}
	want_id("show", argc, argv, id);
	if (c->json)
		return ctl_list(c, MSG_CTL_SHOW, msg_id_put(id), cols);
	ctl_send(c, MSG_CTL_SHOW, msg_id_put(id));
	for (; !end; imsg_free(&m)) {
		ctl_recv(c, &m);
		if (m.type == MSG_CTL_ITEM) {
			show_item(&m, file);
			continue;
		}
		end = 1;
		if (m.type == MSG_CTL_ERR && msg_text_get(&m, text, sizeof(text)) == 0) {
			warnx("%s", text);
			rc = CTL_EXIT_REFUSED;
		}
	}
	return rc;
}

int
verb_cancel(struct ctl *c, int argc, char **argv)
{
	uint8_t id[16];
	char text[1025];
	int rc;

	optind = 1;
	want_id("cancel", argc, argv, id);
	rc = ctl_ask(c, MSG_CTL_CANCEL, msg_id_put(id), text, sizeof(text));
	if (rc == CTL_EXIT_OK)
		puts(text);
	else
		warnx("%s", text);
	return rc;
}
