/* The verb table: usage, help and completion come from these rows. */
#include "cli/cli.h"

static const struct verb verbs[] = {
    {"key", "new", "[-c COMMENT] NAME", "Makes a key pair: NAME.sec (0600) and NAME.pub.",
	"  -c COMMENT  what the files' first lines say (default: reeve)\n", key_new},
    {"key", "show", "[--json] FILE", "Shows a key's fingerprint, number and comment.",
	"  --json      as JSON\n", key_show},
    {"ticket", "new", "KIND --fleet HEX --host ID:NAME [OPTION]... [name=value]...",
	"Makes a ticket, ready to be signed.",
	"  --fleet HEX        the fleet's id, 32 hex digits\n"
	"  --host ID:NAME     a host, by its id and its name; may stand 64 times\n"
	"  --requester NAME   for whom (default: your login name)\n"
	"  --valid TIME       how long: 90s, 30m, 1h, 7d (default: 1h)\n"
	"  --notbefore T      not before T, in seconds since 1970 (default: now)\n"
	"  --issued T         the time of issue, where this machine's clock is wrong\n"
	"  --fresh HEX        a challenge that the host gave (agent.challenge)\n"
	"  --blob NAME=FILE   a file that goes with the ticket\n"
	"  --limit WHAT=N     seconds, output (bytes) or stall (seconds)\n"
	"  --seal NAME=FILE   a secret argument: what FILE holds, sealed to the host\n"
	"  --seal-key FILE    the host's seal.pub\n"
	"  -o FILE            where to write it (default: standard output)\n",
	cli_ticket_new},
    {"ticket", "show", "[--json] FILE", "Says what a ticket orders, and shows its text.",
	"  --json      as JSON\n", cli_ticket_show},
    {"sign", "", "-s KEY.sec [-x SIGFILE] FILE",
	"Signs a ticket, a key store or a reset order, as signify(1) does.",
	"  -s KEY.sec  your key; signify asks when it has a passphrase\n"
	"  -x SIGFILE  where the signature goes (default: FILE.sig)\n",
	cli_sign},
    {"verify", "", "-p KEY.pub FILE SIGFILE", "Tells whether a signature is that key's.",
	"  -p KEY.pub  the key that should have signed\n", cli_verify},
};

const struct verb *
verb_nth(size_t n)
{
	return n < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[n] : NULL;
}
