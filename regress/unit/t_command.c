/* execd/command.c: argument lists and environments that fit, or say that they do not. */
#include <unistd.h>

#include "execd/command.h"
#include "regress/check.h"

static struct command c;

int
main(void)
{
	static char big[COMMAND_TEXT];
	struct errmsg e;
	int i;

	command_init(&c, NULL);
	CHECK(c.exe == -1 && c.sock == -1 && c.builtin == NULL && c.argc == 0 && c.envc == 3);
	CHECK_STR(c.envp[0], "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	CHECK_STR(c.envp[1], "LANG=C.UTF-8");
	CHECK_STR(c.envp[2], "HOME=/");
	CHECK(c.envp[3] == NULL && c.argv[0] == NULL);
	command_arg(&c, "a b");
	command_argf(&c, "%s=%d", "x", 1);
	CHECK(c.argc == 2 && c.argv[2] == NULL);
	CHECK_STR(c.argv[1], "x=1");
	CHECK(command_done(&c, &e) == 0);
	for (i = 0; i < COMMAND_ARGV - 2; i++)
		command_arg(&c, "");
	CHECK(command_done(&c, &e) == 0 && c.argv[COMMAND_ARGV] == NULL);
	command_arg(&c, "one too many");
	CHECK(command_done(&c, &e) == -1 && c.argv[COMMAND_ARGV] == NULL);
	command_init(&c, "/root");
	memset(big, 'x', sizeof(big) - 1);
	command_arg(&c, big);
	CHECK(command_done(&c, &e) == -1);
	command_init(&c, "/root");
	for (i = 0; i < COMMAND_ENVP; i++)
		command_env(&c, "A", "b");
	CHECK(command_done(&c, &e) == -1 && c.envp[COMMAND_ENVP] == NULL);
	command_init(&c, "/root");
	CHECK(command_exe(&c, "/nonexistent", &e) == -1);
	CHECK(command_exe(&c, "relative", &e) == -1);
	CHECK(command_exe(&c, "/usr/bin", &e) == -1);
	CHECK(command_exe(&c, "/etc/passwd", &e) == 0 && c.exe != -1);
	CHECK_STR(c.argv[0], "/etc/passwd");
	close(c.exe);
	return check_done();
}
