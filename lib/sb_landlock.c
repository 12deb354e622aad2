/* Landlock by raw system calls: the kernel's ABI is asked, and newer rights are used where present.
 */

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/sb.h"

/* Rights and attributes newer than the distribution's header. */
#define LL_TRUNCATE	(1ULL << 14) /* ABI 3 */
#define LL_IOCTL_DEV	(1ULL << 15) /* ABI 5 */
#define LL_NET_BIND	(1ULL << 0)  /* ABI 4 */
#define LL_NET_CONNECT	(1ULL << 1)
#define LL_SCOPE_UNIX	(1ULL << 0) /* ABI 6: abstract unix sockets outside the domain */
#define LL_SCOPE_SIGNAL (1ULL << 1)

struct ll_ruleset {
	uint64_t fs, net, scoped;
};

#define LL_FILE                                                       \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)
#define LL_WRITE                                                            \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |    \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |   \
	    LANDLOCK_ACCESS_FS_REFER | LL_TRUNCATE)

int
sb_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* Every file system right that this ABI knows is handled, so that what is not granted is denied. */
static uint64_t
handled_fs(int abi)
{
	uint64_t fs = (1ULL << 13) - 1; /* ABI 1 */

	if (abi >= 2)
		fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		fs |= LL_TRUNCATE;
	if (abi >= 5)
		fs |= LL_IOCTL_DEV;
	return fs;
}

static uint64_t
rights_of(unsigned int access)
{
	uint64_t r = 0;

	if (access & (SB_READ | SB_EXEC))
		r |= LANDLOCK_ACCESS_FS_READ_FILE;
	if (access & SB_READ)
		r |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (access & SB_EXEC)
		r |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (access & SB_WRITE)
		r |= LL_WRITE | LL_IOCTL_DEV;
	return r;
}

static int
add_path(int rs, const struct sb_path *p, uint64_t handled, struct errmsg *e)
{
	struct landlock_path_beneath_attr attr;
	struct stat st;
	int fd, rc = 0;

	if ((fd = open(p->path, O_PATH | O_CLOEXEC)) == -1) {
		if (p->optional && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		return err_errno(e, "landlock: %s", p->path);
	}
	attr.parent_fd = fd;
	attr.allowed_access = rights_of(p->access) & handled;
	if (fstat(fd, &st) == -1)
		rc = err_errno(e, "landlock: %s", p->path);
	else {
		if (!S_ISDIR(st.st_mode))
			attr.allowed_access &= LL_FILE;
		if (syscall(SYS_landlock_add_rule, rs, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) == -1)
			rc = err_errno(e, "landlock: %s", p->path);
	}
	close(fd);
	return rc;
}

static int
make_ruleset(const struct sb *s, int abi, uint64_t *handled, struct errmsg *e)
{
	struct ll_ruleset attr = {.fs = handled_fs(abi)};
	size_t size = sizeof(attr.fs);
	long rs;

	if (abi >= 4)
		size = sizeof(attr.fs) + sizeof(attr.net);
	if (abi >= 4 && s->landlock_net)
		attr.net = LL_NET_BIND | LL_NET_CONNECT;
	if (abi >= 6) {
		size = sizeof(attr);
		attr.scoped = LL_SCOPE_SIGNAL | LL_SCOPE_UNIX;
	}
	*handled = attr.fs;
	if ((rs = syscall(SYS_landlock_create_ruleset, &attr, size, 0)) == -1)
		return err_errno(e, "landlock_create_ruleset");
	return (int)rs;
}

int
sb_landlock_apply(const struct sb *s, struct errmsg *e)
{
	int abi = sb_landlock_abi(), rs, rc = 0;
	uint64_t handled;

	if (abi < SB_LANDLOCK_MIN) {
		if (!s->below_minimum)
			return err_set(e, "the kernel has Landlock ABI %d, %d is needed", abi,
			    SB_LANDLOCK_MIN);
		log_warnx("confinement below the minimum: Landlock ABI %d", abi);
		return 0;
	}
	if ((rs = make_ruleset(s, abi, &handled, e)) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < s->npaths; i++)
		rc = add_path(rs, &s->paths[i], handled, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rs, 0) == -1)
		rc = err_errno(e, "landlock_restrict_self");
	close(rs);
	return rc;
}
