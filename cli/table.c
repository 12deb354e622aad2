/* Tables for a person, by libsmartcols; a plain list of columns when nobody looks. */
#include <err.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

struct table {
	struct libscols_table *tb;
	size_t ncols;
};

/* Words that a person looks for in a column of them. */
static const struct {
	const char *word, *colour;
} painted[] = {
    {"ok", "green"},
    {"online", "green"},
    {"finished", "green"},
    {"silent", "yellow"},
    {"no answer", "yellow"},
    {"maintenance", "yellow"},
    {"refused", "red"},
    {"revoked", "red"},
    {"LIES", "red"},
    {"DIFFERS", "red"},
    {"CLONE", "red"},
};

/* On a terminal that knows colours, unless NO_COLOR (no-color.org) is set. */
static int
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static void
paint(struct libscols_line *ln, size_t col, const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(painted) / sizeof(painted[0]); i++)
		if (strcmp(painted[i].word, word) == 0 &&
		    scols_cell_set_color(scols_line_get_cell(ln, col), painted[i].colour) != 0)
			err(CLI_CANNOT, NULL);
}

struct table *
table_new(const char *const *cols, size_t ncols, int headings)
{
	struct table *t = calloc(1, sizeof(*t));
	size_t i;

	if (t == NULL || (t->tb = scols_new_table()) == NULL)
		err(CLI_CANNOT, NULL);
	t->ncols = ncols;
	scols_table_enable_noheadings(t->tb, !headings);
	scols_table_enable_colors(t->tb, wants_colour());
	for (i = 0; i < ncols; i++)
		if (scols_table_new_column(t->tb, cols[i], 0, i + 1 == ncols ? SCOLS_FL_WRAP : 0) ==
		    NULL)
			err(CLI_CANNOT, NULL);
	return t;
}

void
table_row(struct table *t, const char *const *cells)
{
	struct libscols_line *ln = scols_table_new_line(t->tb, NULL);
	size_t i;

	if (ln == NULL)
		err(CLI_CANNOT, NULL);
	for (i = 0; i < t->ncols; i++) {
		if (scols_line_set_data(ln, i, cells[i]) != 0)
			err(CLI_CANNOT, NULL);
		paint(ln, i, cells[i]);
	}
}

void
table_print(struct table *t)
{
	if (scols_print_table(t->tb) != 0)
		err(CLI_CANNOT, "standard output");
	scols_unref_table(t->tb);
	free(t);
}

void
time_text(uint64_t when, char *buf, size_t size)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(buf, size, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		errx(CLI_CANNOT, "%llu: is no time", (unsigned long long)when);
}
