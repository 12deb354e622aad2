/* Small parsers for what the kernel and the distribution say of a host: pure, bounded. */
#ifndef EXECD_FACTPARSE_H
#define EXECD_FACTPARSE_H

#include <stddef.h>
#include <stdint.h>

/* KEY's value in os-release(5) text, unquoted, into DST. 1 found, 0 not. */
int fact_osrelease(const char *text, const char *key, char *dst, size_t size);
/* "MemTotal" of proc_meminfo(5) in bytes. 1 found, 0 not. */
int fact_meminfo(const char *text, const char *key, uint64_t *bytes);
/* Calls FN for each own IPv4 address in /proc/net/fib_trie, once each in a row. */
void fact_ipv4(const char *text, void (*fn)(const char *addr, void *arg), void *arg);
/* One line of /proc/net/if_inet6: the address in RFC 5952 form and the interface. 1 or 0. */
int fact_ipv6(const char *line, char addr[46], char ifname[17]);

#endif
