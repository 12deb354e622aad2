/* sd_notify(3) over a socket that was connected before confinement: write(2) is all it needs then.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctld/notify.h"
#include "lib/log.h"

static int sock = -1;

void
ctld_notify_init(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len;

	if (path == NULL || (len = strlen(path)) == 0 || len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len + 1);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock == -1 || connect(sock, (struct sockaddr *)&sun,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == -1)
		log_warn("NOTIFY_SOCKET");
	(void)unsetenv("NOTIFY_SOCKET");
}

void
ctld_notify(const char *text)
{
	if (sock != -1 && write(sock, text, strlen(text)) == -1)
		log_warn("telling the service manager");
}
