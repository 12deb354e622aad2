/*
 * Crash points, for regress/crash alone: a build with CRASH=1 dies as by kill -9 when it reaches
 * the point that REEVE_CRASH names ("ledger.STARTED.sync", "msg.EXEC_GO.recv:2" for the second
 * time). In every other build this is nothing at all.
 */
#ifndef LIB_CRASH_H
#define LIB_CRASH_H

#ifdef REEVE_CRASH
void crash_point(const char *table, const char *row, const char *when);
#else
#define crash_point(table, row, when) ((void)(table), (void)(row), (void)(when))
#endif

#endif
