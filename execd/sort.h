/* Sorting in place. */
#ifndef EXECD_SORT_H
#define EXECD_SORT_H

#include <stddef.h>

/*
 * Sorts N elements of SIZE bytes at BASE by CMP, which answers as for qsort(3). A heap sort: it
 * takes no memory and makes no system call, and glibc's qsort(3) does both (sysinfo(2)).
 */
void sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));

#endif
