/* spool_look(): no inotify instance of root's, and news all the same. */
#include <poll.h>

#include "privd/spool.h"
#include "proto/frame.h"
#include "regress/unit/statekit.h"

int
main(void)
{
	struct spool *s;
	uint8_t id[16] = {1};
	struct pollfd pfd = {.events = POLLIN};
	struct errmsg e;
	char buf[4096], self[64];
	ssize_t n;
	int fd, fds[2];

	kit_new();
	CHECKF((s = spool_open(kit_fd, 1 << 20, &e)) != NULL, "%s", e.text);
	CHECK(spool_look(s, id, fds, &e) == -1);
	CHECK((fd = spool_output(s, id, 0, NULL, &e)) != -1);
	CHECKF(spool_look(s, id, fds, &e) == 0, "%s", e.text);
	CHECK((fcntl(fds[0], F_GETFL) & O_ACCMODE) == O_RDONLY &&
	      fcntl(fds[1], F_GETFD) == FD_CLOEXEC);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fds[1]);
	n = readlink(self, buf, sizeof(buf));
	CHECK(n > 0 && memmem(buf, (size_t)n, "inotify", 7) == NULL);
	pfd.fd = fds[1];
	for (int i = 0; i < 2; i++) { /* it ticks, and reading what is there ends it until then */
		CHECK(poll(&pfd, 1, 5000) == 1);
		while (read(fds[1], buf, sizeof(buf)) > 0)
			;
		CHECK(errno == EAGAIN);
	}
	close(fd);
	close(fds[0]);
	close(fds[1]);
	spool_close(s);
	kit_clean();
	return check_done();
}
