/* execd/factparse.c: os-release, meminfo, the kernel's address tables. */
#include "execd/factparse.h"
#include "regress/check.h"

static void
add(const char *addr, void *arg)
{
	strcat(strcat(arg, addr), " ");
}

int
main(void)
{
	static const char osr[] = "NAME=\"A B\"\nID=debian\n#ID=x\nVERSION_ID='12'\nOPEN=\"x";
	static const char trie[] =
	    "Local:\n  +-- 0.0.0.0/0 3 0 5\n     +-- 127.0.0.0/8 2 0 2\n        |-- 127.0.0.0\n"
	    "           /8 host LOCAL\n        |-- 127.0.0.1\n           /32 host LOCAL\n"
	    "     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n"
	    "        /32 link BROADCAST\n     |-- 999.1.1.1\n        /32 host LOCAL\n";
	char v[64], addr[46], ifname[17], list[256] = "";
	uint64_t n = 0;

	CHECK(fact_osrelease(osr, "NAME", v, sizeof(v)) && strcmp(v, "A B") == 0);
	CHECK(fact_osrelease(osr, "ID", v, sizeof(v)) && strcmp(v, "debian") == 0);
	CHECK(fact_osrelease(osr, "VERSION_ID", v, sizeof(v)) && strcmp(v, "12") == 0);
	CHECK(fact_osrelease(osr, "OPEN", v, sizeof(v)) && strcmp(v, "x") == 0);
	CHECK(fact_osrelease(osr, "NAME", v, 3) && strcmp(v, "A ") == 0);
	CHECK(!fact_osrelease(osr, "VERSION", v, sizeof(v)) &&
	      !fact_osrelease("", "ID", v, sizeof(v)));
	CHECK(
	    fact_meminfo("MemTotal:       100 kB\nSwapFree:0 kB\n", "MemTotal", &n) && n == 102400);
	CHECK(fact_meminfo("MemTotal:       100 kB\nSwapFree:0 kB\n", "SwapFree", &n) && n == 0);
	CHECK(!fact_meminfo("MemTotal: x kB\n", "MemTotal", &n) && !fact_meminfo("", "Mem", &n));
	CHECK(!fact_meminfo("MemTotal: 99999999999999999999 kB\n", "MemTotal", &n));
	fact_ipv4(trie, add, list);
	CHECK_STR(list, "127.0.0.1 192.0.2.2 ");
	CHECK(fact_ipv6("fe8000000000000000fc00fffe000001 02 40 20 80     eth0\n", addr, ifname));
	CHECK_STR(addr, "fe80::fc:ff:fe00:1");
	CHECK_STR(ifname, "eth0");
	CHECK(!fact_ipv6("fe80 02 40 20 80 eth0\n", addr, ifname));
	CHECK(!fact_ipv6("", addr, ifname));
	CHECK(!fact_ipv6(
	    "fe8000000000000000fc00fffe000001 02 40 20 80 a-name-of-seventeen\n", addr, ifname));
	return check_done();
}
