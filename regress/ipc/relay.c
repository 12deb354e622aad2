/*
 * Stands for reeve-netd and reeve-dial in libexec-dir: hands its channel to the test that listens
 * on KIT_PEERS, and lives until the test closes the connection. So the test itself is the rogue.
 */
#include "regress/ipc/netkit.h"

int
main(int argc, char *argv[])
{
	char role = argc > 0 && strcmp(argv[0], "reeve-dial") == 0 ? 'd' : 'n';
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = KIT_PEERS};
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fcntl(3, F_GETFD) == -1) {
		fprintf(stderr, "relay: no channel on descriptor 3\n");
		return 64;
	}
	if (s == -1 || connect(s, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    peer_send(s, &role, 1, 3, 1, 0) != 1)
		return 1;
	close(3);
	return read(s, &role, 1) == 0 ? 0 : 1;
}
