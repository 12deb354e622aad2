/* Ids and capabilities, in one go and proved by trying to get back (capabilities(7)). */

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/securebits.h>

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "lib/sb.h"

#define CAP_WORDS 2

static int
caps_get(uint64_t *permitted, uint64_t *effective, uint64_t *inheritable, struct errmsg *e)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[CAP_WORDS];

	if (syscall(SYS_capget, &hdr, d) == -1)
		return err_errno(e, "capget");
	*permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	*effective = d[0].effective | (uint64_t)d[1].effective << 32;
	*inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int
caps_set(uint64_t caps, uint64_t inheritable)
{
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[CAP_WORDS];

	for (int i = 0; i < CAP_WORDS; i++) {
		d[i].permitted = d[i].effective = (uint32_t)(caps >> (32 * i));
		d[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return (int)syscall(SYS_capset, &hdr, d);
}

#define BEYOND 2 /* past the last capability that this kernel knows */

static int
bounding_has(unsigned long c)
{
	int have = prctl(PR_CAPBSET_READ, c, 0, 0, 0);

	return have == -1 && errno == EINVAL ? BEYOND : have;
}

/* Drops every capability not in CAPS from the bounding set. */
int
sb_bounding_cut(uint64_t caps, struct errmsg *e)
{
	int have;

	for (unsigned long c = 0; c < 64; c++) {
		if ((have = bounding_has(c)) == BEYOND)
			break;
		if (have == -1)
			return err_errno(e, "capability %lu: bounding set", c);
		if (have == 1 && !(caps & 1ULL << c) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) == -1)
			return err_errno(e, "capability %lu: bounding set", c);
	}
	return 0;
}

static int
ids_set(const struct sb *s, struct errmsg *e)
{
	if (s->uid == (uid_t)-1 || s->gid == (gid_t)-1)
		return err_set(e, "no user to become");
	if ((s->uid == 0 || s->gid == 0) && !s->root_ok)
		return err_set(e, "refuses to stay root");
	if (setgroups(0, NULL) == -1)
		return err_errno(e, "setgroups");
	if (setresgid(s->gid, s->gid, s->gid) == -1)
		return err_errno(e, "setresgid");
	if (prctl(PR_SET_KEEPCAPS, s->caps != 0 && s->uid != 0, 0, 0, 0) == -1)
		return err_errno(e, "keepcaps");
	if (setresuid(s->uid, s->uid, s->uid) == -1)
		return err_errno(e, "setresuid");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == -1)
		return err_errno(e, "keepcaps");
	return 0;
}

static int
caps_apply(const struct sb *s, struct errmsg *e)
{
	uint64_t inh = s->ambient ? s->caps : 0;

	if (caps_set(s->caps, inh) == -1)
		return err_errno(e, "capset");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return err_errno(e, "ambient set");
	for (unsigned long c = 0; s->ambient && c < 64; c++)
		if ((s->caps & 1ULL << c) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) == -1)
			return err_errno(e, "capability %lu: ambient set", c);
	return 0;
}

static int
prove_ids(const struct sb *s, struct errmsg *e)
{
	uid_t r, ef, sv;
	gid_t gr, ge, gs;

	if (getresuid(&r, &ef, &sv) == -1 || getresgid(&gr, &ge, &gs) == -1)
		return err_errno(e, "ids");
	if (r != s->uid || ef != s->uid || sv != s->uid || gr != s->gid || ge != s->gid ||
	    gs != s->gid || getgroups(0, NULL) != 0)
		return err_set(e, "the ids are not those that were asked for");
	if (s->uid == 0)
		return 0;
	if (!(s->caps & 1ULL << CAP_SETUID) && setresuid((uid_t)-1, 0, (uid_t)-1) != -1)
		return err_set(e, "could become root again");
	if (!(s->caps & 1ULL << CAP_SETGID) &&
	    (setresgid((gid_t)-1, 0, (gid_t)-1) != -1 || setgroups(0, NULL) != -1))
		return err_set(e, "could change groups again");
	return 0;
}

/* The bounding set holds nothing but CAPS. *KNOWN becomes all capabilities of this kernel. */
static int
prove_bounding(uint64_t caps, uint64_t *known, struct errmsg *e)
{
	int have;

	*known = 0;
	for (unsigned long c = 0; c < 64; c++) {
		have = bounding_has(c);
		if (have == BEYOND)
			break;
		if (have == -1)
			return err_errno(e, "capability %lu: bounding set", c);
		if (have == 1 && !(caps & 1ULL << c))
			return err_set(e, "capability %lu is still in the bounding set", c);
		*known |= 1ULL << c;
	}
	return 0;
}

/*
 * Nothing comes back: not all that is missing at once, and none by itself of those that lead to the
 * rest. The kernel compares with the permitted set, which is proved already to be S->CAPS alone.
 */
static int
prove_lost(const struct sb *s, uint64_t known, struct errmsg *e)
{
	static const unsigned char keys[] = {CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_DAC_OVERRIDE,
	    CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_MODULE};

	if ((known & ~s->caps) != 0 && caps_set(s->caps | known, 0) != -1)
		return err_set(e, "the capabilities could be taken back");
	for (size_t i = 0; i < sizeof(keys); i++)
		if (!(s->caps & 1ULL << keys[i]) && caps_set(s->caps | 1ULL << keys[i], 0) != -1)
			return err_set(e, "capability %u could be taken back", keys[i]);
	return 0;
}

static int
prove_caps(const struct sb *s, struct errmsg *e)
{
	uint64_t p = 0, ef = 0, inh = 0, known;

	if (caps_get(&p, &ef, &inh, e) == -1)
		return -1;
	if (p != s->caps || ef != s->caps || inh != (s->ambient ? s->caps : 0))
		return err_set(e, "the capabilities are not those that were asked for");
	if (!s->ambient && prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return err_set(e, "capabilities would survive a change of ids");
	/* only what is permitted and inheritable can be ambient: no need to ask for others */
	for (unsigned long c = 0; c < 64; c++)
		if ((s->caps & 1ULL << c) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) != (s->ambient != 0))
			return err_set(e, "capability %lu is wrong in the ambient set", c);
	if (prove_bounding(s->caps, &known, e) == -1)
		return -1;
	return prove_lost(s, known, e);
}

int
sb_ids_apply(const struct sb *s, struct errmsg *e)
{
	/* the bounding set first: dropping from it takes CAP_SETPCAP */
	if (sb_bounding_cut(s->caps, e) == -1 || ids_set(s, e) == -1)
		return -1;
	if (caps_apply(s, e) == -1 || prove_ids(s, e) == -1)
		return -1;
	return prove_caps(s, e);
}
