/*
 * A tool, not a test: a rogue reeve-execd, put in the real one's place by libexec-dir
 *(t_rogue_execd.c). It takes one line from the file "act" beside itself, removes the file and does
 *what the line says:
 *
 *	WHEN WHAT TYPE NUMBER END
 *
 *	WHEN	now | armed (after EXEC_READY and EXEC_GO)
 *	WHAT	send | length NUMBER | declare NUMBER | surplus NUMBER | trailing | twice | half |
 *		split | flood NUMBER | nothing
 *	TYPE	of the message
 *	END	exit | stay (until it is killed)
 */
#include <limits.h>
#include <stdio.h>

#include "lib/spawn.h"
#include "regress/ipc/peer.h"
#include "regress/ipc/samples.h"

static uint8_t msg[IMSG_HEADER + MSG_PAYLOAD_MAX + 1];

/* A privd that closed is what we wanted; go on and be killed, or end. */
static void
say(size_t len, int fd, unsigned int nfds)
{
	(void)peer_send(CHAN_FD, msg, len, fd, nfds, 0);
}

static size_t
fill(uint32_t type)
{
	const struct msg_row *r = msg_row(type);

	if (r != NULL)
		return sample_message(r, SAMPLE_MIN, msg);
	peer_head(msg, type, IMSG_HEADER, 0, 0);
	return IMSG_HEADER;
}

/* Reads privd's words until message TYPE came; its descriptors are left to the kernel. */
static void
await(uint32_t type)
{
	uint8_t head[IMSG_HEADER], skip[MSG_PAYLOAD_MAX];
	uint32_t t, len;
	struct ibuf b;

	do {
		if (fd_readn(CHAN_FD, head, sizeof(head)) != sizeof(head))
			_exit(1);
		ibuf_from(&b, head, sizeof(head));
		if (ibuf_get_u32(&b, &t) == -1 || ibuf_get_u32(&b, &len) == -1 ||
		    fd_readn(CHAN_FD, skip, len - IMSG_HEADER) != (ssize_t)(len - IMSG_HEADER))
			_exit(1);
	} while (t != type);
}

static void
act(const char *what, uint32_t type, uint32_t number)
{
	size_t len = fill(type), i;
	const struct msg_row *r = msg_row(type);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (strcmp(what, "send") == 0)
		say(len, null, 0);
	else if (strcmp(what, "length") == 0) {
		peer_head(msg, type, number, r != NULL ? r->fds : 0, 0);
		say(IMSG_HEADER, null, 0);
	} else if (strcmp(what, "declare") == 0) {
		peer_head(msg, type, (uint32_t)len, number, 0);
		say(len, null, number);
	} else if (strcmp(what, "surplus") == 0)
		say(len, null, number);
	else if (strcmp(what, "trailing") == 0) {
		peer_head(msg, type, (uint32_t)len + 1, 0, 0);
		msg[len] = 0;
		say(len + 1, null, 0);
	} else if (strcmp(what, "twice") == 0) {
		say(len, null, 0);
		say(len, null, 0);
	} else if (strcmp(what, "half") == 0)
		say(len / 2, null, 0);
	else if (strcmp(what, "split") == 0) {
		for (i = 0; i < len; i++)
			(void)peer_send(CHAN_FD, msg + i, 1, -1, 0, 0);
	} else if (strcmp(what, "flood") == 0) {
		/* One message, its bytes a few at a time, each with as many descriptors as go. */
		for (i = 0; i < number; i++)
			if (peer_send(CHAN_FD, msg, len, null, PEER_FDS, 0) == -1)
				break;
	} else if (strcmp(what, "nothing") != 0)
		_exit(2);
}

/* The line of the file "act" in this program's own folder. */
static void
read_act(char *line, size_t size)
{
	char path[PATH_MAX + 8];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;
	int fd;

	path[n > 0 ? n : 0] = '\0';
	if ((slash = strrchr(path, '/')) == NULL)
		_exit(3);
	memcpy(slash + 1, "act", 4);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		_exit(3);
	n = fd_readn(fd, line, size - 1);
	line[n > 0 ? n : 0] = '\0';
	close(fd);
	unlink(path);
}

int
main(void)
{
	char line[128], when[16], what[16], end[16];
	unsigned int type, number;

	read_act(line, sizeof(line));
	if (sscanf(line, "%15s %15s %u %u %15s", when, what, &type, &number, end) != 5)
		return 4;
	if (strcmp(when, "armed") == 0) {
		say(fill(MSG_EXEC_READY), -1, 0);
		await(MSG_EXEC_GO);
	}
	act(what, type, number);
	while (strcmp(end, "stay") == 0)
		pause();
	return 0;
}
