/* reeve.conf: what is taken, and each way to be refused with its line. */
#include "cli/site.h"
#include "regress/check.h"

static void
good(void)
{
	static const char text[] = "# where\nurl https://Control.example.net/x\nca bundle\n"
				   "token-file token\nkey \"/a b/key\"\nroster r/oster\n"
				   "requester anna\n";
	struct cli_conf c;
	struct errmsg e;
	char dir[] = "/home/anna/.config/reeve";

	memset(&c, 0, sizeof(c));
	c.dir = dir;
	CHECKF(cli_conf_parse(&c, "f", text, strlen(text), &e) == 0, "%s", e.text);
	CHECK_STR(c.url.host, "control.example.net");
	CHECK(c.url.port == API_PORT);
	CHECK_STR(c.url.prefix, "/x");
	CHECK_STR(c.ca, "bundle");
	CHECK_STR(c.tokenfile, "/home/anna/.config/reeve/token");
	CHECK_STR(c.key, "/a b/key");
	CHECK_STR(c.roster, "/home/anna/.config/reeve/r/oster");
	CHECK_STR(c.requester, "anna");
	memset(&c, 0, sizeof(c));
	CHECK(cli_conf_parse(&c, "f", "", 0, &e) == 0 && c.urltext == NULL && c.ca == NULL);
}

static void
bad(void)
{
	static const struct {
		const char *text, *why;
	} row[] = {
	    {"url http://x\n", "f:1: url: "},
	    {"url https://\n", "f:1: url: "},
	    {"url https://u@x\n", "f:1: url: "},
	    {"url https://x/?q\n", "f:1: url: "},
	    {"url https://x:0\n", "f:1: url: "},
	    {"url https://x:65536\n", "f:1: url: "},
	    {"url\n", "f:1: "},
	    {"url https://x https://y\n", "f:1: "},
	    {"ca a\nca b\n", "f:2: "},
	    {"token 00\n", "f:1: "},
	    {"URL https://x\n", "f:1: "},
	    {"requester -x\n", "f:1: requester: "},
	    {"requester a,b\n", "f:1: requester: "},
	    {"[x]\nca a\n", "f:1: there are no sections"},
	    {"ca \"a\n", "f:1: "},
	    {"ca a", "f:1: unfinished"},
	    {"ca a\r\n", "f:1: "},
	};
	struct cli_conf c;
	struct errmsg e;
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&c, 0, sizeof(c));
		CHECKF(cli_conf_parse(&c, "f", row[i].text, strlen(row[i].text), &e) == -1, "%s",
		    row[i].text);
		CHECKF(strncmp(e.text, row[i].why, strlen(row[i].why)) == 0, "%s: %s", row[i].text,
		    e.text);
	}
}

static void
escapes(void)
{
	char buf[40];

	site_escape("web1.example.net", buf, sizeof(buf));
	CHECK_STR(buf, "web1.example.net");
	site_escape("a/b?c&d=%\xc3\xa4 \n", buf, sizeof(buf));
	CHECK_STR(buf, "a%2Fb%3Fc%26d%3D%25%C3%A4%20%0A");
	site_escape("////////////////////////", buf, 10); /* cut, never inside of one */
	CHECK_STR(buf, "%2F%2F%2F");
	CHECK_STR(cli_clean("a b\x1b[31m\xc3\xa4\\"), "a b\\033[31m\\303\\244\\");
}

int
main(void)
{
	good();
	bad();
	escapes();
	return check_done();
}
