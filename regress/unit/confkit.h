/*
 * A directory of the host's words for a test, at a place that root may trust (/run: nothing on the
 * way is writable by others, as it is in /tmp), with keys and scripts good and bad in it.
 */
#ifndef REGRESS_CONFKIT_H
#define REGRESS_CONFKIT_H

#include <sys/stat.h>

#include "proto/signify.h"
#include "regress/unit/statekit.h"

#define CK_FLEET "3b7e0c1a9d2f4e5860718293a4b5c6d7"
#define CK_HOST	 "5f0c2c9d8e7f40a1b2c3d4e5f6071829"
#define CK_NAME	 "web1.example.net"
#define CK_AGENT "fleet " CK_FLEET "\nhost " CK_HOST " " CK_NAME "\n"

/* The keys of ck_keys(); the secret halves. */
enum ck_key { CK_OPS, CK_ONLINE, CK_ADMIN, CK_AUTO, CK_OPS2, CK_NKEYS };
static struct seckey ck_sec[CK_NKEYS];

static inline void
ck_new(void)
{
	setenv("TMPDIR", "/run", 1);
	kit_new();
	kit_must(chmod(kit_dir, 0755), "chmod");
}

/* The absolute path of NAME there; one buffer. */
static inline const char *
ck_path(const char *name)
{
	static char path[8192];

	snprintf(path, sizeof(path), "%s/%s", kit_dir, name);
	return path;
}

static inline void
ck_text(const char *name, const char *text, mode_t mode)
{
	kit_put(name, text, strlen(text));
	kit_must(fchmodat(kit_fd, name, mode, 0), name);
}

static inline void
ck_pub(const char *name, const struct pubkey *k, mode_t mode)
{
	char text[SIGNIFY_TEXT_MAX];

	if (pubkey_write(k, name, text, sizeof(text)) == -1)
		errx(1, "%s", name);
	ck_text(name, text, mode);
}

/* keys/: one of each role, two with one number, and those that must be refused. */
static inline void
ck_keys(void)
{
	static const char *const names[CK_NKEYS] = {
	    "keys/ops.pub", "keys/online.pub", "keys/admin.pub", "keys/auto.pub", "keys/ops2.pub"};
	struct pubkey p, ops;
	char text[SIGNIFY_TEXT_MAX];

	kit_must(mkdirat(kit_fd, "keys", 0755), "keys");
	for (int i = 0; i < CK_NKEYS; i++) {
		seckey_new(&ck_sec[i], &p);
		if (i == CK_OPS)
			ops = p;
		if (i == CK_OPS2) {
			memcpy(p.keynum, ops.keynum, sizeof(p.keynum));
			memcpy(ck_sec[i].keynum, ops.keynum, sizeof(p.keynum));
		}
		ck_pub(names[i], &p, 0644);
	}
	memset(&p, 0, sizeof(p));
	ck_pub("keys/zero.pub", &p, 0644);
	p.key[0] = 1;
	ck_pub("keys/small.pub", &p, 0644);
	p = ops;
	p.keynum[0] ^= 1;
	ck_pub("keys/renumbered.pub", &p, 0644);
	ck_pub("keys/loose.pub", &ops, 0666);
	ck_text("keys/junk.pub", "untrusted comment: junk\nnot a key\n", 0644);
	if (seckey_write(&ck_sec[CK_OPS], "secret", text, sizeof(text)) == -1)
		errx(1, "seckey_write");
	ck_text("keys/ops.sec", text, 0600);
	kit_must(symlinkat("ops.pub", kit_fd, "keys/link.pub"), "link.pub");
	kit_must(mkfifoat(kit_fd, "keys/fifo.pub", 0644), "fifo.pub");
}

/* DIR.work/: beside the directory, since nothing beneath it may be a script's to write. */
static inline void
ck_work(void)
{
	char dir[sizeof(kit_dir) + 32];

	for (const char *const *p = (const char *const[]){"", "/a", "/b", NULL}; *p != NULL; p++) {
		snprintf(dir, sizeof(dir), "%s.work%s", kit_dir, *p);
		kit_must(mkdir(dir, 0755), dir);
	}
	snprintf(dir, sizeof(dir), "%s.work/link", kit_dir);
	kit_must(symlink("a", dir), dir);
}

static inline void
ck_clean(void)
{
	char dir[sizeof(kit_dir) + 32];

	snprintf(dir, sizeof(dir), "%s.work", kit_dir);
	nftw(dir, kit_rm, 16, FTW_DEPTH | FTW_PHYS);
	kit_clean();
}

#define CK_SH "#!/bin/sh\necho hello\n"

/* scripts/: one that runs, and every way not to. */
static inline void
ck_scripts(void)
{
	char loose[8400];

	umask(022);
	kit_must(mkdirat(kit_fd, "scripts", 0755), "scripts");
	kit_must(mkdirat(kit_fd, "scripts/closed", 0700), "closed");
	kit_must(mkdirat(kit_fd, "scripts/loosedir", 0755), "loosedir");
	kit_must(mkdirat(kit_fd, "scripts/sticky", 0755), "sticky");
	ck_text("scripts/hello", CK_SH, 0755);
	ck_text("scripts/two", CK_SH, 0755);
	ck_text("scripts/blanks", "#!  /bin/sh -e\n", 0755);
	ck_text("scripts/closed/inner", CK_SH, 0755);
	ck_text("scripts/loosedir/inner", CK_SH, 0755);
	ck_text("scripts/sticky/inner", CK_SH, 0755);
	kit_must(fchmodat(kit_fd, "scripts/loosedir", 0777, 0), "loosedir");
	kit_must(fchmodat(kit_fd, "scripts/sticky", 01777, 0), "sticky");
	ck_text("scripts/private", CK_SH, 0700);
	ck_text("scripts/noexec", CK_SH, 0644);
	ck_text("scripts/x-only", CK_SH, 0711);
	ck_text("scripts/groupw", CK_SH, 0775);
	ck_text("scripts/otherw", CK_SH, 0757);
	ck_text("scripts/foreign", CK_SH, 0755);
	kit_must(fchownat(kit_fd, "scripts/foreign", 1, 1, 0), "foreign");
	ck_text("scripts/hard1", CK_SH, 0755);
	kit_must(linkat(kit_fd, "scripts/hard1", kit_fd, "scripts/hard2", 0), "hard2");
	ck_text("scripts/nohash", "echo hello\n", 0755);
	ck_text("scripts/void", "", 0755);
	ck_text("scripts/elf", "\177ELF\002\001\001", 0755);
	ck_text("scripts/nointerp", "#!/bin/reeve-no-such\n", 0755);
	ck_text("scripts/relinterp", "#!sh\n", 0755);
	ck_text("scripts/bareinterp", "#!\n", 0755);
	ck_text("scripts/datainterp", "#!/etc/passwd\n", 0755);
	snprintf(loose, sizeof(loose), "#!%s/scripts/otherw\n", kit_dir);
	ck_text("scripts/looseinterp", loose, 0755);
	memset(loose, 'a', 300);
	memcpy(loose, "#!/", 3);
	memcpy(loose + 300, "\n", 2);
	ck_text("scripts/longinterp", loose, 0755);
	kit_must(symlinkat("hello", kit_fd, "scripts/link"), "link");
	kit_must(symlinkat("closed", kit_fd, "scripts/linkdir"), "linkdir");
	kit_must(mkfifoat(kit_fd, "scripts/fifo", 0755), "fifo");
	kit_must(mknodat(kit_fd, "scripts/device", S_IFCHR | 0600, makedev(1, 3)), "device");
}

/* TEXT (LEN bytes) with FROM replaced by TO everywhere; malloc'ed, NUL-ended. */
static inline char *
ck_replace(const char *text, size_t *len, const char *from, const char *to)
{
	size_t n = 0, f = strlen(from), t = strlen(to);
	char *out = malloc(*len * (t > f ? t : 1) + 1);

	if (out == NULL)
		err(1, "malloc");
	for (size_t i = 0; i < *len;) {
		if (*len - i >= f && memcmp(text + i, from, f) == 0) {
			memcpy(out + n, to, t);
			n += t;
			i += f;
		} else
			out[n++] = text[i++];
	}
	out[n] = '\0';
	*len = n;
	return out;
}

#endif
