/* What enrolment leaves on disk: first files that nothing names yet, then agent.conf at once. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/enroll.h"
#include "lib/fdutil.h"

#define TLS_DIR "tls"

enum part { P_KEY, P_CERT, P_CA, P_BEARER, P_MAX };
static const char *const endings[P_MAX] = {".key", ".crt", "-ca.pem", ".bearer"};
static const mode_t modes[P_MAX] = {0600, 0644, 0644, 0600};

struct place {
	char dir[1024]; /* of agent.conf */
	char conf[256]; /* its name there */
	int dirfd, tlsfd;
	const char *mark; /* "" or "+2": what tells these files from those in use */
};

static int
place_open(struct place *p, const char *conf, struct errmsg *e)
{
	char copy[1024];

	p->dirfd = p->tlsfd = -1;
	if (conf[0] != '/' || strlen(conf) >= sizeof(copy))
		return err_set(e, "%s: must be absolute", conf);
	snprintf(copy, sizeof(copy), "%s", conf);
	snprintf(p->dir, sizeof(p->dir), "%s", dirname(copy));
	snprintf(copy, sizeof(copy), "%s", conf);
	snprintf(p->conf, sizeof(p->conf), "%s", basename(copy));
	p->dirfd = fd_open_trusted(p->dir, O_RDONLY | O_DIRECTORY, FD_TRUST_ROOT, e);
	if (p->dirfd == -1)
		return -1;
	if (mkdirat(p->dirfd, TLS_DIR, 0700) == -1 && errno != EEXIST)
		return err_errno(e, "%s/" TLS_DIR, p->dir);
	p->tlsfd = fd_openat(p->dirfd, TLS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (p->tlsfd == -1)
		return err_errno(e, "%s/" TLS_DIR, p->dir);
	return fd_check_trusted(p->tlsfd, TLS_DIR, FD_TRUST_PRIVATE, e);
}

static void
place_close(struct place *p)
{
	if (p->tlsfd != -1)
		close(p->tlsfd);
	if (p->dirfd != -1)
		close(p->dirfd);
}

static void
part_name(char name[128], const char *server, const char *mark, enum part i)
{
	snprintf(name, 128, "%s%s%s", server, mark, endings[i]);
}

static void
part_path(char *path, size_t size, const struct place *p, const char *server, enum part i)
{
	char name[128];

	part_name(name, server, p->mark, i);
	snprintf(path, size, "%s/" TLS_DIR "/%s", p->dir, name);
}

/* "+" is in no server's name, so these are nobody else's. 1 when agent.conf names one of them. */
static int
in_use(const struct place *p, const char *server, const char *old)
{
	char path[1280];

	for (int i = 0; i < P_MAX; i++) {
		part_path(path, sizeof(path), p, server, (enum part)i);
		if (strstr(old, path) != NULL)
			return 1;
	}
	return 0;
}

static int
put(const struct place *p, const char *server, enum part i, const char *text, struct errmsg *e)
{
	char name[128];

	part_name(name, server, p->mark, i);
	if (fd_replace(p->tlsfd, name, modes[i], text, strlen(text), e) == -1)
		return err_prefix(e, "%s/" TLS_DIR, p->dir);
	return 0;
}

static int
put_bearer(const struct place *p, const char *server, const char *secret, struct errmsg *e)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", secret);
	return put(p, server, P_BEARER, line, e);
}

static int
put_parts(const struct place *p, const struct enroll_files *f, const struct enroll_out *out,
    int bundle, struct errmsg *e)
{
	if (!bundle && put(p, f->server, P_CA, out->ca, e) == -1)
		return -1;
	if (out->bearer[0] != '\0')
		return put_bearer(p, f->server, out->bearer, e);
	if (put(p, f->server, P_KEY, out->key, e) == -1)
		return -1;
	return put(p, f->server, P_CERT, out->cert, e);
}

/* What the old section named, and the halves of an enrolment that was cut short. */
static void
remove_others(const struct place *p, const char *server, const char *now)
{
	static const char *const marks[] = {"", "+2"};
	char name[128], path[1280];

	for (size_t m = 0; m < 2; m++)
		for (int i = 0; i < P_MAX; i++) {
			part_name(name, server, marks[m], (enum part)i);
			snprintf(path, sizeof(path), "%s/" TLS_DIR "/%s\n", p->dir, name);
			if (strstr(now, path) == NULL)
				(void)unlinkat(p->tlsfd, name, 0);
		}
}

static int
put_conf(const struct place *p, const struct enroll_files *f, const struct enroll_out *out,
    const struct url *url, int bundle, struct errmsg *e)
{
	char part[P_MAX][1280], *text;
	struct enroll_section s = {.server = f->server,
	    .fleet = out->fleet,
	    .host_id = out->host_id,
	    .host_name = out->host_name,
	    .hostname = f->hostname,
	    .url = url,
	    .ca = bundle ? "bundle" : part[P_CA]};
	struct stat st;
	mode_t mode = 0600;
	int rv;

	for (int i = 0; i < P_MAX; i++)
		part_path(part[i], sizeof(part[i]), p, f->server, (enum part)i);
	s.bearer = out->bearer[0] != '\0' ? part[P_BEARER] : NULL;
	s.cert = part[P_CERT];
	s.key = part[P_KEY];
	if ((text = enroll_conf_text(f->parsed, f->old, f->oldlen, &s)) == NULL)
		return err_errno(e, "agent.conf");
	if (fstatat(p->dirfd, p->conf, &st, AT_SYMLINK_NOFOLLOW) == 0)
		mode = st.st_mode & 0644;
	if ((rv = fd_replace(p->dirfd, p->conf, mode, text, strlen(text), e)) == 0)
		remove_others(p, f->server, text);
	free(text);
	return rv;
}

int
enroll_write(const struct enroll_files *f, const struct enroll_out *out, const struct url *url,
    int bundle, struct errmsg *e)
{
	struct place p = {.mark = ""};
	int rv = -1;

	if (place_open(&p, f->conf, e) == 0) {
		if (in_use(&p, f->server, f->old))
			p.mark = "+2";
		if (in_use(&p, f->server, f->old))
			err_set(e, "%s names files of both generations of %s", f->conf, f->server);
		else if (put_parts(&p, f, out, bundle, e) == 0)
			rv = put_conf(&p, f, out, url, bundle, e);
	}
	place_close(&p);
	return rv;
}
