/* proto/confirm.c: the text is the page's, and a signature is good for it alone. */
#include "proto/confirm.h"
#include "lib/strutil.h"
#include "regress/check.h"

static const char text[] =
    "reeve-confirm 1\n"
    "host 5f0c2c9d8e7f40a1b2c3d4e5f6071829 web1.example.net\n"
    "job 9f86d081884c7d659a2feaa0c55ad015\n"
    "nonce 6c1f0e5b8d4a4f3fb1d2c3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728\n"
    "end\n";

int
main(void)
{
	struct confirm c = {.host_name = "web1.example.net"}, x;
	char buf[CONFIRM_MAX], name[255];
	struct seckey k;
	struct pubkey p, other;
	struct sig s, bad;

	CHECK(str_unhex(c.host_id, 16, "5f0c2c9d8e7f40a1b2c3d4e5f6071829") == 0 &&
	      str_unhex(c.job, 16, "9f86d081884c7d659a2feaa0c55ad015") == 0 &&
	      str_unhex(c.nonce, 32,
		  "6c1f0e5b8d4a4f3fb1d2c3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5061728") == 0);
	CHECK(confirm_write(&c, buf, sizeof(buf)) == (ssize_t)strlen(text));
	CHECK_STR(buf, text);
	CHECK(confirm_write(&c, buf, strlen(text)) == -1);
	CHECK(confirm_write(&c, buf, strlen(text) + 1) == (ssize_t)strlen(text));
	seckey_new(&k, &other);
	seckey_new(&k, &p);
	CHECK(confirm_sign(&c, &k, &s) == 0 && confirm_verify(&c, &p, &s));
	CHECK(pubkey_verify(&p, text, strlen(text), &s));
	CHECK(!confirm_verify(&c, &other, &s));
	for (size_t i = 0; i < 64; i++) {
		bad = s;
		bad.sig[i] ^= 1;
		CHECK(!confirm_verify(&c, &p, &bad));
	}
#define OTHER(change)                               \
	do {                                        \
		x = c;                              \
		change;                             \
		CHECK(!confirm_verify(&x, &p, &s)); \
	} while (0)
	OTHER(x.host_id[15] ^= 1);
	OTHER(x.job[0] ^= 1);
	OTHER(x.nonce[31] ^= 1);
	OTHER(x.host_name = "web2.example.net");
	/* the longest name fits; what is none is neither signed nor verified */
	memset(name, 'a', 254);
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	x = c;
	x.host_name = name;
	CHECK(confirm_sign(&x, &k, &s) == 0 && confirm_verify(&x, &p, &s));
	x.host_name = "web1\njob 0";
	CHECK(confirm_sign(&x, &k, &s) == -1 && !confirm_verify(&x, &p, &s));
	x.host_name = "";
	CHECK(confirm_sign(&x, &k, &s) == -1);
	return check_done();
}
