/*
 * Compiling filters while reeve is built. A room with one filter of its own lists its rows in
 * ROOM/filter_rows.c; lib/mkfilter.c, linked with that file alone, prints build/gen/ROOM_filter.h,
 * which ROOM/sandbox.c includes: `static const struct sock_filter filter_ROOM[]`, for SB_PROG().
 */
#ifndef LIB_SB_MK_H
#define LIB_SB_MK_H

#include "lib/sb.h"

/* The rows of the room's Nth filter, and the name of its array. 1; 0 when there is none. */
int room_filter(unsigned int n, const char **name, struct sb_filter *f);
/* Compiles F and prints "static const struct sock_filter filter_NAME[] = {...};". 0 or -1, said. */
int sb_mk_print(const char *name, const struct sb_filter *f);
/* Prints the array of a program that is compiled already. */
void sb_mk_array(const char *name, const struct sb_prog *p);

#endif
