/* The floor: the bare steps of one job without any of reeve. See floor.c. */
#ifndef REGRESS_BENCH_FLOOR_H
#define REGRESS_BENCH_FLOOR_H

#include <sys/types.h>

/* Compiles the filter once and opens the flush file in DIR. Exits on failure. */
void floor_init(const char *dir);

/*
 * One turn: FLUSHES times append 256 bytes and fsync, then fork, drop to UID, load a filter of 120
 * rules, exec PATH and read its output to the end. Returns its wait status.
 */
int floor_turn(const char *path, uid_t uid, unsigned int flushes);

#endif
