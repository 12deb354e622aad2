/*
 * execstep: runs one step of a ticket through the real reeve-execd, as privd would after all its
 * checks; for the shell tests in regress/system. Prints the frames; exit status 0 when the end is
 *ok.
 *
 *	execstep [-s haproxy-socket] [-t tool-uid] [-n step] [-l lock-wait] KIND [LINE...]
 *(LINE: "arg name x")
 */
#include "regress/sandbox/execdrive.h"

static void
show(const struct drive *d, enum frame_type t)
{
	if (d->frames[t] > 0)
		printf("[%s]\n%s%s", frame_typename(t), d->text[t],
		    d->len[t] > 0 && d->text[t][d->len[t] - 1] == '\n' ? "" : "\n");
}

static void
usage(void)
{
	fprintf(
	    stderr, "usage: execstep [-l wait] [-n step] [-s socket] [-t uid] KIND [LINE...]\n");
	exit(64);
}

int
main(int argc, char *argv[])
{
	static struct drive d;
	char lines[4096] = "";
	const char *socket = "";
	unsigned int uid = DRIVE_TOOL_UID, wait = 10;
	uint8_t step = 0;
	int c;

	while ((c = getopt(argc, argv, "l:n:s:t:")) != -1) {
		if (c == 's')
			socket = optarg;
		else if (c == 't')
			uid = (unsigned int)atoi(optarg);
		else if (c == 'l')
			wait = (unsigned int)atoi(optarg);
		else if (c == 'n')
			step = (uint8_t)atoi(optarg);
		else
			usage();
	}
	if (optind == argc)
		usage();
	for (c = optind + 1; c < argc; c++) {
		if (strlen(lines) + strlen(argv[c]) + 2 > sizeof(lines))
			usage();
		strcat(strcat(lines, argv[c]), "\n");
	}
	drive_init(&d, argv[optind], lines, step);
	if (d.host.tool_uid != 0)
		d.host.tool_uid = d.host.tool_gid = uid;
	snprintf(d.host.haproxy_socket, sizeof(d.host.haproxy_socket), "%s", socket);
	d.host.lock_wait = wait;
	drive_run(&d);
	for (c = FR_STDOUT; c < FR_EXIT; c++)
		show(&d, (enum frame_type)c);
	if (!d.has_rec) {
		printf("no exit frame: %s\n", d.fail);
		return 2;
	}
	printf("[end]\n%s %d effect %s: %s\n", end_name(d.rec.end), d.rec.code,
	    effect_name(d.rec.effect), d.rec.reason);
	return d.rec.end == END_OK ? 0 : 1;
}
