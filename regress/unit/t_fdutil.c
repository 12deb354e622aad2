/*
 * Descriptors and files: the trusted walk against links, FIFOs, foreign owners and loose modes; the
 * atomic replacement; whole reads and writes. Needs root; its folder must have trusted parents.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "lib/fdutil.h"

#include "regress/check.h"

static char dir[256];

/* DIR/NAME, in one of a few buffers. */
static const char *
at(const char *name)
{
	static char buf[8][512];
	static unsigned int turn;
	char *p = buf[turn++ % 8];

	snprintf(p, sizeof(buf[0]), "%s/%s", dir, name);
	return p;
}

static void
put(const char *name, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || write(fd, "text\n", 5) != 5 || fchmod(fd, mode) == -1)
		CHECKF(0, "%s: %s", name, strerror(errno));
	close(fd);
}

/* Opening NAME must be refused with WORDS in the reason. */
static void
refused(const char *name, int flags, enum fd_trust trust, const char *words)
{
	struct errmsg e = {""};
	int fd = fd_open_trusted(at(name), flags, trust, &e);

	CHECKF(fd == -1, "%s was opened", name);
	CHECKF(
	    strstr(e.text, words) != NULL, "%s: \"%s\" does not say \"%s\"", name, e.text, words);
	CHECKF(
	    strstr(e.text, dir) != NULL || *name == '\0', "%s: \"%s\" names no path", name, e.text);
	if (fd != -1)
		close(fd);
}

static void
accepted(const char *name, int flags, enum fd_trust trust)
{
	struct errmsg e = {""};
	int fd = fd_open_trusted(at(name), flags, trust, &e);

	CHECKF(fd != -1, "%s: %s", name, e.text);
	if (fd == -1)
		return;
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
	close(fd);
}

static void
test_trusted_modes(void)
{
	int before = fd_count();

	put("f", 0644);
	accepted("f", O_RDONLY, FD_TRUST_ROOT);
	accepted("f", O_PATH, FD_TRUST_ROOT);
	refused("f", O_RDONLY, FD_TRUST_PRIVATE, "0644");
	for (mode_t m = 0; m <= 0777; m++) {
		struct errmsg e;
		int fd;

		chmod(at("f"), m);
		fd = fd_open_trusted(at("f"), O_RDONLY, FD_TRUST_ROOT, &e);
		CHECKF((fd != -1) == ((m & 022) == 0), "root, mode %04o", m);
		if (fd != -1)
			close(fd);
		fd = fd_open_trusted(at("f"), O_RDONLY, FD_TRUST_PRIVATE, &e);
		CHECKF((fd != -1) == ((m & 077) == 0), "private, mode %04o", m);
		if (fd != -1)
			close(fd);
	}
	chmod(at("f"), 0600);
	CHECK(chown(at("f"), 65534, 0) == 0);
	refused("f", O_RDONLY, FD_TRUST_ROOT, "uid 65534");
	CHECK(chown(at("f"), 0, 65534) == 0);
	accepted("f", O_RDONLY, FD_TRUST_PRIVATE);
	CHECK(link(at("f"), at("f2")) == 0);
	refused("f", O_RDONLY, FD_TRUST_ROOT, "2 links");
	refused("f", O_RDONLY, FD_TRUST_PRIVATE, "2 links");
	accepted("f", O_RDONLY, FD_TRUST_EXEC);
	CHECK(chmod(at("f"), 0622) == 0);
	refused("f", O_RDONLY, FD_TRUST_EXEC, "mode");
	CHECK(chmod(at("f"), 0600) == 0);
	CHECK(unlink(at("f2")) == 0);
	refused("none", O_RDONLY, FD_TRUST_ROOT, "No such file");
	CHECK(fd_count() == before);
}

static void
test_trusted_types(void)
{
	int before = fd_count(), s;

	CHECK(symlink("f", at("link")) == 0 && symlink(dir, at("dirlink")) == 0);
	CHECK(symlink("nowhere", at("dangling")) == 0);
	refused("link", O_RDONLY, FD_TRUST_ROOT, "symbolic link");
	refused("link", O_PATH, FD_TRUST_ROOT, "");
	refused("dangling", O_RDONLY, FD_TRUST_ROOT, "symbolic link");
	refused("dirlink/f", O_RDONLY, FD_TRUST_ROOT, "symbolic link");
	refused("dirlink", O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT, "");
	/* a FIFO without a writer would hang an open(2) that blocks: alarm(2) ends the test then */
	CHECK(mkfifo(at("fifo"), 0600) == 0);
	alarm(20);
	refused("fifo", O_RDONLY, FD_TRUST_ROOT, "not a regular file");
	refused("fifo", O_WRONLY, FD_TRUST_ROOT, "");
	alarm(0);
	CHECK(mknod(at("null"), S_IFCHR | 0600, 0x103) == 0);
	refused("null", O_RDONLY, FD_TRUST_ROOT, "not a regular file");
	CHECK((s = socket(AF_UNIX, SOCK_STREAM, 0)) != -1);
	CHECK(mknod(at("sock"), S_IFSOCK | 0600, 0) == 0);
	refused("sock", O_RDONLY, FD_TRUST_ROOT, "");
	close(s);
	CHECK(mkdir(at("sub"), 0755) == 0);
	refused("sub", O_RDONLY, FD_TRUST_ROOT, "not a regular file");
	accepted("sub", O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT);
	refused("sub", O_RDONLY | O_DIRECTORY, FD_TRUST_PRIVATE, "0755");
	refused("f", O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT, "");
	CHECK(fd_count() == before);
}

static void
test_trusted_parents(void)
{
	static const mode_t loose[] = {0777, 01777, 0775, 0757, 02775, 0722};
	int before = fd_count();

	put("sub/f", 0600);
	accepted("sub/f", O_RDONLY, FD_TRUST_PRIVATE);
	for (size_t i = 0; i < sizeof(loose) / sizeof(loose[0]); i++) {
		chmod(at("sub"), loose[i]);
		refused("sub/f", O_RDONLY, FD_TRUST_ROOT, "/sub: mode");
	}
	chmod(at("sub"), 0700);
	CHECK(chown(at("sub"), 65534, 65534) == 0);
	refused("sub/f", O_RDONLY, FD_TRUST_ROOT, "/sub: owned by uid 65534");
	CHECK(chown(at("sub"), 0, 65534) == 0);
	accepted("sub/f", O_RDONLY, FD_TRUST_ROOT);
	/* a foreign owner further up is found too */
	CHECK(mkdir(at("sub/deep"), 0755) == 0);
	put("sub/deep/f", 0600);
	chmod(at("sub"), 0777);
	refused("sub/deep/f", O_RDONLY, FD_TRUST_ROOT, "/sub: mode");
	chmod(at("sub"), 0755);
	accepted("sub/deep/f", O_RDONLY, FD_TRUST_ROOT);
	CHECK(fd_count() == before);
}

static void
test_trusted_paths(void)
{
	static const char *const bad[] = {"f", "./f", "", "../etc/passwd"};
	static const char *const rel[] = {
	    "sub/../f", "sub/./f", "sub//f", "sub/", "sub/..", "sub/.", "./f", "../x"};
	char long_path[6000];
	struct errmsg e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECKF(
		    fd_open_trusted(bad[i], O_RDONLY, FD_TRUST_ROOT, &e) == -1, "\"%s\"", bad[i]);
	for (size_t i = 0; i < sizeof(rel) / sizeof(rel[0]); i++)
		refused(rel[i], O_RDONLY, FD_TRUST_ROOT, "normalised");
	CHECK(fd_open_trusted("/", O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT, &e) == -1);
	CHECK(fd_open_trusted("//etc/passwd", O_RDONLY, FD_TRUST_ROOT, &e) == -1);
	CHECK(fd_open_trusted("/proc/self/exe", O_RDONLY, FD_TRUST_ROOT, &e) == -1);
	CHECK(fd_open_trusted("/tmp/x", O_RDONLY, FD_TRUST_ROOT, &e) == -1);
	memset(long_path, '/', sizeof(long_path));
	for (size_t i = 1; i < sizeof(long_path); i += 2)
		long_path[i] = 'a';
	long_path[sizeof(long_path) - 1] = '\0';
	CHECK(fd_open_trusted(long_path, O_RDONLY, FD_TRUST_ROOT, &e) == -1);
}

/* A file's owner can hold a lease on it: an open without blocking must give up, not spin. */
static void
test_lease(void)
{
	char c;
	int p[2];
	pid_t pid;
	struct errmsg e;
	int fd;

	put("leased", 0644);
	CHECK(chown(at("leased"), 65534, 65534) == 0 && pipe(p) == 0);
	if ((pid = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1 ||
		    (fd = open(at("leased"), O_RDONLY)) == -1 ||
		    fcntl(fd, F_SETLEASE, F_WRLCK) == -1)
			_exit(1);
		signal(SIGIO, SIG_IGN);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	/* without a lease (a file system that has none) there is nothing to try */
	if (read(p[0], &c, 1) == 1) {
		alarm(20);
		fd = fd_open_trusted(at("leased"), O_RDWR, FD_TRUST_ROOT, &e);
		alarm(0);
		CHECKF(fd == -1, "a foreign file was opened");
	}
	close(p[0]);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

static void
test_openat(void)
{
	int d = open(dir, O_RDONLY | O_DIRECTORY), fd;
	struct stat st;

	CHECK(d != -1);
	CHECK(fd_openat(d, "link", O_RDONLY, 0) == -1 && errno == ELOOP);
	CHECK(fd_openat(d, "dirlink/f", O_RDONLY, 0) == -1 && errno == ELOOP);
	CHECK(fd_openat(d, "..", O_RDONLY, 0) == -1 && errno == EXDEV);
	CHECK(fd_openat(d, "sub/../../x", O_RDONLY, 0) == -1 && errno == EXDEV);
	CHECK(fd_openat(d, "/etc/passwd", O_RDONLY, 0) == -1 && errno == EXDEV);
	umask(0);
	fd = fd_openat(d, "made", O_RDWR | O_CREAT | O_EXCL, 0640);
	CHECK(fd != -1 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
	CHECK(fd_openat(d, "made", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
	/* a mode where nothing is made is no error, also for a directory (O_TMPFILE holds that bit)
	 */
	fd = fd_openat(d, "sub", O_RDONLY | O_DIRECTORY, 0700);
	CHECK(fd != -1);
	close(fd);
	close(d);
}

static void
test_slurp(void)
{
	static char big[100001];
	struct errmsg e = {""};
	char *buf = NULL;
	size_t len = 0;
	int fd, p[2];

	memset(big, 'b', sizeof(big));
	fd = open(at("big"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	CHECK(fd_writen(fd, big, sizeof(big)) == (ssize_t)sizeof(big));
	/* the position of the descriptor is at its end: the read starts at 0 all the same */
	CHECK(fd_slurp(fd, sizeof(big), &buf, &len, &e) == 0 && len == sizeof(big));
	CHECK(memcmp(buf, big, len) == 0 && buf[len] == '\0');
	free(buf);
	buf = NULL;
	CHECK(fd_slurp(fd, sizeof(big) - 1, &buf, &len, &e) == -1 && buf == NULL);
	CHECK(strstr(e.text, "larger than 100000") != NULL);
	CHECK(fd_slurp(fd, 10, &buf, &len, &e) == -1 && buf == NULL);
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(fd_slurp(fd, 0, &buf, &len, &e) == 0 && len == 0 && buf[0] == '\0');
	free(buf);
	close(fd);
	CHECK(fd_slurp(fd, 10, &buf, &len, &e) == -1);
	CHECK(pipe(p) == 0);
	CHECK(fd_slurp(p[0], 10, &buf, &len, &e) == -1 && strstr(e.text, "regular") != NULL);
	close(p[0]);
	close(p[1]);
}

static int
entries(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
test_replace(void)
{
	int d = open(dir, O_RDONLY | O_DIRECTORY), n;
	struct errmsg e = {""};
	struct stat st, old;
	char buf[64];
	int fd;

	umask(077);
	CHECK(fd_replace(d, "state", 0644, "one", 3, &e) == 0);
	CHECK(stat(at("state"), &old) == 0 && (old.st_mode & 07777) == 0644 && old.st_size == 3);
	n = entries();
	CHECK(fd_replace(d, "state", 0600, "second", 6, &e) == 0);
	CHECK(
	    stat(at("state"), &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_ino != old.st_ino);
	CHECK(entries() == n);
	fd = open(at("state"), O_RDONLY);
	CHECK(read(fd, buf, sizeof(buf)) == 6 && memcmp(buf, "second", 6) == 0);
	close(fd);
	/* a link in its place is replaced, not followed */
	put("victim", 0600);
	CHECK(unlink(at("state")) == 0 && symlink("victim", at("state")) == 0);
	CHECK(fd_replace(d, "state", 0600, "third", 5, &e) == 0);
	CHECK(lstat(at("state"), &st) == 0 && S_ISREG(st.st_mode));
	CHECK(stat(at("victim"), &st) == 0 && st.st_size == 5);
	/* what cannot be put in place leaves the old one and no rubbish */
	CHECK(mkdir(at("busy"), 0700) == 0);
	n = entries();
	CHECK(fd_replace(d, "busy", 0600, "x", 1, &e) == -1 && e.text[0] != '\0');
	CHECK(stat(at("busy"), &st) == 0 && S_ISDIR(st.st_mode) && entries() == n);
	CHECK(fd_replace(d, "no/such", 0600, "x", 1, &e) == -1);
	CHECK(fd_replace(-1, "state", 0600, "x", 1, &e) == -1);
	close(d);
}

/* A write that stops half-way (a size limit) must leave the old file whole. */
static void
test_replace_full(void)
{
	static char big[65536];
	struct errmsg e = {""};
	int st = -1, d = open(dir, O_RDONLY | O_DIRECTORY);
	struct stat was, is;
	pid_t pid;
	int n = entries();

	CHECK(stat(at("state"), &was) == 0);
	if ((pid = fork()) == 0) {
		struct rlimit r = {4096, 4096};

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &r) == -1)
			_exit(2);
		_exit(fd_replace(d, "state", 0600, big, sizeof(big), &e) == -1 ? 0 : 1);
	}
	CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st) && WEXITSTATUS(st) == 0);
	CHECK(stat(at("state"), &is) == 0 && is.st_ino == was.st_ino && is.st_size == was.st_size);
	CHECK(entries() == n);
	close(d);
}

static void
test_sane(void)
{
	int st = -1;
	pid_t pid;

	fflush(NULL);
	if ((pid = fork()) == 0) {
		struct stat s;

		close(0);
		close(1);
		close(2);
		if (fd_sane() != 0)
			_exit(1);
		for (int i = 0; i < 3; i++)
			if (fstat(i, &s) == -1 || !S_ISCHR(s.st_mode))
				_exit(2);
		_exit(fcntl(3, F_GETFD) == -1 || fd_count() >= 3 ? 0 : 3);
	}
	CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st) && WEXITSTATUS(st) == 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		for (int i = 0; i < 50; i++)
			(void)!dup(1);
		fd_closefrom(3);
		_exit(
		    fd_count() == 3 && fcntl(2, F_GETFD) != -1 && fcntl(3, F_GETFD) == -1 ? 0 : 1);
	}
	CHECK(waitpid(pid, &st, 0) == pid && WIFEXITED(st) && WEXITSTATUS(st) == 0);
}

static void
test_rw(void)
{
	static char in[300000], out[300000];
	ssize_t n;
	pid_t pid;
	int p[2];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(i * 7);
	CHECK(pipe(p) == 0);
	fflush(NULL);
	/* more than a pipe holds, in odd pieces: both sides must go on */
	if ((pid = fork()) == 0) {
		close(p[0]);
		_exit(fd_writen(p[1], in, sizeof(in)) == (ssize_t)sizeof(in) ? 0 : 1);
	}
	close(p[1]);
	n = fd_readn(p[0], out, 1000);
	CHECK(n == 1000);
	n = fd_readn(p[0], out + 1000, sizeof(out) - 1000);
	CHECK(n == (ssize_t)sizeof(out) - 1000 && memcmp(in, out, sizeof(in)) == 0);
	CHECK(fd_readn(p[0], out, 10) == 0);
	close(p[0]);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(fd_readn(-1, out, 1) == -1 && errno == EBADF);
	CHECK(fd_writen(-1, out, 1) == -1 && errno == EBADF);
	CHECK(fd_writen(-1, out, 0) == 0);
	CHECK(pipe(p) == 0 && fd_nonblock(p[0], 1) == 0);
	CHECK(fd_readn(p[0], out, 1) == -1 && errno == EAGAIN);
	CHECK(fd_nonblock(p[0], 0) == 0 && (fcntl(p[0], F_GETFL) & O_NONBLOCK) == 0);
	CHECK(fd_cloexec(p[0], 1) == 0 && fcntl(p[0], F_GETFD) == FD_CLOEXEC);
	CHECK(fd_cloexec(p[0], 0) == 0 && fcntl(p[0], F_GETFD) == 0);
	CHECK(fd_cloexec(-1, 1) == -1 && fd_nonblock(-1, 1) == -1);
	close(p[0]);
	close(p[1]);
}

static void
test_starttime(void)
{
	uint64_t mine = fd_pid_starttime(getpid());
	pid_t pid;
	int p[2];

	CHECK(mine > 0 && fd_pid_starttime(getpid()) == mine);
	CHECK(fd_pid_starttime(0x7fffffff) == 0 && fd_pid_starttime(-1) == 0);
	CHECK(pipe(p) == 0);
	/* a process that calls itself after the line's own punctuation */
	if ((pid = fork()) == 0) {
		int fd = open("/proc/self/comm", O_WRONLY);

		(void)!write(fd, ") R 1 2 3 (", 11);
		(void)!write(p[1], "x", 1);
		for (;;)
			pause();
	}
	CHECK(fd_readn(p[0], &(char){0}, 1) == 1);
	CHECKF(fd_pid_starttime(pid) >= mine && fd_pid_starttime(pid) < mine + 100 * 60,
	    "%llu, mine %llu", (unsigned long long)fd_pid_starttime(pid), (unsigned long long)mine);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(fd_pid_starttime(pid) == 0);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	const char *t = getenv("T");
	char cmd[300];

	snprintf(dir, sizeof(dir), "%s/fdutil.XXXXXX", t != NULL ? t : "/var/lib");
	if (geteuid() != 0 || mkdtemp(dir) == NULL || chmod(dir, 0755) == -1) {
		fprintf(stderr, "%s: needs root: %s\n", dir, strerror(errno));
		return 1;
	}
	test_trusted_modes();
	test_trusted_types();
	test_trusted_parents();
	test_trusted_paths();
	test_lease();
	test_openat();
	test_slurp();
	test_replace();
	test_replace_full();
	test_sane();
	test_rw();
	test_starttime();
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	CHECK(system(cmd) == 0);
	return check_done();
}
