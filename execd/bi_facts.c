/* agent.facts: what this host is and has, read from files that any user may read. */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "execd/bio.h"
#include "execd/dpkg.h"
#include "execd/factout.h"
#include "execd/steps.h"
#include "lib/strutil.h"

static int
is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* File systems on a local device: asking a dead network file system would hang the step. */
static void
put_disk(struct jsonout *j, char *line)
{
	char *save, *dev, *mount, *type;
	struct statvfs v;

	dev = strtok_r(line, " ", &save);
	mount = strtok_r(NULL, " ", &save);
	type = strtok_r(NULL, " ", &save);
	if (type == NULL || (dev[0] != '/' && strcmp(type, "overlay") != 0 &&
				strcmp(type, "btrfs") != 0 && strcmp(type, "zfs") != 0))
		return;
	if (strncmp(type, "fuse", 4) == 0 || strcmp(type, "squashfs") == 0 ||
	    statvfs(mount, &v) == -1 || v.f_blocks == 0)
		return;
	jo_obj(j, NULL);
	jo_str(j, "mount", mount);
	jo_str(j, "device", dev);
	jo_str(j, "type", type);
	jo_u64(j, "size", (uint64_t)v.f_blocks * v.f_frsize);
	jo_u64(j, "free", (uint64_t)v.f_bavail * v.f_frsize);
	jo_end(j);
}

static void
put_disks(struct jsonout *j, char *buf)
{
	char *line, *save;

	jo_arr(j, "disks");
	if (factout_slurp("/proc/self/mounts", buf, FACT_FILE) != NULL)
		for (line = strtok_r(buf, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			put_disk(j, line);
	jo_end(j);
}

/* A process of that name is there, as far as this user can see. */
static int
is_running(const char *comm)
{
	char path[300], buf[64];
	struct dirent *de;
	const char *text;
	int r = 0;
	DIR *d;

	if ((d = opendir("/proc")) == NULL)
		return 0;
	while (!r && (de = readdir(d)) != NULL) {
		if (de->d_name[0] < '0' || de->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", de->d_name);
		text = factout_slurp(path, buf, sizeof(buf));
		r = text != NULL && strncmp(text, comm, strlen(comm)) == 0 &&
		    text[strlen(comm)] == '\n';
	}
	closedir(d);
	return r;
}

static const char *
version_of(const struct dpkg *d, const char *name)
{
	const struct dpkg_pkg *p = dpkg_find(d, name);

	return p != NULL && p->present ? p->version : NULL;
}

static void
put_firewall(struct jsonout *j, const struct dpkg *d, char *buf)
{
	const char *text;

	jo_obj(j, "firewall");
	jo_bool(j, "nftables", version_of(d, "nftables") != NULL || is_there("/usr/sbin/nft"));
	jo_bool(j, "firewalld", version_of(d, "firewalld") != NULL);
	jo_bool(j, "firewalld_running", is_running("firewalld"));
	jo_bool(j, "ufw", version_of(d, "ufw") != NULL);
	text = factout_slurp("/etc/ufw/ufw.conf", buf, FACT_FILE);
	jo_bool(j, "ufw_enabled", text != NULL && strstr(text, "\nENABLED=yes") != NULL);
	jo_end(j);
}

static void
put_programs(struct jsonout *j, const struct dpkg *d)
{
	const char *v = version_of(d, "haproxy");

	jo_obj(j, "haproxy");
	if (v != NULL)
		jo_str(j, "version", v);
	else
		jo_null(j, "version");
	jo_bool(j, "running", is_running("haproxy"));
	jo_end(j);
	if ((v = version_of(d, "borgbackup")) != NULL)
		jo_str(j, "borg", v);
}

static void
put_stack(struct jsonout *j, const struct dpkg *d)
{
	static const char *const stack[][2] = {{"haproxy", "haproxy"}, {"nginx", "nginx"},
	    {"apache", "apache2"}, {"mariadb", "mariadb-server"}, {"mysql", "mysql-server"},
	    {"galera", "galera-4"}, {"postgresql", "postgresql"},
	    {"openlitespeed", "openlitespeed"}};
	size_t i;

	jo_arr(j, "stack");
	for (i = 0; i < sizeof(stack) / sizeof(stack[0]); i++)
		if (version_of(d, stack[i][1]) != NULL)
			jo_str(j, NULL, stack[i][0]);
	if (is_there("/usr/local/cpanel"))
		jo_str(j, NULL, "cpanel");
	jo_end(j);
}

static const char *
manager(const struct dpkg *d)
{
	if (d->n > 0)
		return "apt";
	if (is_there("/usr/bin/dnf"))
		return "dnf";
	return is_there("/usr/bin/zypper") ? "zypper" : "none";
}

static int
facts_run(const struct setup *s)
{
	static char buf[FACT_FILE];
	struct jsonout j;
	struct errmsg e;
	struct dpkg d;

	if (dpkg_read(&d, &e) == -1)
		d = (struct dpkg){0};
	jo_init(&j, FRAME_DATA_MAX);
	jo_obj(&j, NULL);
	jo_str(&j, "host", s->host.host_name);
	jo_str(&j, "agent", s->host.version);
	factout_os(&j, buf);
	factout_load(&j, buf);
	factout_memory(&j, buf);
	put_disks(&j, buf);
	factout_addresses(&j, buf);
	jo_str(&j, "packages", manager(&d));
	jo_u64(&j, "installed", d.n);
	put_firewall(&j, &d, buf);
	put_programs(&j, &d);
	put_stack(&j, &d);
	jo_bool(&j, "reboot_required",
	    is_there("/run/reboot-required") || is_there("/var/run/reboot-required"));
	jo_end(&j);
	dpkg_free(&d);
	return bio_data(&j) == -1;
}

int
facts_prepare(struct work *w, struct errmsg *e)
{
	(void)e;
	command_init(&w->cmd[0], NULL);
	w->cmd[0].builtin = facts_run;
	w->ncmds = 1;
	return 0;
}
