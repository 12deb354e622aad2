/* What root reads of this host before it is enrolled. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/enroll.h"
#include "lib/fdutil.h"
#include "lib/strutil.h"
#include "proto/signify.h"

#define STATE_DIR "/var/lib/reeve"
#define SEAL_HEAD "reeve-seal 1\n"

/* The file's bytes; NULL when there is none. Exits on anything else. */
char *
enroll_read_trusted(const char *path, size_t max, size_t *len)
{
	struct errmsg e;
	char *buf = NULL;
	int fd;

	*len = 0;
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return NULL;
	if ((fd = fd_open_trusted(path, O_RDONLY, FD_TRUST_ROOT, &e)) == -1 ||
	    fd_slurp(fd, max, &buf, len, &e) == -1)
		errx(CTL_EXIT_AGENT, "%s", e.text);
	close(fd);
	return buf;
}

static char *
state_file(const char *dir, const char *name, size_t *len)
{
	char path[1100];
	char *buf;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((buf = enroll_read_trusted(path, SIGNIFY_TEXT_MAX, len)) == NULL)
		errx(CTL_EXIT_AGENT,
		    "%s is not there yet: start reeve-privd first, it makes the host's keys", path);
	return buf;
}

void
enroll_read_keys(struct enroll_in *in, const struct enroll_conf *c)
{
	const char *dir = c->state_dir[0] != '\0' ? c->state_dir : STATE_DIR;
	struct pubkey k;
	struct errmsg e;
	uint8_t seal[32];
	size_t len, head = strlen(SEAL_HEAD);
	char *text = state_file(dir, "result.pub", &len);

	if (pubkey_parse(&k, text, len, &e) == -1)
		errx(CTL_EXIT_AGENT, "%s/result.pub: %s", dir, e.text);
	pubkey_write_b64(&k, in->result_key);
	free(text);
	text = state_file(dir, "seal.pub", &len);
	if (len != head + 45 || memcmp(text, SEAL_HEAD, head) != 0 || text[len - 1] != '\n' ||
	    str_b64dec(seal, sizeof(seal), text + head, 44) != 32)
		errx(CTL_EXIT_AGENT, "%s/seal.pub: is not a seal key", dir);
	memcpy(in->seal_key, text + head, 44);
	free(text);
}
