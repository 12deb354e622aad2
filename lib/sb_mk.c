/* Prints compiled filters as C. Part of no installed program. */
#include <stdio.h>

#include "lib/sb_mk.h"
#include "lib/sb_prog.h"

void
sb_mk_array(const char *name, const struct sb_prog *p)
{
	const struct sock_fprog *b = sb_filter_bpf(p);

	printf("static const struct sock_filter filter_%s[] = {\n", name);
	for (size_t i = 0; i < b->len; i++)
		printf("    {0x%02x, %u, %u, 0x%08x},\n", b->filter[i].code, b->filter[i].jt,
		    b->filter[i].jf, b->filter[i].k);
	printf("};\n");
}

int
sb_mk_print(const char *name, const struct sb_filter *f)
{
	struct errmsg e;
	struct sb_prog *p = sb_filter_compile(f, &e);

	if (p == NULL) {
		fprintf(stderr, "mkfilter: %s: %s\n", name, e.text);
		return -1;
	}
	sb_mk_array(name, p);
	sb_filter_free(p);
	return 0;
}
