/*
 * A compiled filter, for lib/sb_*.c and for the programs that the build compiles (build/gen/never.h
 * and filters.h, both by execd/mkfilters.c). Others handle it by lib/sb.h alone.
 */
#ifndef LIB_SB_PROG_H
#define LIB_SB_PROG_H

#include <linux/filter.h>

#include <stdint.h>

struct sb_prog {
	struct sock_fprog fprog;
};

/* A constant struct sb_prog of a constant array of instructions: the kernel only reads them. */
#define SB_PROG(a)                                                                       \
	{                                                                                \
		{                                                                        \
			sizeof(a) / sizeof((a)[0]), (struct sock_filter *)(uintptr_t)(a) \
		}                                                                        \
	}

#endif
