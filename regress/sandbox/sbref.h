/*
 * What the tables say, evaluated apart from libseccomp, and the kernel's classic BPF, so that a
 * compiled filter can be asked about any call without making it.
 */
#ifndef REGRESS_SBREF_H
#define REGRESS_SBREF_H

#include <sys/types.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/sb.h"

#if defined(__x86_64__)
#define REF_ARCH    AUDIT_ARCH_X86_64
#define REF_FOREIGN AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define REF_ARCH    AUDIT_ARCH_AARCH64
#define REF_FOREIGN AUDIT_ARCH_ARM
#endif
#define REF_X32 0x40000000

static inline int
ref_arg(const struct sb_arg *a, const uint64_t *args)
{
	uint64_t v = args[a->n];

	switch (a->op) {
	case SB_EQ32:
		return (uint32_t)v == (uint32_t)a->val;
	case SB_EQ64:
		return v == a->val;
	case SB_MASK64:
		return (v & a->mask) == a->val;
	case SB_NOT32:
		return (uint32_t)v != (uint32_t)a->val && (uint32_t)v != (uint32_t)a->mask;
	default:
		return 1;
	}
}

static inline int
ref_row(const struct sb_rule *r, int nr, const uint64_t *args)
{
	return r->nr != SB_NR_NONE && r->nr == nr && ref_arg(&r->arg[0], args) &&
	       ref_arg(&r->arg[1], args) && ref_arg(&r->arg[2], args);
}

/* Does any row of the sets let this call through? */
static inline int
ref_allows(const struct sb_set *const *sets, int nr, const uint64_t *args)
{
	for (; *sets != NULL; sets++)
		for (size_t i = 0; i < (*sets)->nrules; i++)
			if (ref_row(&(*sets)->rules[i], nr, args))
				return 1;
	return 0;
}

/* Is the syscall named by any row, whatever its arguments? */
static inline int
ref_mentions(const struct sb_set *const *sets, int nr)
{
	for (; *sets != NULL; sets++)
		for (size_t i = 0; i < (*sets)->nrules; i++)
			if ((*sets)->rules[i].nr == nr && nr != SB_NR_NONE)
				return 1;
	return 0;
}

static inline int
bpf_jumps(const struct sock_filter *f, uint32_t a, int *bad)
{
	switch (BPF_OP(f->code)) {
	case BPF_JA:
		return (int)f->k;
	case BPF_JEQ:
		return a == f->k ? f->jt : f->jf;
	case BPF_JGT:
		return a > f->k ? f->jt : f->jf;
	case BPF_JGE:
		return a >= f->k ? f->jt : f->jf;
	case BPF_JSET:
		return a & f->k ? f->jt : f->jf;
	default:
		*bad = 1;
		return 0;
	}
}

/* Runs the filter; 0xffffffff is never an action and stands for a program that we cannot run. */
static inline uint32_t
bpf_run(const struct sock_fprog *p, uint32_t arch, uint32_t nr, const uint64_t *args)
{
	struct seccomp_data d = {.nr = (int)nr, .arch = arch};
	uint32_t a = 0;
	int bad = 0;

	memcpy(d.args, args, sizeof(d.args));
	for (unsigned int pc = 0; pc < p->len && !bad; pc++) {
		const struct sock_filter *f = &p->filter[pc];

		if (f->code == (BPF_LD | BPF_W | BPF_ABS) && f->k <= sizeof(d) - 4)
			memcpy(&a, (const char *)&d + f->k, 4);
		else if (f->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			pc += (unsigned int)bpf_jumps(f, a, &bad);
		else if (f->code == (BPF_RET | BPF_K))
			return f->k;
		else
			bad = 1;
	}
	return 0xffffffff;
}

#endif
