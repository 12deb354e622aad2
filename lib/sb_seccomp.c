/* Filters: tables of rows to BPF by libseccomp. No program that is installed links this file. */

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fdutil.h"
#include "lib/sb.h"
#include "lib/sb_prog.h"

static uint32_t
default_action(enum sb_default d)
{
#ifdef REEVE_TRACE
	(void)d;
	return SCMP_ACT_LOG;
#else
	return d == SB_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
#endif
}

/* One argument rule as libseccomp has it. */
static int
arg_cmp(const struct sb_arg *a, struct scmp_arg_cmp *out)
{
	switch (a->op) {
	case SB_EQ32:
		*out = SCMP_CMP64(a->n, SCMP_CMP_MASKED_EQ, 0xffffffffULL, a->val & 0xffffffffULL);
		return 0;
	case SB_EQ64:
		*out = SCMP_CMP64(a->n, SCMP_CMP_EQ, a->val, 0);
		return 0;
	case SB_MASK64:
		*out = SCMP_CMP64(a->n, SCMP_CMP_MASKED_EQ, a->mask, a->val);
		return 0;
	default:
		return -1;
	}
}

/*
 * "The low 32 bits are neither V nor W", which libseccomp cannot say: one rule for each bit in
 * which both agree and the argument differs, then each pattern of the bits in which they do not
 * agree.
 */
static int
add_not32(scmp_filter_ctx ctx, int nr, unsigned int n, uint32_t v, uint32_t w)
{
	uint32_t differ = v ^ w, bit, sub = 0;
	struct scmp_arg_cmp c;
	int rc = 0;

	for (int b = 0; rc == 0 && b < 32; b++) {
		bit = 1U << b;
		if (differ & bit)
			continue;
		c = SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, bit, ~v & bit);
		rc = seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, nr, 1, &c);
	}
	do { /* every subset of the differing bits */
		if (sub != (v & differ) && sub != (w & differ)) {
			c = SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, 0xffffffffULL, (v & ~differ) | sub);
			rc = rc != 0 ? rc
				     : seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, nr, 1, &c);
		}
		sub = (sub - differ) & differ;
	} while (rc == 0 && sub != 0);
	return rc;
}

static int
add_rule(scmp_filter_ctx ctx, uint32_t action, const struct sb_rule *r, struct errmsg *e)
{
	struct scmp_arg_cmp cmp[3];
	unsigned int n = 0;
	int rc;

	if (r->nr == SB_NR_NONE)
		return 0;
	if (r->arg[0].op == SB_NOT32) {
		rc = add_not32(
		    ctx, r->nr, r->arg[0].n, (uint32_t)r->arg[0].val, (uint32_t)r->arg[0].mask);
		return rc == 0 ? 0 : err_set(e, "syscall %d: %s", r->nr, strerror(-rc));
	}
	for (unsigned int i = 0; i < 3; i++) {
		if (r->arg[i].op == SB_ANY)
			continue;
		if (arg_cmp(&r->arg[i], &cmp[n++]) == -1)
			return err_set(e, "syscall %d: unknown argument rule", r->nr);
	}
	rc = seccomp_rule_add_exact_array(ctx, action, r->nr, n, cmp);
	/* the same plain row in two sets is one row */
	if (rc != 0 && rc != -EEXIST)
		return err_set(e, "syscall %d: %s", r->nr, strerror(-rc));
	return 0;
}

/* The kernel gets the program from memory; libseccomp gives it through a descriptor. */
static struct sb_prog *export(scmp_filter_ctx ctx, struct errmsg *e)
{
	struct sb_prog *p = NULL;
	char *buf;
	size_t len;
	int fd, rc;

	if ((fd = (int)syscall(SYS_memfd_create, "filter", 1U /* MFD_CLOEXEC */)) == -1) {
		err_errno(e, "memfd_create");
		return NULL;
	}
	if ((rc = seccomp_export_bpf(ctx, fd)) != 0)
		err_set(e, "libseccomp: %s", strerror(-rc));
	else if (fd_slurp(fd, 65535 * sizeof(struct sock_filter), &buf, &len, e) == 0) {
		if ((p = calloc(1, sizeof(*p))) == NULL) {
			err_set(e, "out of memory");
			free(buf);
		} else {
			p->fprog.len = (unsigned short)(len / sizeof(struct sock_filter));
			p->fprog.filter = (struct sock_filter *)(void *)buf;
		}
	}
	close(fd);
	return p;
}

/* Foreign architectures die; calls with the x32 bit die in libseccomp's own preamble. */
static scmp_filter_ctx
new_ctx(uint32_t action, struct errmsg *e)
{
	scmp_filter_ctx ctx = seccomp_init(action);

	if (ctx == NULL ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0 ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0) {
		err_set(e, "libseccomp does not start");
		if (ctx != NULL)
			seccomp_release(ctx);
		return NULL;
	}
	return ctx;
}

struct sb_prog *
sb_filter_compile(const struct sb_filter *f, struct errmsg *e)
{
	scmp_filter_ctx ctx = new_ctx(default_action(f->dflt), e);
	struct sb_prog *p = NULL;
	int bad = 0;

	if (ctx == NULL)
		return NULL;
#ifdef __NR_clone3
	/* its flags are behind a pointer; libc falls back to clone() on ENOSYS */
	bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), __NR_clone3, 0) != 0;
	if (bad)
		err_set(e, "clone3 rule");
#endif
	for (unsigned int s = 0; !bad && s < SB_MAXSETS && f->sets[s] != NULL; s++)
		for (size_t i = 0; !bad && i < f->sets[s]->nrules; i++)
			bad = add_rule(ctx, SCMP_ACT_ALLOW, &f->sets[s]->rules[i], e) == -1;
	if (!bad)
		p = export(ctx, e);
	seccomp_release(ctx);
	return p;
}

struct sb_prog *
sb_never_compile(struct errmsg *e)
{
	scmp_filter_ctx ctx = new_ctx(SCMP_ACT_ALLOW, e);
	const struct sb_set *never = sb_never_set();
	struct sb_prog *p = NULL;
	int rc = 0;

	if (ctx == NULL)
		return NULL;
	for (size_t i = 0; rc == 0 && i < never->nrules; i++)
		rc = add_rule(ctx, SCMP_ACT_ERRNO(EPERM), &never->rules[i], e);
	if (rc == 0)
		p = export(ctx, e);
	seccomp_release(ctx);
	return p;
}
