/* The roster: what is in it, what is refused, and that it goes before what anybody says. */
#include "cli/site.h"
#include "lib/strutil.h"
#include "proto/signify.h"
#include "regress/check.h"

#define FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define ID1   "5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define ID2   "6f0c2c9d8e7f40a1b2c3d4e5f6071829"

static struct roster_host one, two, other;

static void
make(struct roster_host *h, const char *name, const char *id)
{
	struct seckey k;
	struct pubkey p;
	uint8_t seal[32];

	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "%s", name);
	snprintf(h->id, sizeof(h->id), "%s", id);
	seckey_new(&k, &p);
	pubkey_write_b64(&p, h->result);
	memcpy(seal, p.key, sizeof(seal));
	str_b64enc(h->seal, sizeof(h->seal), seal, sizeof(seal));
}

static void
fill(struct roster *r)
{
	struct errmsg e;

	memset(r, 0, sizeof(*r));
	snprintf(r->fleet, sizeof(r->fleet), FLEET);
	CHECK(roster_add(r, &two, &e) == 0);
	CHECK(roster_add(r, &one, &e) == 0);
}

static void
round_trip(void)
{
	struct roster r, s;
	struct errmsg e;
	size_t len, i;
	char *text;

	fill(&r);
	CHECK(r.n == 2 && strcmp(r.host[0].name, "web1") == 0);
	text = roster_write(&r, &len);
	CHECK(text != NULL && roster_parse(&s, text, len, &e) == 0);
	CHECK(s.n == 2 && strcmp(s.fleet, FLEET) == 0);
	CHECK(memcmp(&s.host[0].id, &one.id, sizeof(one.id)) == 0);
	CHECK_STR(s.host[1].result, two.result);
	CHECK_STR(s.host[1].seal, two.seal);
	roster_free(&s);
	for (i = 0; i < len; i++)
		CHECKF(roster_parse(&s, text, i, &e) == -1, "cut at %zu", i);
	free(text);
	CHECK(roster_find(&r, "web2") == &r.host[1] && roster_find(&r, "web") == NULL);
	CHECK(roster_byid(&r, ID1) == &r.host[0] && roster_byid(&r, FLEET) == NULL);
	CHECK(roster_drop(&r, "web3") == -1 && roster_drop(&r, "web1") == 0);
	CHECK(r.n == 1 && roster_find(&r, "web1") == NULL && roster_find(&r, "web2") != NULL);
	roster_free(&r);
}

static void
refused_hosts(void)
{
	struct roster_host h = one;
	struct roster r;
	struct errmsg e;

	fill(&r);
	CHECK(roster_add(&r, &one, &e) == -1 && strstr(e.text, "already") != NULL);
	snprintf(h.name, sizeof(h.name), "web9");
	CHECK(roster_add(&r, &h, &e) == -1 && strstr(e.text, "has the id of web1") != NULL);
	h = other;
	snprintf(h.name, sizeof(h.name), "Web9");
	CHECK(roster_add(&r, &h, &e) == -1);
	h = other;
	h.id[0] = 'F';
	CHECK(roster_add(&r, &h, &e) == -1);
	h = other;
	h.seal[0] = '!';
	CHECK(roster_add(&r, &h, &e) == -1);
	h = other; /* "Ed", a number, and the key of all zeros: of small order */
	snprintf(
	    h.result, sizeof(h.result), "RWQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	CHECK(roster_add(&r, &h, &e) == -1 && strstr(e.text, "none that can be used") != NULL);
	CHECK(roster_add(&r, &other, &e) == 0 && r.n == 3);
	roster_free(&r);
}

static void
refused_texts(void)
{
	static const struct {
		const char *text, *why; /* @, $, %: the lines of one, two, same */
	} row[] = {
	    {"", "empty"},
	    {"reeve-roster 2\nfleet " FLEET "\nend\n", "line 1"},
	    {"reeve-roster 1\nend\n", "fleet"},
	    {"reeve-roster 1\nfleet 3B7e\nend\n", "hex"},
	    {"reeve-roster 1\nfleet " FLEET "\n", "end"},
	    {"reeve-roster 1\nfleet " FLEET "\nend\n#\n", "nothing may stand after"},
	    {"reeve-roster 1\nfleet " FLEET "\n$@end\n", "order of their names"},
	    {"reeve-roster 1\nfleet " FLEET "\n@@end\n", "order of their names"},
	    {"reeve-roster 1\nfleet " FLEET "\n@%end\n", "have one id"},
	    {"reeve-roster 1\nfleet " FLEET "\nhost web1 " ID1 "\nend\n", "line 3"},
	    {"reeve-roster 1\nfleet " FLEET "\nhost\nend\n", "line 3"},
	    {"reeve-roster 1\nfleet " FLEET "\n\nend\n", "empty"},
	    {"reeve-roster 1\r\nfleet " FLEET "\nend\n", "printable"},
	};
	static const char marks[] = "@$%";
	struct roster_host same = one;
	const struct roster_host *by[3] = {&one, &two, &same}, *h;
	struct roster r;
	struct errmsg e;
	char text[4096];
	const char *p;
	size_t i, n;

	snprintf(same.name, sizeof(same.name), "web9");
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (p = row[i].text, n = 0; *p != '\0'; p++) {
			if (strchr(marks, *p) == NULL) {
				text[n++] = *p;
				continue;
			}
			h = by[strchr(marks, *p) - marks];
			n += (size_t)snprintf(text + n, sizeof(text) - n, "host %s %s %s %s\n",
			    h->name, h->id, h->result, h->seal);
		}
		text[n] = '\0';
		CHECKF(roster_parse(&r, text, n, &e) == -1, "row %zu: \"%s\"", i, text);
		CHECKF(strstr(e.text, row[i].why) != NULL, "row %zu: %s", i, e.text);
		CHECK(r.host == NULL && r.n == 0);
	}
}

/* Attack "steal-the-server": ctld says other ids and keys than those that were pinned. */
static void
precedence(void)
{
	struct roster_host said = one;
	struct roster r;
	struct errmsg e;

	fill(&r);
	CHECK(roster_agrees(&r, &one, &e) == 0);
	CHECK(roster_agrees(&r, &other, &e) == 0); /* nobody pinned it */
	memcpy(said.id, other.id, sizeof(said.id));
	CHECK(roster_agrees(&r, &said, &e) == -1 && strstr(e.text, "another id") != NULL);
	said = one;
	memcpy(said.result, other.result, sizeof(said.result));
	CHECK(roster_agrees(&r, &said, &e) == -1 && strstr(e.text, "another result key") != NULL);
	said = one;
	memcpy(said.seal, other.seal, sizeof(said.seal));
	CHECK(roster_agrees(&r, &said, &e) == -1 && strstr(e.text, "another seal key") != NULL);
	said = one; /* not enrolled at all, all of a sudden */
	said.id[0] = said.result[0] = said.seal[0] = '\0';
	CHECK(roster_agrees(&r, &said, &e) == -1);
	said = one;
	snprintf(said.name, sizeof(said.name), "web7");
	CHECK(roster_agrees(&r, &said, &e) == -1 && strstr(e.text, "pinned for web1") != NULL);
	CHECK(strcmp(roster_find(&r, "web1")->id, ID1) == 0);
	roster_free(&r);
}

static void
large(void)
{
	static const char digits[] = "0123456789abcdef";
	struct roster r, s;
	struct roster_host h = one;
	struct errmsg e;
	size_t len, i;
	char *text;

	memset(&r, 0, sizeof(r));
	snprintf(r.fleet, sizeof(r.fleet), FLEET);
	for (i = 0; i < 500; i++) {
		snprintf(h.name, sizeof(h.name), "h%zu", 7919 * i % 500);
		h.id[0] = digits[i & 15];
		h.id[1] = digits[i >> 4 & 15];
		h.id[2] = digits[i >> 8 & 15];
		CHECK(roster_add(&r, &h, &e) == 0);
	}
	text = roster_write(&r, &len);
	CHECK(text != NULL && roster_parse(&s, text, len, &e) == 0 && s.n == 500);
	for (i = 0; i < 500; i++) {
		snprintf(h.name, sizeof(h.name), "h%zu", i);
		CHECK(roster_find(&s, h.name) != NULL);
	}
	free(text);
	roster_free(&r);
	roster_free(&s);
}

int
main(void)
{
	make(&one, "web1", ID1);
	make(&two, "web2", ID2);
	make(&other, "web3", FLEET);
	round_trip();
	refused_hosts();
	refused_texts();
	precedence();
	large();
	return check_done();
}
