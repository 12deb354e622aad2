/*
 * Blob lines and rollback steps, which no kind of proto/kinds.def has so far: the reader is
 * compiled here once more, with a catalogue of its own.
 */
#define KINDS_DEF "regress/unit/testkinds.def"

#include <stdint.h>

#include "proto/job.c"
#include "proto/ticket.c"
#include "proto/ticket_value.c"
#include "proto/ticket_write.c"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

#define Z32  "00000000000000000000000000000000"
#define HASH "sha256:" Z32 Z32
#define BLOBS                                                                    \
	KIT_HEAD "kind test.deploy\nblob config " HASH " 1834\nblob extra " HASH \
		 " 1\nblob extra " HASH " 1048576\nend\n"

static struct ticket t;

static int
parse(const char *text, struct errmsg *e)
{
	memset(e, 0, sizeof(*e));
	return ticket_parse(&t, text, strlen(text), e);
}

static const struct {
	const char *from, *to, *why;
} spoilt[] = {
    {"blob config", "blob conf", "blob conf: test.deploy has none of that name"},
    {"blob config", "blob map", "blob config: is missing; test.deploy needs it"},
    {"blob config", "blob  config", "blob: one space and a value"},
    {"config sha256:", "config  sha256:", "blob: must be a name, a sha256: digest and a size"},
    {"config sha256:0", "config sha256:", "must have \"sha256:\" and 64"},
    {"config sha256:0", "config sha256:G", "must have \"sha256:\" and 64"},
    {"config sha256:", "config sha512:", "must have \"sha256:\" and 64"},
    {" 1834", "", "blob: must be a name, a sha256: digest and a size"},
    {" 1834", " 0", "size must be a number from 1 to 1048576"},
    {" 1834", " 01", "size must be a number from 1 to 1048576"},
    {" 1834", " 1048577", "size must be a number from 1 to 1048576"},
    {" 1834", " 18446744073709551616", "size must be a number"},
    {" 1834", " 1 8", "size must be a number"},
    {"blob extra", "blob config " HASH " 2\nblob extra", "blob config: must not stand twice"},
    {"blob config", "blob extra " HASH " 2\nblob config",
	"line 11: blob config: must stand before blob extra"},
    {"end\n", "arg mode plan\nend\n", "must be \"end\""},
    {"end\n",
	"blob extra " HASH " 1\nblob extra " HASH " 1\nblob extra " HASH " 1\nblob extra " HASH
	" 1\nblob extra " HASH " 1\nblob extra " HASH " 1\nend\n",
	"blob: at most 8 of them"},
};

static void
test_blobs(void)
{
	char out[TICKET_MAX], *s;
	struct errmsg e;
	size_t i;

	CHECKF(parse(BLOBS, &e) == 0, "%s", e.text);
	CHECK(t.nblobs == 3 && t.blob[0].size == 1834 && t.blob[2].size == 1048576);
	CHECK_STR(t.blob[0].def->name, "config");
	CHECK_STR(t.blob[2].def->name, "extra");
	CHECK(ticket_write(&t, out, sizeof(out), &e) == (ssize_t)strlen(BLOBS));
	CHECK(memcmp(out, BLOBS, strlen(BLOBS)) == 0);
	for (i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		s = kit_edit(BLOBS, spoilt[i].from, spoilt[i].to);
		CHECKF(parse(s, &e) == -1, "\"%s\" -> \"%s\"", spoilt[i].from, spoilt[i].to);
		CHECKF(strstr(e.text, spoilt[i].why) != NULL, "\"%s\": %s", spoilt[i].to, e.text);
		free(s);
	}
	CHECK(parse(KIT_HEAD "kind test.other\nblob config " HASH " 1\nend\n", &e) == -1);
}

static void
test_steps(void)
{
	struct errmsg e;
	char *s;

	CHECK(parse(BLOBS, &e) == 0);
	CHECK(ticket_nextstep(&t, -1) == 0 && ticket_nextstep(&t, 0) == 1);
	CHECK(ticket_nextstep(&t, 1) == 2 && ticket_nextstep(&t, 2) == 3);
	CHECK(ticket_nextstep(&t, 3) == -1); /* the rollback step is not a forward one */
	s = kit_edit(BLOBS, "blob config", "arg mode plan\nblob config");
	CHECK(parse(s, &e) == 0 && ticket_isplan(&t));
	CHECK(ticket_nextstep(&t, -1) == 0 && ticket_nextstep(&t, 0) == 3);
	free(s);
	CHECK(t.stall == 20 && !t.has_stall);
}

static void
test_table(void)
{
	CHECK(kind_nth(0) == kind_bynum(3) && kind_nth(1) == kind_bynum(7) && kind_nth(2) == NULL);
	CHECK(
	    kind_bynum(3)->nargs == 2 && kind_bynum(3)->nblobs == 3 && kind_bynum(3)->nsteps == 5);
	CHECK(
	    kind_bynum(7)->nargs == 0 && kind_bynum(7)->nblobs == 0 && kind_bynum(7)->nsteps == 0);
	CHECK(kind_bynum(1) == NULL && kind_bynum(4) == NULL);
}

int
main(void)
{
	test_blobs();
	test_steps();
	test_table();
	return check_done();
}
