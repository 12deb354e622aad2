/* Facts that agent.facts and the heartbeat's vitals both tell, read and written as JSON. */
#include <sys/utsname.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "execd/factout.h"
#include "execd/factparse.h"
#include "lib/strutil.h"

/* The text of PATH in BUF, cut at its size; NULL when it cannot be read. */
const char *
factout_slurp(const char *path, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t r;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	while (n < size - 1 && (r = read(fd, buf + n, size - 1 - n)) > 0)
		n += (size_t)r;
	close(fd);
	buf[n] = '\0';
	return buf;
}

void
factout_os(struct jsonout *j, char *buf)
{
	static const char *const keys[][2] = {
	    {"ID", "id"}, {"VERSION_ID", "version"}, {"PRETTY_NAME", "name"}};
	struct utsname u;
	const char *text;
	char value[256];
	size_t i;

	jo_obj(j, "os");
	if ((text = factout_slurp("/etc/os-release", buf, FACT_FILE)) == NULL)
		text = factout_slurp("/usr/lib/os-release", buf, FACT_FILE);
	for (i = 0; text != NULL && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (fact_osrelease(text, keys[i][0], value, sizeof(value)))
			jo_str(j, keys[i][1], value);
	if (uname(&u) == 0) {
		jo_str(j, "kernel", u.release);
		jo_str(j, "arch", u.machine);
	}
	jo_end(j);
}

void
factout_load(struct jsonout *j, char *buf)
{
	const char *text = factout_slurp("/proc/uptime", buf, FACT_FILE);
	uint64_t up;
	size_t n;
	int i;

	if (text != NULL && strn_u64(text, strcspn(text, "."), 0, UINT64_MAX, &up) == 0)
		jo_u64(j, "uptime", up);
	if ((text = factout_slurp("/proc/loadavg", buf, FACT_FILE)) == NULL)
		return;
	jo_arr(j, "load");
	for (i = 0; i < 3; i++, text += n + (text[n] == ' ')) {
		n = strcspn(text, " \n");
		jo_strn(j, NULL, text, n);
	}
	jo_end(j);
}

void
factout_memory(struct jsonout *j, char *buf)
{
	static const char *const keys[][2] = {{"MemTotal", "total"}, {"MemAvailable", "available"},
	    {"SwapTotal", "swap_total"}, {"SwapFree", "swap_free"}};
	const char *text = factout_slurp("/proc/meminfo", buf, FACT_FILE);
	uint64_t v;
	size_t i;

	jo_obj(j, "memory");
	for (i = 0; text != NULL && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (fact_meminfo(text, keys[i][0], &v))
			jo_u64(j, keys[i][1], v);
	jo_end(j);
}

static void
put_ipv4(const char *addr, void *arg)
{
	jo_str(arg, NULL, addr);
}

void
factout_addresses(struct jsonout *j, char *buf)
{
	char addr[46], ifname[17];
	const char *p;

	jo_arr(j, "addresses");
	if (factout_slurp("/proc/self/net/fib_trie", buf, FACT_FILE) != NULL) {
		/* the table of own addresses comes last and once more as "Main" */
		p = strstr(buf, "Local:");
		fact_ipv4(p != NULL ? p : buf, put_ipv4, j);
	}
	p = factout_slurp("/proc/self/net/if_inet6", buf, FACT_FILE);
	while (p != NULL && *p != '\0') {
		if (fact_ipv6(p, addr, ifname))
			jo_str(j, NULL, addr);
		p = strchr(p, '\n');
		p = p != NULL ? p + 1 : NULL;
	}
	jo_end(j);
}
