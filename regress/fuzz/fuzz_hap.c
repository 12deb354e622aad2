/*
 * Any bytes as HAProxy's answer, and as the kernel's tables of facts. The first byte chooses. What
 * is written must be JSON that closed all it opened.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "execd/factparse.h"
#include "execd/hapcsv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_json(int which, char *text, size_t len)
{
	struct jsonout j;
	struct errmsg e;
	int r = 0;

	jo_init(&j, 1 << 20);
	jo_obj(&j, NULL);
	if (which == 0)
		r = hap_stat(&j, "x", text, len, &e);
	else if (which == 1)
		r = hap_info(&j, "x", text, len, &e);
	else if (which == 2)
		r = hap_servers(&j, "x", text, len, &e);
	else
		hap_lines(&j, "x", text);
	jo_end(&j);
	if (r == 0 && !j.failed && jo_text(&j) == NULL)
		abort();
	jo_free(&j);
}

static void
count(const char *addr, void *arg)
{
	if (strlen(addr) > 15)
		abort();
	(*(unsigned int *)arg)++;
}

static void
try_facts(const char *text)
{
	char value[8], addr[46], ifname[17];
	unsigned int n = 0;
	uint64_t v;

	(void)fact_osrelease(text, "ID", value, sizeof(value));
	(void)fact_meminfo(text, "MemTotal", &v);
	fact_ipv4(text, count, &n);
	if (fact_ipv6(text, addr, ifname) && (addr[0] == '\0' || ifname[0] == '\0'))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hap_server s;
	struct errmsg e;
	char *text;

	if (size == 0 || (text = calloc(1, size)) == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	if (data[0] % 6 < 4)
		try_json(data[0] % 6, text, size - 1);
	else if (data[0] % 6 == 4) {
		if (hap_find(text, size - 1, "be", "s1", &s, &e) == 1 && s.weight > 256)
			abort();
	} else
		try_facts(text);
	free(text);
	return 0;
}
