/*
 * What the child of "reevectl enroll" may call: as dial, since glibc's resolver loads whatever
 * modules nsswitch.conf(5) names, and TLS over the sockets that it makes. No way to execute, to
 * fork, to listen, to pass a descriptor.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <string.h>

#include "lib/sb_mk.h"
#include "lib/sb_nr.h"

#define ANY                             \
	{                               \
		{                       \
			0, SB_ANY, 0, 0 \
		}                       \
	}
#define TYPE 0xf /* a socket's type without its flags */
#define SOCK(family, type, why)                                                         \
	{                                                                               \
		__NR_socket, {{0, SB_EQ32, 0, family}, {1, SB_MASK64, TYPE, type}}, why \
	}

static const struct sb_rule rules[] = {
    SOCK(AF_INET, SOCK_STREAM, "the connection; DNS over TCP"),
    SOCK(AF_INET6, SOCK_STREAM, "the connection; DNS over TCP"),
    SOCK(AF_INET, SOCK_DGRAM, "DNS; the order of addresses (RFC 6724)"),
    SOCK(AF_INET6, SOCK_DGRAM, "DNS; the order of addresses (RFC 6724)"),
    SOCK(AF_UNIX, SOCK_STREAM, "resolvers on this host: nscd, resolved, sssd, avahi"),
    SOCK(AF_NETLINK, SOCK_RAW, "getaddrinfo(3) asks for this host's addresses"),
    {__NR_connect, ANY, "sockets of the families above"},
    {__NR_bind, ANY, "getaddrinfo's netlink socket; without listen(2) nobody can come in"},
    {__NR_sendto, ANY, "DNS, netlink"},
    {__NR_sendmmsg, ANY, "DNS: both families asked at once"},
    {__NR_recvfrom, ANY, "DNS"},
    {__NR_recvmsg, ANY, "netlink"},
    {__NR_getsockname, ANY, "getaddrinfo(3)"},
    {__NR_getpeername, ANY, "resolver modules"},
    {__NR_getsockopt, ANY, "did it connect"},
    {__NR_setsockopt, ANY, "TCP_NODELAY; DNS asks for path errors"},
    {__NR_shutdown, ANY, "resolver modules"},
    {__NR_ioctl, {{1, SB_EQ32, 0, FIONREAD}}, "DNS: how long is the answer"},
    {__NR_mmap,
	{{2, SB_MASK64, PROT_EXEC | PROT_WRITE, PROT_EXEC}, {3, SB_MASK64, MAP_ANONYMOUS, 0}},
	"resolver modules: a file's text, never writable"},
    {__NR_uname, ANY, "resolver modules; the host's own name"},
    {__NR_sysinfo, ANY, "resolver modules"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_DUPFD_CLOEXEC}}, "resolver modules"},
    {__NR_prlimit64, {{0, SB_EQ64, 0, 0}, {2, SB_EQ64, 0, 0}},
	"resolver modules: reading own limits"},
};

static const struct sb_set own = {"enroll", rules, sizeof(rules) / sizeof(rules[0])};

int
room_filter(unsigned int n, const char **name, struct sb_filter *f)
{
	if (n > 0)
		return 0;
	memset(f, 0, sizeof(*f));
	*name = "ctl";
	f->dflt = SB_EPERM;
	f->sets[0] = sb_set(SBS_BASE);
	f->sets[1] = sb_set(SBS_POLL);
	f->sets[2] = sb_set(SBS_FILES);
	f->sets[3] = &own;
	return 1;
}
