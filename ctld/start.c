/* Start-up in its parts, and the reload. */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctld/signer.h"
#include "ctld/queue.h"
#include "ctld/start.h"
#include "ctld/x509.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "lib/privdrop.h"
#include "lib/sb.h"
#include "lib/users.h"
#include "lib/valid.h"

#define SIGNER_MS 10000 /* both units start together */
#define SITE_WORD "reeve-site 1\n"

uint64_t
ctld_now(void)
{
	return (uint64_t)time(NULL);
}

int
start_words(struct start *s, const char *file, struct errmsg *e)
{
	char *full = realpath(file, NULL);

	snprintf(s->conffile, sizeof(s->conffile), "%s", full != NULL ? full : file);
	free(full);
	s->c.outdir = s->c.blobdir = -1;
	if ((s->c.conf = ctld_conf_load(s->conffile, e)) == NULL)
		return -1;
	return listeners_open(&s->ls, s->c.conf, e);
}

int
start_check(struct start *s, const char *file, struct errmsg *e)
{
	if ((s->c.conf = ctld_conf_load(file, e)) == NULL)
		return -1;
	return listeners_check(s->c.conf, e);
}

int
start_drop(struct errmsg *e)
{
	struct user u;

	if (geteuid() != 0)
		return 0;
	if (user_lookup(user_name(USER_CTLD), &u, e) == -1 || sb_bounding_cut(0, e) == -1)
		return -1;
	privdrop(u.uid, u.gid, 0);
	return 0;
}

/* "reeve-site 1\nfleet HEX\n", made by init */
static int
read_site(struct start *s, int statefd, struct errmsg *e)
{
	int fd = fd_openat(statefd, "site", O_RDONLY, 0);
	size_t len, word = sizeof(SITE_WORD) - 1;
	char *buf;
	int ok;

	if (fd == -1)
		return err_errno(e, "%s/site: make it by reeve-ctld init", s->c.conf->state_dir);
	if (fd_slurp(fd, 4096, &buf, &len, e) == -1) {
		close(fd);
		return -1;
	}
	close(fd);
	ok = len == word + 6 + 32 + 1 && memcmp(buf, SITE_WORD "fleet ", word + 6) == 0 &&
	     buf[len - 1] == '\n';
	if (ok) {
		memcpy(s->c.fleet, buf + word + 6, 32);
		s->c.fleet[32] = '\0';
		ok = valid_hex(s->c.fleet, 32);
	}
	free(buf);
	return ok ? 0 : err_set(e, "%s/site: not a site of version 1", s->c.conf->state_dir);
}

static int
open_dir(int statefd, const char *name, int *out, struct errmsg *e)
{
	if (mkdirat(statefd, name, 0700) == -1 && errno != EEXIST)
		return err_errno(e, "%s", name);
	*out = fd_openat(statefd, name, O_RDONLY | O_DIRECTORY, 0);
	return *out == -1 ? err_errno(e, "%s", name) : 0;
}

static int
open_state(struct start *s, struct errmsg *e)
{
	const char *dir = s->c.conf->state_dir;
	int fd, rc;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) == -1)
		return err_errno(e, "%s: make it by reeve-ctld init", dir);
	rc = read_site(s, fd, e);
	if (rc == 0)
		rc = open_dir(fd, "output", &s->c.outdir, e);
	if (rc == 0)
		rc = open_dir(fd, "blobs", &s->c.blobdir, e);
	close(fd);
	if (rc == 0 && (s->c.store = store_open(s->c.base, dir, e)) == NULL)
		rc = -1;
	return rc;
}

static int
meet_signer(struct start *s, struct errmsg *e)
{
	struct ctld *c = &s->c;
	uint64_t end;

	if ((c->signer = signer_new(c->base, c->conf->sign_socket, e)) == NULL ||
	    signer_wait(c->signer, SIGNER_MS, e) == -1)
		return -1;
	if ((c->ca = strdup(signer_ca(c->signer))) == NULL)
		return err_set(e, "out of memory");
	snprintf(c->online, sizeof(c->online), "%s", signer_online(c->signer));
	if (x509_look(c->ca, c->ca_sha256, &end, e) == -1)
		return err_prefix(e, "the signer's CA");
	if (end < ctld_now() + 365 * 86400ULL)
		log_warnx("the site's CA ends within a year");
	return listeners_trust(&s->ls, c->ca, e);
}

int
start_serving(struct start *s, struct errmsg *e)
{
	if (open_state(s, e) == -1 || meet_signer(s, e) == -1)
		return -1;
	if (queue_new(&s->c, e) == NULL)
		return -1;
	return (s->server = server_new(&s->c, &s->ls, e)) == NULL ? -1 : 0;
}

/* What a running, confined process cannot change. */
static int
needs_restart(const struct conf *a, const struct conf *b, struct errmsg *e)
{
	if (strcmp(a->state_dir, b->state_dir) != 0)
		return err_set(e, "state-dir changed: restart reeve-ctld for that");
	if (strcmp(a->sign_socket, b->sign_socket) != 0)
		return err_set(e, "sign-socket changed: restart reeve-ctld for that");
	return 0;
}

int
start_reload(struct start *s, struct errmsg *e)
{
	struct conf *fresh = ctld_conf_load(s->conffile, e);

	if (fresh == NULL)
		return -1;
	if (needs_restart(s->c.conf, fresh, e) == -1 ||
	    listeners_renew(&s->ls, s->c.conf, fresh, s->c.ca, e) == -1) {
		free(fresh);
		return -1;
	}
	free(s->c.conf);
	s->c.conf = fresh;
	return 0;
}

void
start_undo(struct start *s)
{
	server_free(s->server);
	queue_free(s->c.queue);
	signer_free(s->c.signer);
	store_close(s->c.store);
	listeners_close(&s->ls);
	if (s->c.base != NULL)
		event_base_free(s->c.base);
	free(s->c.ca);
	free(s->c.conf);
}
