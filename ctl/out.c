/* Rows for people (libsmartcols) and for programs (JSON). */

#include <err.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "lib/strutil.h"
#include "proto/jsonout.h"

#define JSON_MAX (64u * 1024 * 1024)

struct ctl_table {
	const struct ctl_col *cols;
	struct libscols_table *tb; /* NULL: JSON */
	struct jsonout json;
};

void
ctl_time(uint64_t t, char *buf, size_t size)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (t == 0 || gmtime_r(&tt, &tm) == NULL || strftime(buf, size, "%F %TZ", &tm) == 0)
		snprintf(buf, size, "-");
}

const char *
ctl_item(const struct imsg *m, const char *key)
{
	const char *k, *v;
	size_t pos = 0;

	while (msg_item_next(m, &pos, &k, &v) == 1)
		if (strcmp(k, key) == 0)
			return v;
	return NULL;
}

struct ctl_table *
ctl_table_new(struct ctl *c, const struct ctl_col *cols)
{
	const struct ctl_col *col;
	struct ctl_table *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		err(CTL_EXIT_AGENT, NULL);
	t->cols = cols;
	if (c->json) {
		jo_init(&t->json, JSON_MAX);
		jo_arr(&t->json, NULL);
		return t;
	}
	if ((t->tb = scols_new_table()) == NULL)
		err(CTL_EXIT_AGENT, NULL);
	scols_table_enable_noheadings(t->tb, 0);
	for (col = cols; col->key != NULL; col++)
		if (col->title != NULL && scols_table_new_column(t->tb, col->title, 0,
					      col->type == COL_NUM ? SCOLS_FL_RIGHT : 0) == NULL)
			err(CTL_EXIT_AGENT, NULL);
	return t;
}

static void
add_json(struct ctl_table *t, const struct imsg *m)
{
	const struct ctl_col *col;
	const char *v;
	uint64_t n;

	jo_obj(&t->json, NULL);
	for (col = t->cols; col->key != NULL; col++) {
		if ((v = ctl_item(m, col->key)) == NULL)
			jo_null(&t->json, col->key);
		else if (col->type != COL_STR && str_u64(v, 0, UINT64_MAX, &n) == 0)
			jo_u64(&t->json, col->key, n);
		else
			jo_str(&t->json, col->key, v);
	}
	jo_end(&t->json);
}

static void
add_line(struct ctl_table *t, const struct imsg *m)
{
	struct libscols_line *ln = scols_table_new_line(t->tb, NULL);
	const struct ctl_col *col;
	const char *v;
	char buf[64];
	uint64_t n;
	size_t i = 0;

	if (ln == NULL)
		err(CTL_EXIT_AGENT, NULL);
	for (col = t->cols; col->key != NULL; col++) {
		if (col->title == NULL)
			continue;
		v = ctl_item(m, col->key);
		if (v == NULL || *v == '\0')
			v = "-";
		else if (col->type == COL_TIME && str_u64(v, 0, UINT64_MAX, &n) == 0) {
			ctl_time(n, buf, sizeof(buf));
			v = buf;
		}
		if (scols_line_set_data(ln, i++, v) != 0)
			err(CTL_EXIT_AGENT, NULL);
	}
}

int
ctl_table_add(struct ctl_table *t, const struct imsg *m)
{
	const char *k, *v;
	size_t pos = 0;
	int r;

	while ((r = msg_item_next(m, &pos, &k, &v)) == 1)
		;
	if (r == -1)
		return -1;
	if (t->tb == NULL)
		add_json(t, m);
	else
		add_line(t, m);
	return 0;
}

void
ctl_table_print(struct ctl_table *t)
{
	const char *text;

	if (t->tb != NULL) {
		if (scols_table_get_nlines(t->tb) > 0)
			scols_print_table(t->tb);
		scols_unref_table(t->tb);
	} else {
		jo_end(&t->json);
		if ((text = jo_text(&t->json)) == NULL)
			errx(CTL_EXIT_AGENT, "too much for one answer");
		puts(text);
		jo_free(&t->json);
	}
	free(t);
}

int
ctl_list(struct ctl *c, uint32_t type, struct ibuf *ib, const struct ctl_col *cols)
{
	struct ctl_table *t;
	struct imsg m;
	char text[1025];
	int end = 0, rc = CTL_EXIT_OK;

	ctl_send(c, type, ib);
	t = ctl_table_new(c, cols);
	while (!end) {
		ctl_recv(c, &m);
		if (m.type == MSG_CTL_END) {
			end = 1;
		} else if (m.type == MSG_CTL_ERR) {
			warnx("%s", msg_text_get(&m, text, sizeof(text)) == 0 ? text : "refused");
			rc = CTL_EXIT_REFUSED;
			end = 1;
		} else if (m.type != MSG_CTL_ITEM || ctl_table_add(t, &m) == -1)
			errx(CTL_EXIT_AGENT, "unexpected answer from the agent");
		imsg_free(&m);
	}
	ctl_table_print(t);
	return rc;
}
