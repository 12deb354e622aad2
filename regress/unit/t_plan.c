/* execd/plan.c: apt-get -s output into a canonical plan. */
#include "execd/plan.h"
#include "regress/check.h"

static void
test_parse(void)
{
	static const char out[] =
	    "Reading package lists...\nThe following NEW packages will be installed:\n  haproxy "
	    "tree\n"
	    "Remv old-thing [1.0-1] [haproxy:amd64 ]\n"
	    "Purg older [0.9]\n"
	    "Inst tree (2.1.0-1 Debian:12.5/stable [amd64])\n"
	    "Inst libc6:i386 [2.36-9] (2.36-9+deb12u4 Debian:12.5/stable, Sec:12 [i386]) []\n"
	    "Inst haproxy (2.6.12-1+deb12u4 Debian:12.5/stable [amd64])\n"
	    "Conf tree (2.1.0-1 Debian:12.5/stable [amd64])\n";
	static const char want[] = "install haproxy 2.6.12-1+deb12u4\ninstall tree 2.1.0-1\n"
				   "purge older 0.9\nremove old-thing 1.0-1\n"
				   "upgrade libc6:i386 2.36-9 2.36-9+deb12u4\n";
	const struct plan_change *c;
	struct errmsg e;
	struct plan p;

	CHECK(plan_parse(&p, out, strlen(out), &e) == 0);
	CHECK(p.n == 5 && p.len == strlen(want));
	CHECK_STR(p.text, want);
	CHECK_STR(
	    p.digest, "sha256:c28a0ffa7ebd0eda8c410346778cdf76278ba58d52c996b55fb4e7422e1c5fee");
	c = plan_find(&p, "libc6");
	CHECK(c != NULL && c->act == PLAN_UPGRADE && strcmp(c->old, "2.36-9") == 0);
	CHECK(plan_find(&p, "libc6:i386") == c);
	CHECK(plan_find(&p, "libc") == NULL && plan_find(&p, "hapro") == NULL);
	CHECK(plan_find(&p, "older") != NULL && plan_find(&p, "older")->act == PLAN_PURGE);
	plan_free(&p);
}

/* The order in which apt says it changes nothing. */
static void
test_order(void)
{
	static const char *const a = "Inst b1 (2 X [all])\nInst a1 (1 X [all])\n";
	static const char *const b = "Inst a1 (1 X [all])\nConf a1 (1 X)\nInst b1 (2 X [all])\n";
	struct errmsg e;
	struct plan p, q;

	CHECK(plan_parse(&p, a, strlen(a), &e) == 0 && plan_parse(&q, b, strlen(b), &e) == 0);
	CHECK_STR(p.text, q.text);
	CHECK_STR(p.digest, q.digest);
	plan_free(&p);
	plan_free(&q);
	CHECK(plan_parse(&p, "", 0, &e) == 0 && p.n == 0);
	CHECK_STR(p.text, "");
	CHECK_STR(
	    p.digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	plan_free(&p);
}

/* A change that is not understood must not go unseen. */
static void
test_bad(void)
{
	static const char *const bad[] = {"Inst \n", "Inst tree\n", "Inst tree ()\n",
	    "Inst tree (1\n", "Inst tree [1 (2 X)\n", "Inst tree [] (2 X)\n", "Inst -o (2 X)\n",
	    "Inst a/b (2 X)\n", "Inst a1:../x (2 X)\n", "Inst a1 ($(id) X)\n",
	    "Inst a1 [x y] (1 X)\n", "Remv \n", "Remv a1", "Purg A1 [1]\n", "Inst a1  (1 X)\n"};
	struct errmsg e;
	struct plan p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(plan_parse(&p, bad[i], strlen(bad[i]), &e) == -1 && p.change == NULL, "%s",
		    bad[i]);
	CHECK(plan_parse(&p, "Inst\0", 5, &e) == -1);
}

int
main(void)
{
	test_parse();
	test_order();
	test_bad();
	return check_done();
}
