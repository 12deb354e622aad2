/* The verb table: usage, help and completion come from these rows. */
#include "cli/cli.h"
#include "cli/net.h"

#define JSON_HELP "  --json      as JSON\n"

#define ORDER_HELP                                                                             \
	"  -s KEY.sec        a key to sign with, instead of reeve.conf's; may stand 8 times\n" \
	"  --show            shows the ticket before it is signed, and asks on a terminal\n"   \
	"  --validity TIME   how long the hosts may still start it (default: 1h)\n"            \
	"  --requester NAME  for whom (default: reeve.conf's, or your login name)\n"           \
	"  --limit WHAT=N    seconds, output (bytes) or stall (seconds)\n"
#define WAIT_HELP                                                            \
	"  --timeout TIME    how long reeve waits; the job itself goes on\n" \
	"  -q, --quiet       no last word about what ended well\n"           \
	"  --json            everything as one JSON document, at the end\n"
#define NOWAIT_HELP \
	"  --no-wait         prints the job's id and does not wait (--wait: the default)\n"

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
    {"whoami", "", "[--json]",
	"Tells whether the control plane can be reached, and who you are there.", JSON_HELP,
	cli_whoami},
    {"run", "", "[OPTION]... HOST... SCRIPT [-- ARG...]",
	"Runs a script that the hosts' scripts.conf lists, and shows its output as it comes.",
	ORDER_HELP
	"  --username NAME   for whom, as the script is told\n"
	"  --seal token=FILE a secret for the script, sealed to the one host\n" NOWAIT_HELP
	    WAIT_HELP,
	cli_run},
    {"ping", "", "[OPTION]... HOST...",
	"Asks each host for a signed answer; shows the silent ones too.",
	"  -s KEY.sec        a key to sign with; without any, the control plane's online key does\n"
	"  --online          the online key, whatever reeve.conf says\n"
	"  --timeout TIME    how long to wait for answers (default: 10s)\n"
	"  --json            as JSON\n",
	cli_ping},
    {"job", "kinds", "[--json] [KIND]", "Lists the kinds of jobs, or one kind's arguments.",
	JSON_HELP, cli_job_kinds},
    {"job", "submit", "[OPTION]... KIND HOST... [name=value]...",
	"Makes a ticket of any kind, signs it and hands it in.",
	ORDER_HELP
	"  --online          let the control plane's online key sign (harmless kinds)\n"
	"  --blob NAME=FILE  a file that goes with the ticket\n"
	"  --seal NAME=FILE  a secret argument: what FILE holds, sealed to the one host\n"
	"  --fresh HEX       a challenge that the host gave (agent.challenge)\n"
	"  --ticket FILE     hands in this ticket, made by reeve ticket new\n"
	"  --sig FILE        its signature; once for each\n" NOWAIT_HELP WAIT_HELP,
	cli_job_submit},
    {"job", "show", "[--json] ID", "Shows a job, its ticket and its results.", JSON_HELP,
	cli_job_show},
    {"job", "list", "[OPTION]...", "Lists jobs, the newest first.",
	"  --host HOST    only this host's\n"
	"  --state STATE  only those in that state\n"
	"  --limit N      at most so many (default: 100)\n"
	"  --json         as JSON\n",
	cli_job_list},
    {"job", "tail", "[OPTION]... ID [HOST]...", "Shows a job's output as it comes, to its end.",
	WAIT_HELP, cli_job_tail},
    {"job", "wait", "[OPTION]... ID [HOST]...", "Waits for a job's results and judges them.",
	WAIT_HELP, cli_job_wait},
    {"job", "cancel", "[OPTION]... ID [HOST]...",
	"Cancels a job; where that needs a signature, by a ticket that you sign.",
	"  -s KEY.sec        a key to sign with, instead of reeve.conf's; may stand 8 times\n"
	"  --show            shows the ticket before it is signed, and asks on a terminal\n"
	"  --validity TIME   how long the hosts may still take it (default: 1h)\n"
	"  --requester NAME  for whom (default: reeve.conf's, or your login name)\n" WAIT_HELP,
	cli_job_cancel},
    {"host", "add", "NAME --allow ADDR,...|any [--bearer] [--expires TIME] [--json]",
	"Makes a host known and prints the token that enrols it, once.",
	"  --allow ADDR,...  the addresses or networks that it may call from; any: every one\n"
	"  --bearer          it will prove itself by a secret instead of a certificate (behind a "
	"proxy)\n"
	"  --expires TIME    how long the token may be used (default: 1d)\n"
	"  --json            as JSON\n",
	cli_host_add},
    {"host", "list", "[--state STATE] [--json]", "Lists the hosts.",
	"  --state STATE  only those: new, online, silent, maintenance, revoked\n"
	"  --json         as JSON\n",
	cli_host_list},
    {"host", "show", "[--json] HOST", "Shows a host, and its fingerprint as reckoned here.",
	JSON_HELP, cli_host_show},
    {"host", "rename", "[--json] HOST NAME",
	"Gives a host another name to be expected; the host and the roster follow by themselves.",
	JSON_HELP, cli_host_rename},
    {"host", "allow", "[--json] HOST ADDR,...|any", "Says where a host may call from.", JSON_HELP,
	cli_host_allow},
    {"host", "secret", "[--expires TIME] [--json] HOST",
	"Prints a new token with which the host enrols again.",
	"  --expires TIME  how long it may be used (default: 1d)\n"
	"  --json          as JSON\n",
	cli_host_secret},
    {"host", "revoke", "[--json] HOST", "Takes a host's identity back, at once.", JSON_HELP,
	cli_host_revoke},
    {"host", "remove", "[--json] HOST", "Forgets a host.", JSON_HELP, cli_host_remove},
    {"host", "maintenance", "[--json] HOST on|off", "Holds a host's jobs back, or lets them go.",
	JSON_HELP, cli_host_maintenance},
    {"host", "unclone", "[--json] HOST",
	"Says that of two machines with one identity only one is left.", JSON_HELP,
	cli_host_unclone},
    {"roster", "list", "[--json]", "Lists the hosts that you have pinned.", JSON_HELP, roster_list},
    {"roster", "show", "[--json] HOST", "Shows what is pinned of a host.", JSON_HELP, roster_show},
    {"roster", "pin", "[--fingerprint F] [--json] HOST",
	"Pins a host's id and keys, after you have compared its fingerprint.",
	"  --fingerprint F  what \"reevectl fingerprint\" shows on the host; asked for without\n"
	"  --json           as JSON\n",
	roster_pin},
    {"roster", "remove", "HOST", "Takes a host out of the roster.", "", roster_remove},
    {"roster", "rename", "[--json] HOST NAME", "Gives a pinned host its new name.", JSON_HELP,
	roster_rename},
    {"token", "add", "[--role ROLE] [--expires TIME] [--json] NAME",
	"Makes an operator's token and prints it, once.",
	"  --role ROLE     viewer, operator, approver or admin (default: viewer)\n"
	"  --expires TIME  how long it may be used (default: 365d)\n"
	"  --json          as JSON\n",
	cli_token_add},
    {"token", "list", "[--json]", "Lists the operators' tokens, not their secrets.", JSON_HELP,
	cli_token_list},
    {"token", "remove", "[--json] NAME", "Withdraws a token.", JSON_HELP, cli_token_remove},
};

const struct verb *
verb_nth(size_t n)
{
	return n < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[n] : NULL;
}
