/*
 * Attacks env-and-fds and escape-from-executor: script.run through the real executor: what the
 * script is told, what it sees of itself (golden), what it cannot reach, how it ends. In a mount
 * namespace of the test's own, with an overlay on /etc, so that /etc/reeve can stand there without
 * touching the machine.
 */
#include <sys/mount.h>

#include <sched.h>
#include <sodium.h>

#include "lib/strutil.h"
#include "regress/check.h"
#include "regress/sandbox/execdrive.h"

static char top[64] = "/run/reeve-t-XXXXXX"; /* root's alone, so that the path is trusted */

static void
put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) == -1)
		drive_die(path);
	close(fd);
}

/* The script NAME below /etc/reeve/scripts. */
static const char *
put_script(const char *name, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "/etc/reeve/scripts/%s", name);
	put_file(path, text, 0755);
	return path;
}

static void
make_world(void)
{
	char opt[256], up[96], work[96], cmd[1200];

	/* asked before the new mount namespace: after it, /proc tells the old one's path in a
	 * chroot */
	snprintf(cmd, sizeof(cmd), "cp %s /etc/reeve/scripts/showself", drive_built("showself", 1));
	umask(022);
	if (mkdtemp(top) == NULL || chmod(top, 0755) == -1 || unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("tmpfs", top, "tmpfs", 0, "mode=755") == -1)
		drive_die("mount namespace");
	snprintf(up, sizeof(up), "%s/up", top);
	snprintf(work, sizeof(work), "%s/work", top);
	snprintf(opt, sizeof(opt), "lowerdir=/etc,upperdir=%s,workdir=%s", up, work);
	if (mkdir(up, 0755) == -1 || mkdir(work, 0755) == -1 ||
	    mount("overlay", "/etc", "overlay", 0, opt) == -1)
		drive_die("overlay on /etc");
	mkdir("/etc/reeve", 0755);
	mkdir("/etc/reeve/keys", 0755);
	mkdir("/etc/reeve/scripts", 0755);
	put_file("/etc/reeve/policy.conf", "not for scripts\n", 0644);
	put_file("/etc/reeve/keys/ops.pub", "not for scripts\n", 0644);
	if (system(cmd) != 0)
		drive_die("showself");
}

static void
script_init(struct drive *d, const char *path, const char *lines)
{
	char all[6000];

	snprintf(all, sizeof(all), "arg name backup-db\n%s", lines);
	drive_init(d, "script.run", all, 0);
	snprintf(d->host.script, sizeof(d->host.script), "%s", path);
	strcpy(d->host.script_user, "_reevescript");
	d->host.script_net = 1;
}

static void
script_run(struct drive *d, const char *path, const char *lines)
{
	script_init(d, path, lines);
	drive_run(d);
}

static void
test_golden(void)
{
	static const char *const want =
	    "arg one\narg two words\n"
	    "env PATH=/usr/sbin:/usr/bin:/sbin:/bin\nenv LANG=C.UTF-8\nenv HOME=/\n"
	    "env USER=_reevescript\nenv LOGNAME=_reevescript\n"
	    "fd 0 pipe\nfd 1 pipe\nfd 2 pipe\n"
	    "Uid: 64102 64102 64102 64102\nGid: 64102 64102 64102 64102\nGroups:\nNSpid: 2\n"
	    "SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n"
	    "CapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\n"
	    "CapBnd: 0000000000000000\nCapAmb: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\n"
	    "limit core 0\nlimit nofile 4096\nlimit fsize none\n"
	    "cwd /\numask 027\nsession own\ntty none\n";
	static struct drive d;
	char name[32];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "HOSTILE_%d", i);
		setenv(name, "x", 1);
	}
	setenv("LD_PRELOAD", "", 1);
	setenv("BASH_ENV", "/tmp/evil", 1);
	script_init(&d, "/etc/reeve/scripts/showself", "arg arg one\narg arg two words\n");
	d.leak = 50;
	drive_run(&d);
	fd_closefrom(3);
	CHECK_STR(d.fail, "");
	CHECKF(d.rec.end == END_OK, "%s %d %s", end_name(d.rec.end), d.rec.code, d.rec.reason);
	CHECK_STR(drive_text(&d, FR_STDOUT), want);
	CHECK_STR(drive_text(&d, FR_STDERR), "");
	drive_free(&d);
}

/* Its supervisor, which is PID 1 there: a uid of its own, no right at all, and not to be read. */
static void
test_supervisor(void)
{
	static struct drive d;
	const char *text =
	    "#!/bin/sh\n"
	    "grep -E '^(Uid|Groups|CapPrm|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/1/status\n"
	    "ls /proc/1/fd 2>/dev/null\ncat /proc/1/environ /proc/1/maps 2>/dev/null\n"
	    "head -c 1 /proc/1/mem 2>/dev/null\nkill -STOP 1 2>/dev/null || echo unreachable\n"
	    "grep -q '^Max file size *[0-9]' /proc/1/limits && echo limited\n";

	script_run(&d, put_script("sup", text), "");
	CHECK_STR(d.fail, "");
	CHECK_STR(drive_text(&d, FR_STDOUT),
	    "Uid:\t64101\t64101\t64101\t64101\nGroups:\t \nCapPrm:\t0000000000000000\n"
	    "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
	    "unreachable\nlimited\n");
	drive_free(&d);
}

/* Its context on standard input; the streams kept apart; the exit status. */
static void
test_context(void)
{
	static struct drive d;
	const char *in;

	script_run(&d, put_script("ctx", "#!/bin/sh\ncat\necho oops >&2\nexit 7\n"),
	    "arg username alice\narg arg -x\narg arg $(id);\"\n");
	CHECK_STR(d.fail, "");
	CHECK(d.rec.end == END_EXIT && d.rec.code == 7);
	CHECK_STR(drive_text(&d, FR_STDERR), "oops\n");
	in = drive_text(&d, FR_STDOUT);
	CHECKF(
	    strncmp(in,
		"{\"script\":\"backup-db\",\"args\":[\"-x\",\"$(id);\\\"\"],\"reqid\":\"" DRIVE_ID
		"\",\"peer_ip\":\"\",\"username\":\"alice\",\"token\":\"\",\"dispatcher\":",
		100) == 0,
	    "%s", in);
	CHECKF(strstr(in, "\"requester\":\"ops-1\",\"host\":\"" DRIVE_HOST_NAME "\"}\n") != NULL,
	    "%s", in);
	CHECK(strstr(in, "\"id\":\"" DRIVE_ID "\"") != NULL);
	drive_free(&d);
}

static void
test_token(void)
{
	static struct drive d;
	unsigned char pk[32], box[64 + crypto_box_SEALBYTES];
	char b64[256], lines[400];
	const char *path = put_script("tok", "#!/bin/sh\ncat\n");

	crypto_box_keypair(pk, d.seal);
	crypto_box_seal(box, (const unsigned char *)"s3cret", 6, pk);
	CHECK(str_b64uenc(b64, sizeof(b64), box, 6 + crypto_box_SEALBYTES) > 0);
	snprintf(lines, sizeof(lines), "arg token seal:%s\n", b64);
	unsigned char sk[32];
	memcpy(sk, d.seal, sizeof(sk));
	script_init(&d, path, lines);
	memcpy(d.seal, sk, sizeof(sk));
	d.has_seal = 1;
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECK(strstr(drive_text(&d, FR_STDOUT), "\"token\":\"s3cret\"") != NULL);
	drive_free(&d);
	/* another host's key, and none at all: the script never runs */
	script_init(&d, path, lines);
	crypto_box_keypair(pk, d.seal);
	d.has_seal = 1;
	drive_run(&d);
	CHECK_STR(d.fail, "argument token: not sealed for this host's key");
	drive_free(&d);
	script_run(&d, path, lines);
	CHECK_STR(d.fail, "argument token: sealed, and no key came to open it");
	CHECK(!d.has_rec && d.frames[FR_STDOUT] == 0);
	drive_free(&d);
}

/* A script that never reads its input, and one that closes everything at once. */
static void
test_no_reader(void)
{
	static struct drive d;
	char lines[5200] = "arg arg ";

	memset(lines + 8, 'a', 4000);
	strcpy(lines + 4008, "\n");
	script_run(&d, put_script("deaf", "#!/bin/sh\nexec <&-\nexit 3\n"), lines);
	CHECK_STR(d.fail, "");
	CHECK(d.rec.end == END_EXIT && d.rec.code == 3);
	drive_free(&d);
	script_run(&d, put_script("deaf", "#!/bin/sh\nexec <&- >&- 2>&-\nexit 0\n"), lines);
	CHECK(d.rec.end == END_OK);
	drive_free(&d);
}

/* Whatever it tries, the doors are closed, and only its own directory is behind the one it lives
 * in. */
static void
test_doors(void)
{
	static const char *const closed[] = {"grep . /etc/reeve/policy.conf",
	    "ls /etc/reeve/keys/ops.pub", "touch /etc/reeve/x", "touch /etc/x", "touch /usr/x",
	    "touch /var/lib/x", "ls /run/systemd/*", "ls /etc/cron.d/*", "ls /var/spool/cron/*",
	    "mount -t tmpfs none /mnt", "unshare -r true", "kill -9 1",
	    "chmod 777 /etc/reeve/scripts/door", "touch /dev/shm/x; rm /dev/shm/x && touch /etc/y"};
	static const char *const open_[] = {"test -r /etc/reeve/scripts/door", "touch /tmp/x",
	    "echo x >/dev/null", "ls /proc/1/status", "test \"$(ls /tmp)\" = \"\"",
	    "cat /etc/passwd"};
	static struct drive d;
	char text[512];
	size_t i;

	for (i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		snprintf(text, sizeof(text),
		    "#!/bin/sh\nif ( %s ) 2>/dev/null; then echo OPEN; fi\nexit 0\n", closed[i]);
		script_run(&d, put_script("door", text), "");
		CHECK_STR(d.fail, "");
		CHECKF(d.rec.end == END_OK && strstr(drive_text(&d, FR_STDOUT), "OPEN") == NULL,
		    "%s: %s", closed[i], end_name(d.rec.end));
		drive_free(&d);
	}
	for (i = 0; i < sizeof(open_) / sizeof(open_[0]); i++) {
		snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", open_[i]);
		script_run(&d, put_script("door", text), "");
		CHECKF(d.rec.end == END_OK, "%s: %s %d %s", open_[i], end_name(d.rec.end),
		    d.rec.code, drive_text(&d, FR_STDERR));
		drive_free(&d);
	}
}

/* write=DIR, caps=, network=no, root-equivalent. */
static void
test_grants(void)
{
	static struct drive d;
	char dir[80], text[512];

	snprintf(dir, sizeof(dir), "%s/data", top);
	if (mkdir(dir, 0755) == -1 || chown(dir, DRIVE_TOOL_UID, DRIVE_TOOL_UID) == -1)
		drive_die(dir);
	snprintf(text, sizeof(text), "#!/bin/sh\necho hello >%s/f && cat %s/f\n", dir, dir);
	script_run(&d, put_script("grant", text), "");
	CHECK(d.rec.end == END_EXIT);
	drive_free(&d);
	script_init(&d, put_script("grant", text), "");
	strcpy(d.host.script_write, dir);
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECK(d.rec.end == END_OK);
	CHECK_STR(drive_text(&d, FR_STDOUT), "hello\n");
	drive_free(&d);
	script_init(&d,
	    put_script(
		"grant", "#!/bin/sh\ngrep CapEff /proc/self/status\ncat /etc/shadow >/dev/null\n"),
	    "");
	d.host.script_caps = 1ULL << 2; /* CAP_DAC_READ_SEARCH */
	drive_run(&d);
	CHECKF(d.rec.end == END_OK, "%s %s", d.fail, drive_text(&d, FR_STDERR));
	CHECK_STR(drive_text(&d, FR_STDOUT), "CapEff:\t0000000000000004\n");
	drive_free(&d);
	script_init(&d, put_script("grant", "#!/bin/sh\ngrep -c : /proc/self/net/dev\n"), "");
	d.host.script_net = 0;
	drive_run(&d);
	CHECK_STR(drive_text(&d, FR_STDOUT), "1\n"); /* lo alone */
	drive_free(&d);
	script_init(&d,
	    put_script("grant", "#!/bin/sh\nid -u; touch /etc/reeve-was-here && rm "
				"/etc/reeve-was-here; cat /etc/reeve/policy.conf\n"),
	    "");
	d.host.script_root = 1;
	d.host.tool_uid = d.host.tool_gid = 0;
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECK_STR(drive_text(&d, FR_STDOUT), "0\n");
	CHECKF(d.rec.end == END_OK, "%s", drive_text(&d, FR_STDERR));
	drive_free(&d);
}

static void
test_ends(void)
{
	static struct drive d;

	script_run(&d, put_script("end", "#!/bin/sh\nkill -SEGV $$\n"), "");
	CHECK(d.rec.end == END_SIGNAL && d.rec.code == SIGSEGV);
	drive_free(&d);
	script_run(&d, put_script("end", "#!/bin/sh\nsleep 60\n"), "limit seconds 1\n");
	CHECK(d.rec.end == END_TIMEOUT && d.rec.ended - d.rec.started < 5000);
	drive_free(&d);
	/* one that ignores TERM is killed after the grace, and so is what it left */
	script_init(&d,
	    put_script("end", "#!/bin/sh\ntrap '' TERM\nsleep 61 & sleep 61\necho no\n"),
	    "limit seconds 1\n");
	drive_run(&d);
	CHECK(d.rec.end == END_TIMEOUT && d.rec.ended - d.rec.started >= 10000);
	CHECK_STR(drive_text(&d, FR_STDOUT), "");
	drive_free(&d);
	script_run(&d, put_script("end", "#!/bin/sh\necho a\nsleep 60\n"), "limit stall 1\n");
	CHECK(d.rec.end == END_STALLED);
	CHECK_STR(drive_text(&d, FR_STDOUT), "a\n");
	drive_free(&d);
	script_run(&d, put_script("end", "#!/nonexistent/interpreter\n"), "");
	CHECKF(
	    d.rec.end == END_SETUP && strncmp(d.rec.reason, "exec: ", 6) == 0, "%s", d.rec.reason);
	drive_free(&d);
}

/* SIGTERM to the supervisor is the cancel. */
static void
test_cancel(int no_cgroup)
{
	static struct drive d;
	struct stat st;
	int i;

	script_init(&d,
	    put_script("can", "#!/bin/sh\ntrap 'echo told; exit 0' TERM\necho go\nwhile :; do "
			      "sleep 0.05; done\n"),
	    "");
	d.no_cgroup = no_cgroup;
	drive_spawn(&d);
	drive_setup(&d);
	CHECK(drive_ready(&d));
	drive_go(&d);
	for (i = 0; i < 1000 && fstat(d.spool, &st) == 0 && st.st_size <= FRAME_HEADLEN; i++)
		poll(NULL, 0, 10);
	CHECK(kill(d.pid, SIGTERM) == 0);
	drive_finish(&d);
	CHECK(d.has_rec && d.rec.end == END_CANCELLED);
	CHECK_STR(drive_text(&d, FR_STDOUT), "go\ntold\n");
	drive_free(&d);
}

/* A child that holds the output open does not hold the step; without a cgroup too. */
static void
test_left_open(int no_cgroup)
{
	static struct drive d;

	script_init(&d, "/etc/reeve/scripts/showself", "arg arg leaf\n");
	d.no_cgroup = no_cgroup;
	drive_run(&d);
	CHECK_STR(d.fail, "");
	CHECK(d.rec.end == END_OK && d.rec.ended - d.rec.started < 3000);
	drive_free(&d);
}

/* Exactly the cap is kept, one byte more is counted; order and bytes stay. */
static void
test_cap(void)
{
	static struct drive d;
	const char *path = put_script("flood", "#!/bin/sh\nhead -c 65537 /dev/zero | tr '\\0' x\n");

	script_run(&d, path, "limit output 65537\n");
	CHECK(d.rec.end == END_OK && d.len[FR_STDOUT] == 65537 && d.rec.cut == 0);
	drive_free(&d);
	script_run(&d, path, "limit output 65536\n");
	CHECK(d.rec.end == END_OK && d.len[FR_STDOUT] == 65536 && d.rec.cut == 1);
	CHECK_STR(drive_text(&d, FR_NOTE), "output cut at 65536 bytes");
	drive_free(&d);
	script_run(&d, put_script("flood", "#!/bin/sh\nhead -c 100000000 /dev/zero\n"),
	    "limit output 4096\n");
	CHECK(d.rec.end == END_OK && d.rec.cut == 100000000 - 4096 && d.frames[FR_NOTE] == 1);
	drive_free(&d);
}

/* Loose files are refused once more here, whatever privd thought of them at load. */
static void
test_loose(void)
{
	static struct drive d;
	const char *path = put_script("loose", "#!/bin/sh\n");

	CHECK(chmod(path, 0777) == 0);
	script_run(&d, path, "");
	CHECKF(!d.ready && d.fail[0] != '\0', "%s", d.fail);
	drive_free(&d);
	CHECK(chmod(path, 0755) == 0 && chown(path, DRIVE_TOOL_UID, 0) == 0);
	script_run(&d, path, "");
	CHECK(!d.ready && d.fail[0] != '\0');
	drive_free(&d);
	CHECK(symlink("/bin/true", "/etc/reeve/scripts/link") == 0);
	script_run(&d, "/etc/reeve/scripts/link", "");
	CHECK(!d.ready && d.fail[0] != '\0');
	drive_free(&d);
	script_run(&d, "/etc/reeve/scripts/../scripts/showself", "");
	CHECK(!d.ready && d.fail[0] != '\0');
	drive_free(&d);
}

int
main(void)
{
	if (geteuid() != 0)
		CHECK_SKIP("needs root");
	if (sodium_init() == -1)
		return 1;
	make_world();
	test_golden();
	test_supervisor();
	test_context();
	test_token();
	test_no_reader();
	test_doors();
	test_grants();
	test_ends();
	test_cancel(0);
	test_cancel(1);
	test_left_open(0);
	test_left_open(1);
	test_cap();
	test_loose();
	umount2(top, MNT_DETACH);
	rmdir(top);
	return check_done();
}
