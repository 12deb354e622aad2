/* proto/keysfile.c: `reeve-keys 1` and `reeve-reset 1`, both ways. */
#include <stdint.h>

#include "proto/keysfile.h"
#include "regress/check.h"
#include "regress/unit/ticketkit.h"

static struct keysfile k, again;
static char good[KEYSFILE_MAX];
static size_t goodlen;

static int
by_text(const void *a, const void *b)
{
	char x[57], y[57];

	pubkey_write_b64(&((const struct keysfile_key *)a)->pub, x);
	pubkey_write_b64(&((const struct keysfile_key *)b)->pub, y);
	return strcmp(x, y);
}

static void
make_keys(size_t n)
{
	struct seckey s;
	size_t i;

	memset(&k, 0, sizeof(k));
	strcpy(k.fleet, KIT_FLEET);
	k.version = 7;
	k.threshold = 2;
	k.nkeys = n;
	for (i = 0; i < n; i++) {
		seckey_new(&s, &k.key[i].pub);
		k.key[i].role = (enum key_role)(1 + i % 4);
		snprintf(k.key[i].holder, sizeof(k.key[i].holder), "holder-%zu", i);
		k.key[i].notafter = i % 2 ? 1795226400 : 0;
		k.key[i].revoked = i % 3 ? 1795226401 : 0;
	}
	qsort(k.key, n, sizeof(k.key[0]), by_text);
}

static void
test_good(void)
{
	char out[KEYSFILE_MAX];
	struct errmsg e;
	ssize_t n;
	size_t i;

	for (i = 1; i <= KEYSFILE_KEYS; i = i == 4 ? KEYSFILE_KEYS : i + 1) {
		make_keys(i);
		n = keysfile_write(&k, out, sizeof(out), &e);
		CHECKF(n > 0, "%zu keys: %s", i, e.text);
		CHECK(n > 0 && keysfile_parse(&again, out, (size_t)n, &e) == 0);
		CHECK(memcmp(&k, &again, sizeof(k)) == 0);
		if (i == KEYSFILE_KEYS)
			break;
	}
	make_keys(3);
	n = keysfile_write(&k, good, sizeof(good), &e);
	CHECK(n > 0);
	goodlen = (size_t)n;
	CHECK(keysfile_write(&k, out, goodlen, &e) == -1);
	for (i = 0; i < goodlen; i++)
		CHECKF(keysfile_parse(&again, good, i, &e) == -1, "cut at %zu", i);
	CHECK(again.nkeys == 0);
	CHECK(keysfile_parse(&again, good, goodlen + 1, &e) == -1);
}

static const struct {
	const char *from, *to, *why;
} edits[] = {
    {"reeve-keys 1", "reeve-keys 2", "line 1"},
    {"fleet 3b", "fleet 3B", "line 2: fleet"},
    {"version 7", "version 0", "line 3: version"},
    {"version 7", "version 07", "line 3: version"},
    {"version 7", "version 18446744073709551616", "line 3: version"},
    {"threshold 2", "threshold 0", "line 4: threshold"},
    {"threshold 2", "threshold 17", "line 4: threshold"},
    {"key RW", "key RX", "line 5: key: must be the base64 line"},
    {"key RW", "key  RW", "line 5: key"},
    {"role ", "role x", "line 6: role: must be admin"},
    {"role ", "Role ", "line 6"},
    {"holder ", "holder a b", "line 7: holder"},
    {"notafter ", "notafter 0", "line 8: notafter"},
    {"revoked ", "revoked -", "line 9: revoked"},
    {"end\n", "", "\"end\" must stand here"},
    {"end\n", "end\nkey x\n", "nothing may stand after"},
    {"end\n", "role admin\nend\n", "must be \"end\""},
};

static void
test_edits(void)
{
	struct errmsg e;
	char *s;
	size_t i;

	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		s = kit_edit(good, edits[i].from, edits[i].to);
		CHECKF(keysfile_parse(&again, s, strlen(s), &e) == -1, "%s", edits[i].to);
		CHECKF(strstr(e.text, edits[i].why) != NULL, "%s: %s", edits[i].to, e.text);
		free(s);
	}
}

static void
test_judged(void)
{
	struct keysfile_key first;
	char out[KEYSFILE_MAX];
	struct errmsg e;

	first = k.key[0];
	k.key[0] = k.key[1];
	k.key[1] = first;
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "key: must be sorted by their text") != NULL);
	k.key[0] = first;
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "key: stands twice") != NULL);
	k.key[1].pub.keynum[7] ^= 1; /* the same key under another number */
	qsort(k.key, 2, sizeof(k.key[0]), by_text);
	k.nkeys = 2;
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "key: stands twice") != NULL);
	make_keys(1);
	memset(k.key[0].pub.key, 0, 32);
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "key: is not a point that a key may be") != NULL);
	make_keys(0);
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
	CHECK(strstr(e.text, "must begin with \"key\"") != NULL);
	make_keys(1);
	k.key[0].role = ROLE_MAX;
	CHECK(keysfile_write(&k, out, sizeof(out), &e) == -1);
}

static void
test_many(void)
{
	struct errmsg e;
	char *s, *more;

	make_keys(KEYSFILE_KEYS);
	CHECK(keysfile_write(&k, good, sizeof(good), &e) > 0);
	if (asprintf(&more, "key %s\nend\n",
		"RWQi0QhPwti/kdtrR6/QVCVH5Kp1KXvfYC+uB65fDLxlwDppfkVVXrPQ") == -1)
		exit(1);
	s = kit_edit(good, "end\n", more);
	CHECK(keysfile_parse(&again, s, strlen(s), &e) == -1);
	CHECK(strstr(e.text, "key: at most 120 of them") != NULL);
	free(s);
	free(more);
}

#define RESET                                                                      \
	"reeve-reset 1\nfleet " KIT_FLEET "\nhost " KIT_HOST " web1.example.net\n" \
	"challenge 00112233445566778899aabbccddeeff\nissued 1795226400\nend\n"

static const struct {
	const char *from, *to, *why;
} resets[] = {
    {"reeve-reset 1", "reeve-keys 1", "line 1"},
    {"fleet 3b", "fleet 3", "line 2: fleet"},
    {" web1", "  web1", "line 3: host"},
    {" web1.example.net", "", "line 3: host"},
    {"host 5f", "host 5F", "line 3: host"},
    {"challenge 00", "challenge 0", "line 4: challenge"},
    {"issued 17", "issued 017", "line 5: issued"},
    {"end\n", "end\nend\n", "line 7: nothing may stand"},
    {"issued 1795226400\n", "", "line 5"},
};

static void
test_reset(void)
{
	char out[KEYSRESET_MAX], *s;
	struct keysreset r;
	struct errmsg e;
	size_t i;

	CHECKF(keysreset_parse(&r, RESET, strlen(RESET), &e) == 0, "%s", e.text);
	CHECK_STR(r.host_name, "web1.example.net");
	CHECK_STR(r.challenge, "00112233445566778899aabbccddeeff");
	CHECK(r.issued == 1795226400);
	CHECK(keysreset_write(&r, out, sizeof(out), &e) == (ssize_t)strlen(RESET));
	CHECK(memcmp(out, RESET, strlen(RESET)) == 0);
	r.host_name[0] = 'W';
	CHECK(keysreset_write(&r, out, sizeof(out), &e) == -1);
	for (i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
		s = kit_edit(RESET, resets[i].from, resets[i].to);
		CHECKF(keysreset_parse(&r, s, strlen(s), &e) == -1, "%s", resets[i].to);
		CHECKF(strstr(e.text, resets[i].why) != NULL, "%s: %s", resets[i].to, e.text);
		free(s);
	}
	CHECK(r.issued == 0 && r.fleet[0] == '\0');
}

static void
test_roles(void)
{
	int i;

	for (i = 1; i < ROLE_MAX; i++)
		CHECK(role_byname(role_name((enum key_role)i)) == i);
	CHECK(role_byname("root") == -1 && role_byname("?") == -1);
	CHECK_STR(role_name(ROLE_MAX), "?");
}

int
main(void)
{
	test_good();
	test_edits();
	test_judged();
	test_many();
	test_reset();
	test_roles();
	return check_done();
}
