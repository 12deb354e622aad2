/*
 * Landlock: what a rule set grants works, everything else is refused, a missing path is an error
 * unless it is optional, and an empty rule set leaves nothing.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <dirent.h>
#include <fcntl.h>

#include "regress/check.h"
#include "regress/sandbox/sbchild.h"

static char dir[64];

struct box {
	struct sb_path paths[4];
	size_t npaths;
	int net;
	int (*fn)(const char *path);
	const char *path;
};

static const char *
in_dir(const char *name)
{
	static char buf[128][128];
	static unsigned int n;
	char *p = buf[n++ % 128];

	snprintf(p, sizeof(buf[0]), "%s/%s", dir, name);
	return p;
}

static int
confine(const struct box *b, struct errmsg *e)
{
	struct sb s;

	sb_init(&s);
	s.landlock = 1;
	s.landlock_net = b->net;
	s.paths = b->paths;
	s.npaths = b->npaths;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return sb_landlock_apply(&s, e);
}

static int
run_box(void *v)
{
	const struct box *b = v;
	struct errmsg e = {""};

	if (confine(b, &e) == -1)
		return child_broken("landlock", &e);
	return b->fn(b->path);
}

static int
do_read(const char *path)
{
	return open(path, O_RDONLY) == -1 ? errno : 0;
}

static int
do_list(const char *path)
{
	return opendir(path) == NULL ? errno : 0;
}

static int
do_write(const char *path)
{
	return open(path, O_WRONLY) == -1 ? errno : 0;
}

static int
do_create(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600) == -1 ? errno : unlink(path);
}

static int
do_truncate(const char *path)
{
	return truncate(path, 0) == -1 ? errno : 0;
}

static int
do_mkdir(const char *path)
{
	return mkdir(path, 0700) == -1 ? errno : rmdir(path);
}

static int
do_exec(const char *path)
{
	execl(path, path, (char *)NULL);
	return errno;
}

static int
do_rename_out(const char *path)
{
	return rename(path, in_dir("b/moved")) == -1 ? errno : rename(in_dir("b/moved"), path);
}

static int
box(unsigned int access, const char *on, int (*fn)(const char *), const char *path)
{
	struct box b = {.paths = {{on, access, 0}}, .npaths = on != NULL, .fn = fn, .path = path};

	return in_child(run_box, &b);
}

static void
test_files(void)
{
	const char *a = in_dir("a"), *f = in_dir("a/file");

	/* nothing granted: nothing */
	CHECK(box(0, NULL, do_read, f) == EACCES);
	CHECK(box(0, NULL, do_list, a) == EACCES);
	CHECK(box(0, NULL, do_create, in_dir("a/new")) == EACCES);
	CHECK(box(0, NULL, do_mkdir, in_dir("a/newdir")) == EACCES);
	CHECK(box(0, NULL, do_exec, "/bin/true") == EACCES);
	/* reading */
	CHECK(box(SB_READ, a, do_read, f) == 0);
	CHECK(box(SB_READ, a, do_list, a) == 0);
	CHECK(box(SB_READ, a, do_write, f) == EACCES);
	CHECK(box(SB_READ, a, do_create, in_dir("a/new")) == EACCES);
	CHECK(box(SB_READ, a, do_read, in_dir("b/file")) == EACCES);
	CHECK(box(SB_READ, "/", do_exec, "/bin/true") == EACCES);
	/* a file of its own: rights of directories are left out, nothing beside it opens */
	CHECK(box(SB_READ | SB_WRITE, f, do_write, f) == 0);
	CHECK(box(SB_READ | SB_WRITE, f, do_read, in_dir("a/other")) == EACCES);
	CHECK(box(SB_READ | SB_WRITE, f, do_create, in_dir("a/new")) == EACCES);
	/* writing */
	CHECK(box(SB_WRITE, a, do_write, f) == 0);
	CHECK(box(SB_WRITE, a, do_read, f) == EACCES);
	CHECK(box(SB_WRITE, a, do_create, in_dir("a/new")) == 0);
	CHECK(box(SB_WRITE, a, do_mkdir, in_dir("a/newdir")) == 0);
	CHECK(box(SB_WRITE, a, do_create, in_dir("b/new")) == EACCES);
	/* out of the granted place by a rename */
	CHECK(box(SB_WRITE, a, do_rename_out, f) == EXDEV ||
	      box(SB_WRITE, a, do_rename_out, f) == EACCES);
	CHECK(box(SB_WRITE | SB_READ, dir, do_rename_out, f) == 0);
	/* executing needs its own word */
	CHECK(box(SB_EXEC | SB_READ, "/", do_exec, "/bin/true") == 0);
	if (sb_landlock_abi() >= 3)
		CHECK(box(SB_READ, a, do_truncate, f) == EACCES);
	CHECK(box(SB_WRITE, a, do_truncate, f) == 0);
}

static int
run_missing(void *v)
{
	const struct box *b = v;
	struct errmsg e = {""};

	if (confine(b, &e) == 0)
		return 0;
	return strstr(e.text, "absent") != NULL ? 1 : 2;
}

static void
test_missing(void)
{
	struct box b = {.paths = {{in_dir("absent"), SB_READ, 0}}, .npaths = 1};

	CHECK(in_child(run_missing, &b) == 1);
	b.paths[0].optional = 1;
	CHECK(in_child(run_missing, &b) == 0);
}

static uint16_t port;

static int
do_tcp(const char *unused)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ? errno : 0;
}

static int
do_tcp_bind(const char *unused)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)unused;
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ? errno : 0;
}

static void
test_net(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	struct box b = {.fn = do_tcp};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 && listen(fd, 8) == 0 &&
	      getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	port = ntohs(sin.sin_port);
	CHECK(in_child(run_box, &b) == 0);
	b.fn = do_tcp_bind;
	CHECK(in_child(run_box, &b) == 0);
	if (sb_landlock_abi() >= 4) {
		b.net = 1;
		CHECK(in_child(run_box, &b) == EACCES);
		b.fn = do_tcp;
		CHECK(in_child(run_box, &b) == EACCES);
	}
	close(fd);
}

static struct sockaddr_un abstract;
static socklen_t abstract_len;

static int
do_abstract(const char *unused)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)unused;
	return connect(fd, (struct sockaddr *)&abstract, abstract_len) == -1 ? errno : 0;
}

static int
do_signal_parent(const char *unused)
{
	(void)unused;
	return kill(getppid(), 0) == -1 ? errno : 0;
}

static void
test_scope(void)
{
	struct box b = {.fn = do_abstract};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (sb_landlock_abi() < 6) {
		close(fd);
		return;
	}
	abstract.sun_family = AF_UNIX;
	abstract_len = (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 +
		       (socklen_t)snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1,
			   "t_landlock-%d", (int)getpid());
	CHECK(bind(fd, (struct sockaddr *)&abstract, abstract_len) == 0 && listen(fd, 8) == 0);
	CHECK(in_child(run_box, &b) == EPERM);
	b.fn = do_signal_parent;
	CHECK(in_child(run_box, &b) == EPERM);
	close(fd);
}

static void
make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	CHECK(fd != -1 && write(fd, "x", 1) == 1);
	close(fd);
}

int
main(void)
{
	static const char *const files[] = {"a/file", "a/other", "b/file"};

	if (sb_landlock_abi() < SB_LANDLOCK_MIN)
		CHECK_SKIP("the kernel has no Landlock ABI 2");
	snprintf(dir, sizeof(dir), "/tmp/t_landlock-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	CHECK(mkdir(in_dir("a"), 0700) == 0 && mkdir(in_dir("b"), 0700) == 0);
	for (size_t i = 0; i < 3; i++)
		make_file(in_dir(files[i]));
	test_files();
	test_missing();
	test_net();
	test_scope();
	for (size_t i = 0; i < 3; i++)
		CHECK(unlink(in_dir(files[i])) == 0);
	CHECK(rmdir(in_dir("a")) == 0 && rmdir(in_dir("b")) == 0 && rmdir(dir) == 0);
	return check_done();
}
