/*
 * What reeve-ctld may call once it serves: its sockets and the files of its state. Landlock says
 * which files. It can make no socket but a unix one (the signer's channel made again, syslog),
 * bind nothing, execute nothing, start no process, reach no other one.
 */
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

static const struct sb_rule rules[] = {
    {__NR_accept4, ANY, "connections"},
    {__NR_getpeername, ANY, "whose connection it is"},
    {__NR_getsockopt, ANY, "SO_ERROR of a connection"},
    {__NR_shutdown, ANY, "ending a connection"},
    {__NR_sendto, ANY, "syslog(3)"},
    {__NR_socket, {{0, SB_EQ32, 0, AF_UNIX}, {1, SB_MASK64, TYPE, SOCK_STREAM}},
	"the signer's channel, made again"},
    {__NR_socket, {{0, SB_EQ32, 0, AF_UNIX}, {1, SB_MASK64, TYPE, SOCK_DGRAM}},
	"syslog(3), when its daemon was restarted"},
    {__NR_connect, ANY, "only of unix sockets: there are no others that are not connected"},
    {__NR_openat, ANY, "state, configuration: Landlock says which"},
    {__NR_openat2, ANY, "outputs and blobs, beneath their directories"},
    {__NR_newfstatat, ANY, "SQLite looks at its files by name"},
    {__NR_statx, ANY, "portability: stat(2) of newer libcs"},
    {__NR_stat, ANY, "SQLite, where the libc has it"},
    {__NR_lstat, ANY, "SQLite: no links"},
    {__NR_access, ANY, "SQLite: is there a journal"},
    {__NR_faccessat, ANY, "the same, of newer libcs"},
    {__NR_unlink, ANY, "SQLite's journals"},
    {__NR_unlinkat, ANY, "outputs and blobs that are no longer kept"},
    {__NR_renameat, ANY, "a blob gets its name when it is whole"},
    {__NR_renameat2, ANY, "the same"},
    {__NR_ftruncate, ANY, "SQLite's log and its index; an output taken back"},
    {__NR_fallocate, ANY, "portability: SQLite makes room"},
    {__NR_fsync, ANY, "on disk before it is promised"},
    {__NR_fdatasync, ANY, "the same"},
    {__NR_sync_file_range, ANY, "portability: SQLite"},
    {__NR_fchmod, ANY, "SQLite gives its files one mode"},
    {__NR_fchown, ANY, "the same; without capabilities it changes no owner"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_SETLK}}, "SQLite's locks"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_GETLK}}, "SQLite's locks"},
    {__NR_fcntl, {{1, SB_EQ32, 0, F_DUPFD_CLOEXEC}}, "a directory read by its own descriptor"},
    {__NR_getdents64, ANY, "what is left of outputs"},
};

static const struct sb_set own = {"ctld", rules, sizeof(rules) / sizeof(rules[0])};

int
room_filter(unsigned int n, const char **name, struct sb_filter *f)
{
	if (n > 0)
		return 0;
	memset(f, 0, sizeof(*f));
	*name = "ctld";
	f->dflt = SB_KILL;
	f->sets[0] = sb_set(SBS_BASE);
	f->sets[1] = sb_set(SBS_POLL);
	f->sets[2] = &own;
	return 1;
}
