/*
 * proto/ticket.c: the grammar. TESTING: ticket-grammar (each line missing, twice, swapped, CRLF,
 * tab, trailing space, bytes after end, 65 hosts, unsorted, leading zeros, 2^64), and every rule's
 * message.
 */
#include <stdint.h>

#include "proto/ticket.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

static struct ticket t;

static int
parse(const char *text, struct errmsg *e)
{
	memset(e, 0, sizeof(*e));
	return ticket_parse(&t, text, strlen(text), e);
}

static void
test_good(void)
{
	struct errmsg e;

	CHECKF(parse(KIT_GOOD, &e) == 0, "%s", e.text);
	CHECK_STR(t.fleet, KIT_FLEET);
	CHECK(t.nhosts == 1);
	CHECK_STR(t.host[0].id, KIT_HOST);
	CHECK_STR(t.host[0].name, "web1.example.net");
	CHECK_STR(t.id, KIT_ID);
	CHECK(t.issued == 1795226400 && t.notbefore == 1795226400 && t.notafter == 1795230000);
	CHECK(t.fresh == NULL);
	CHECK_STR(t.requester, "ops-1");
	CHECK(t.kind == kind_byname("pkg.install"));
	CHECK(t.nargs == 3 && t.nblobs == 0);
	CHECK_STR(ticket_argv(&t, "version"), "2.6.12-1+deb12u4");
	CHECK(ticket_argn(&t, "name", 0) != NULL && ticket_argn(&t, "name", 1) == NULL);
	CHECK(ticket_argv(&t, "conffile") == NULL);
	CHECK(t.has_seconds && t.seconds == 900 && t.has_output && t.output == 1048576);
	CHECK(t.has_stall && t.stall == 300);
	CHECK(!ticket_isplan(&t));
	CHECK(ticket_nextstep(&t, -1) == 0 && ticket_nextstep(&t, 0) == 1);
	CHECK(ticket_nextstep(&t, 1) == -1);
}

static void
test_defaults(void)
{
	struct errmsg e;

	CHECKF(parse(KIT_HEAD "kind pkg.install\narg mode plan\narg name cron\nend\n", &e) == 0,
	    "%s", e.text);
	CHECK(!t.has_seconds && t.seconds == 900);
	CHECK(!t.has_output && t.output == 16777216 && !t.has_stall && t.stall == 0);
	CHECK(ticket_isplan(&t));
	CHECK(ticket_nextstep(&t, -1) == 0 && ticket_nextstep(&t, 0) == -1);
	CHECK(parse(KIT_HEAD "kind agent.ping\nend\n", &e) == 0);
	CHECK(ticket_nextstep(&t, -1) == -1 && !ticket_isplan(&t));
}

/* FROM in the good ticket becomes TO; the reason must hold WHY. */
static const struct {
	const char *from, *to, *why;
} spoilt[] = {
    {"reeve-job 1", "reeve-job 2", "line 1: must be \"reeve-job 1\""},
    {"reeve-job 1", "reeve-job 01", "line 1"},
    {"reeve-job 1", "Reeve-job 1", "line 1"},
    {"reeve-job 1\n", "\nreeve-job 1\n", "line 1: must not be empty"},
    {"fleet 3b", "fleet 3B", "line 2: fleet: must be 32 lower-case hex digits"},
    {"fleet 3b", "fleet 3", "line 2: fleet"},
    {"fleet 3b", "fleet 3bb", "line 2: fleet"},
    {"fleet 3b", "fleet  3b", "line 2: fleet: one space"},
    {"fleet 3b", "fleet\t3b", "line 2: byte 0x09 is not printable ASCII"},
    {"fleet 3b", "Fleet 3b", "line 2: must begin with \"fleet\""},
    {"fleet 3b", " fleet 3b", "line 2"},
    {"host 5f", "host 5g", "line 3: host: must be 32 lower-case hex digits"},
    {" web1.example.net", "", "line 3: host"},
    {" web1.example.net", "  web1.example.net", "line 3: host"},
    {"web1.example.net", "Web1.example.net", "line 3: host: \"Web1.example.net\" is not"},
    {"web1.example.net", "web1..example.net", "line 3: host"},
    {"web1.example.net", "web1.example.net.", "line 3: host"},
    {"web1.example.net", "web1.example.net extra", "line 3: host"},
    {"web1.example.net", "-web1", "line 3: host"},
    {"web1.example.net\n", "web1.example.net\r\n", "line 3: byte 0x0d is not printable ASCII"},
    {"web1.example.net\n", "web1.example.net \n", "line 3: must not end with a space"},
    {"web1.example.net",
	"w\xc3\xa9"
	"b1",
	"line 3: byte 0xc3 is not printable ASCII"},
    {"id 9f", "id 9f9f", "line 4: id: must be 32 lower-case hex digits"},
    {"issued 1795226400", "issued 01795226400", "line 5: issued: must be a number"},
    {"issued 1795226400", "issued +1795226400", "line 5: issued"},
    {"issued 1795226400", "issued -1", "line 5: issued"},
    {"issued 1795226400", "issued 0x6b", "line 5: issued"},
    {"issued 1795226400", "issued 18446744073709551616", "line 5: issued"},
    {"issued 1795226400", "issued 253402300800", "line 5: issued"},
    {"issued 1795226400", "issued 1795226400.0", "line 5: issued"},
    {"issued 1795226400", "issued 1795226401", "line 6: notbefore: must not be before issued"},
    {"notbefore 1795226400", "notbefore 1795226399", "line 6: notbefore: must not be before"},
    {"notbefore 1795226400", "notbefore 1795230001", "line 7: notafter: must not be before notb"},
    {"notafter 1795230000", "notafter 1795226400", "line 7: notafter: must be after issued"},
    {"notafter 1795230000", "notafter 1795226399", "line 7: notafter: must be after issued"},
    {"notafter 1795230000", "notafter 1795831201", "line 7: notafter: at most 604800 seconds"},
    {"notafter 1795230000", "notafter 18446744073709551616", "line 7: notafter"},
    {"notbefore 1795226400\nnotafter 1795230000", "notbefore 1795226401\nnotafter 1795831201",
	"line 7: notafter: at most 604800 seconds"},
    {"requester ops-1", "requester ops 1", "line 8: requester"},
    {"requester ops-1", "requester -ops", "line 8: requester"},
    {"requester ops-1", "requester", "line 8: requester: one space and a value"},
    {"requester", "fresh 0\nrequester", "line 8: fresh: must be 32 lower-case hex digits"},
    {"requester",
	"fresh 00000000000000000000000000000000\nfresh 00000000000000000000000000000000"
	"\nrequester",
	"line 9: must begin with \"requester\""},
    {"kind pkg.install", "kind pkg.instal", "line 9: kind: there is no job kind \"pkg.instal\""},
    {"kind pkg.install", "kind 9", "line 9: kind"},
    {"kind pkg.install", "kind pkg.install ", "line 9: must not end with a space"},
    {"arg mode apply", "arg mode maybe", "line 10: argument mode: must be one of plan,apply"},
    {"arg mode apply", "arg mode  apply", "line 10: arg: must be a name, one space and a value"},
    {"arg mode apply", "arg mode", "line 10: arg: must be a name, one space and a value"},
    {"arg mode apply", "arg", "line 10: arg: one space and a value"},
    {"arg mode apply", "arg modes apply", "line 10: argument modes: pkg.install has none"},
    {"arg mode apply", "arg Mode apply", "line 10: argument Mode: pkg.install has none"},
    {"arg mode apply", "arg mode apply\narg mode apply", "line 11: argument mode: must not stand"},
    {"arg mode apply", "arg mode b64:YXBwbHk", "line 10: argument mode: must not be written as b6"},
    {"arg mode apply", "arg mode seal:YXBwbHk", "line 10: argument mode: must not be sealed"},
    {"arg mode apply", "arg plan sha256:00", "line 10: argument plan: must be \"sha256:\""},
    {"arg name haproxy\n", "", "argument name: is missing; pkg.install needs it"},
    {"arg name haproxy", "arg name -oDpkg", "line 11: argument name: must be a package name"},
    {"arg name haproxy", "arg name haproxy\narg name cron", "argument version: only with exactly"},
    {"arg name haproxy", "arg conffile keep\narg name haproxy",
	"line 12: argument name: must stand before argument conffile"},
    {"arg version", "arg version 1\narg version", "line 13: argument version: must not stand"},
    {"limit seconds 900", "limit seconds 0", "line 13: limit seconds: must be a number from 1"},
    {"limit seconds 900", "limit seconds 0900", "line 13: limit seconds"},
    {"limit seconds 900", "limit seconds 7201", "line 13: limit seconds"},
    {"limit seconds 900", "limit seconds 18446744073709551616", "line 13: limit seconds"},
    {"limit seconds 900", "limit seconds  900", "line 13: limit seconds"},
    {"limit seconds 900", "limit seconds", "line 13: must be \"end\""},
    {"limit seconds 900", "limit memory 900", "line 13: must be \"end\""},
    {"limit seconds 900", "limit seconds 299", "line 15: limit stall: must be a number from 1"},
    {"limit seconds 900\n", "limit seconds 900\nlimit seconds 900\n", "line 14: must be \"end\""},
    {"limit output 1048576", "limit output 16777217", "line 14: limit output"},
    {"limit output 1048576", "limit output 0", "line 14: limit output"},
    {"limit stall 300", "limit stall 901", "line 15: limit stall"},
    {"limit stall 300", "blob config sha256:00 1", "line 15: must be \"end\""},
    {"limit seconds", "blob config sha256:00 1\nlimit seconds",
	"line 13: blob config: pkg.install has none of that name"},
    {"end\n", "end", "line 16: must end with a newline"},
    {"end\n", "end\n\n", "line 17: must not be empty"},
    {"end\n", "end\nend\n", "line 17: nothing may stand after \"end\""},
    {"end\n", "end\nx", "line 17: must end with a newline"},
    {"end\n", "end x\n", "line 16: must be \"end\""},
    {"end\n", "END\n", "line 16: must be \"end\""},
    {"end\n", "", "\"end\" must stand here, but the text has ended"},
};

static void
test_spoilt(void)
{
	struct errmsg e;
	size_t i;
	char *s;

	for (i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		s = kit_edit(KIT_GOOD, spoilt[i].from, spoilt[i].to);
		CHECKF(parse(s, &e) == -1, "\"%s\" -> \"%s\" was accepted", spoilt[i].from,
		    spoilt[i].to);
		CHECKF(strstr(e.text, spoilt[i].why) != NULL, "\"%s\" -> \"%s\": %s",
		    spoilt[i].from, spoilt[i].to, e.text);
		CHECK(t.kind == NULL && t.nargs == 0 && t.text[0] == '\0');
		free(s);
	}
}

/* The good ticket's lines, each with its LF. */
static size_t
split(const char *text, const char *line[], size_t len[])
{
	size_t n = 0;

	for (; *text != '\0'; text += len[n++]) {
		line[n] = text;
		len[n] = (size_t)(strchr(text, '\n') + 1 - text);
	}
	return n;
}

/* Each line missing, twice, and swapped with each other one. Optional lines may be missing. */
static void
test_lines(void)
{
	const char *line[32];
	char buf[2 * sizeof(KIT_GOOD)], first[8];
	size_t len[32], n = split(KIT_GOOD, line, len), i, j, k;
	struct errmsg e;
	char *p;

	for (i = 0; i < n; i++) {
		for (p = buf, k = 0; k < n; k++)
			if (k != i)
				p = mempcpy(p, line[k], len[k]);
		*p = '\0';
		snprintf(first, sizeof(first), "%.5s", line[i]);
		CHECKF((parse(buf, &e) == 0) ==
			   (strcmp(first, "limit") == 0 || strncmp(line[i], "arg mode", 8) == 0 ||
			       strncmp(line[i], "arg version", 11) == 0),
		    "line %zu missing", i + 1);
		for (p = buf, k = 0; k < n; k++) {
			p = mempcpy(p, line[k], len[k]);
			if (k == i)
				p = mempcpy(p, line[k], len[k]);
		}
		*p = '\0';
		/* a package named twice is a repeated argument, but version then has two names */
		CHECKF(parse(buf, &e) == -1, "line %zu twice", i + 1);
		for (j = i + 1; j < n; j++) {
			for (p = buf, k = 0; k < n; k++) {
				size_t m = k == i ? j : k == j ? i : k;

				p = mempcpy(p, line[m], len[m]);
			}
			*p = '\0';
			CHECKF(parse(buf, &e) == -1, "lines %zu and %zu swapped", i + 1, j + 1);
		}
	}
}

/* CR, tab, space, NUL and a high byte before each LF, and at each line's start. */
static void
test_bytes(void)
{
	static const char bad[] = {'\r', '\t', ' ', '\0', '\x7f', '\x80', '\x0b'};
	char buf[sizeof(KIT_GOOD) + 1];
	size_t len = sizeof(KIT_GOOD) - 1, i, b;
	struct errmsg e;

	for (i = 0; i < len; i++) {
		if (KIT_GOOD[i] != '\n')
			continue;
		for (b = 0; b < sizeof(bad); b++) {
			memcpy(buf, KIT_GOOD, i);
			buf[i] = bad[b];
			memcpy(buf + i + 1, &KIT_GOOD[i], len - i);
			CHECKF(ticket_parse(&t, buf, len + 1, &e) == -1, "byte %zu: %02x", i,
			    (unsigned char)bad[b]);
			memcpy(buf, KIT_GOOD, i + 1);
			buf[i + 1] = bad[b];
			memcpy(buf + i + 2, &KIT_GOOD[i + 1], len - i - 1);
			CHECKF(ticket_parse(&t, buf, len + 1, &e) == -1, "byte %zu: %02x", i + 1,
			    (unsigned char)bad[b]);
		}
	}
	for (i = 0; i < len; i++)
		CHECKF(ticket_parse(&t, KIT_GOOD, i, &e) == -1, "cut at %zu", i);
	CHECK(ticket_parse(&t, KIT_GOOD, len, &e) == 0);
	CHECK(ticket_parse(&t, KIT_GOOD, len + 1, &e) == -1); /* its NUL */
}

/* N hosts, sorted; those from SWAP on are one off when it is not 0. */
static int
parse_hosts(size_t n, const char *line1, const char *line2, struct errmsg *e)
{
	char buf[TICKET_MAX], *p = buf;
	size_t i;

	p += sprintf(p, "reeve-job 1\nfleet " KIT_FLEET "\n");
	for (i = 0; i < n; i++)
		p += sprintf(p, "host %032zx h%zu\n", i, i);
	if (line1 != NULL)
		p += sprintf(p, "host %s\nhost %s\n", line1, line2);
	p += sprintf(p, "id " KIT_ID "\nissued 1\nnotbefore 1\nnotafter 2\nrequester o\n"
			"kind agent.ping\nend\n");
	return ticket_parse(&t, buf, (size_t)(p - buf), e);
}

static void
test_hosts(void)
{
	static const char a[] = "5f0c2c9d8e7f40a1b2c3d4e5f6071829 a",
			  b[] = "5f0c2c9d8e7f40a1b2c3d4e5f6071829 b",
			  c[] = "6f0c2c9d8e7f40a1b2c3d4e5f6071829 a";
	struct errmsg e;

	CHECK(parse_hosts(64, NULL, NULL, &e) == 0 && t.nhosts == 64);
	CHECK(parse_hosts(65, NULL, NULL, &e) == -1);
	CHECK_STR(e.text, "line 67: host: at most 64 of them");
	CHECK(parse_hosts(0, NULL, NULL, &e) == -1);
	CHECK(parse_hosts(0, a, b, &e) == 0 && parse_hosts(0, b, c, &e) == 0);
	CHECK(parse_hosts(0, b, a, &e) == -1);
	CHECK_STR(e.text, "line 4: host: must be sorted by id, then by name");
	CHECK(parse_hosts(0, c, a, &e) == -1);
	CHECK(parse_hosts(0, a, a, &e) == -1);
	CHECK_STR(e.text, "line 4: host: stands twice");
}

static void
test_fresh(void)
{
	static const char fresh[] = "fresh 00112233445566778899aabbccddeeff\nrequester";
	struct errmsg e;
	char *s, *two;

	s = kit_edit(KIT_GOOD, "requester", fresh);
	CHECK(parse(s, &e) == 0);
	CHECK_STR(t.fresh, "00112233445566778899aabbccddeeff");
	two = kit_edit(s, "\nid ", "\nhost 6f0c2c9d8e7f40a1b2c3d4e5f6071829 web2\nid ");
	CHECK(parse(two, &e) == -1);
	CHECK(strstr(e.text, "fresh: only with exactly one host line") != NULL);
	free(two);
	free(s);
}

static void
test_edges(void)
{
	static const char *const good[][2] = {
	    {"notafter 1795230000", "notafter 1795831200"}, /* seven days */
	    {"notbefore 1795226400", "notbefore 1795230000"},
	    {"limit seconds 900", "limit seconds 7200"},
	    {"limit output 1048576", "limit output 16777216"},
	    {"limit stall 300", "limit stall 900"},
	    {"limit stall 300", "limit stall 1"},
	    {"arg mode apply", "arg plan sha256:"
			       "0000000000000000000000000000000000000000000000000000000000000000"},
	    {"arg version 2.6.12-1+deb12u4", "arg name cron"},
	};
	struct errmsg e;
	size_t i;
	char *s;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		s = kit_edit(KIT_GOOD, good[i][0], good[i][1]);
		CHECKF(parse(s, &e) == 0, "%s: %s", good[i][1], e.text);
		free(s);
	}
}

/* The size limit, the number of arguments, and nothing at all. */
static void
test_sizes(void)
{
	static char buf[2 * TICKET_MAX];
	struct errmsg e;
	size_t i, n;
	char *p;

	CHECK(ticket_parse(&t, "", 0, &e) == -1);
	CHECK_STR(e.text, "ticket is empty");
	for (i = 127; i <= 129; i++) {
		p = buf + sprintf(buf, KIT_HEAD "kind script.run\narg name x\n");
		for (n = 1; n < i; n++)
			p += sprintf(p, "arg arg %zu\n", n);
		p += sprintf(p, "end\n");
		CHECKF((ticket_parse(&t, buf, (size_t)(p - buf), &e) == 0) == (i <= 128),
		    "%zu arguments", i);
	}
	CHECK(strstr(e.text, "arg: at most 128 of them") != NULL);
	for (i = TICKET_MAX - 1; i <= TICKET_MAX + 1; i++) {
		p = buf + sprintf(buf, KIT_HEAD "kind script.run\narg name x\narg arg ");
		memset(p, 'y', 4000);
		p += 4000;
		p += sprintf(p, "\narg arg ");
		n = i - (size_t)(p - buf) - strlen("\nend\n");
		memset(p, 'z', n);
		p += n;
		p += sprintf(p, "\nend\n");
		CHECKF((ticket_parse(&t, buf, (size_t)(p - buf), &e) == 0) == (i <= TICKET_MAX),
		    "%zu bytes: %s", i, e.text);
	}
	CHECK_STR(e.text, "ticket is longer than 8192 bytes");
}

static void
test_hash(void)
{
	static const uint8_t abc[4] = {0xba, 0x78, 0x16, 0xbf};
	uint8_t out[32];

	ticket_hash("abc", 3, out);
	CHECK(memcmp(out, abc, sizeof(abc)) == 0);
}

int
main(void)
{
	test_good();
	test_defaults();
	test_spoilt();
	test_lines();
	test_bytes();
	test_hosts();
	test_fresh();
	test_edges();
	test_sizes();
	test_hash();
	return check_done();
}
