/* execd/hapcsv.c: HAProxy's answers, also from something that only says it is HAProxy. */
#include "execd/hapcsv.h"
#include "regress/check.h"

typedef int fn(struct jsonout *, const char *, char *, size_t, struct errmsg *);

static void
good(fn *f, const char *in, const char *want)
{
	char *buf = strdup(in);
	struct jsonout j;
	struct errmsg e = {""};
	const char *text;

	jo_init(&j, 1 << 20);
	jo_obj(&j, NULL);
	CHECKF(f(&j, "x", buf, strlen(in), &e) == 0, "%s: %s", in, e.text);
	jo_end(&j);
	text = jo_text(&j);
	CHECK_STR(text != NULL ? text : "none", want);
	jo_free(&j);
	free(buf);
}

static void
refused(fn *f, const char *in, size_t len)
{
	char *buf = malloc(len + 1);
	struct jsonout j;
	struct errmsg e = {""};

	memcpy(buf, in, len);
	buf[len] = '\0';
	jo_init(&j, 1 << 20);
	jo_obj(&j, NULL);
	CHECKF(f(&j, "x", buf, len, &e) == -1 && e.text[0] != '\0', "%s", in);
	jo_free(&j);
	free(buf);
}

static void
test_stat(void)
{
	char big[2048] = "# ";
	int i;

	good(hap_stat, "# pxname,svname,scur,\nbe,s1,7,\n\"a,\"\"b\",s2,,\n\n",
	    "{\"x\":[{\"pxname\":\"be\",\"svname\":\"s1\",\"scur\":7},{\"pxname\":\"a,\\\"b\","
	    "\"svname\":\"s2\"}]}");
	good(hap_stat, "# a,b\n", "{\"x\":[]}");
	good(hap_stat, "# a,a,,b\n1,2,3,4,5,6\n", "{\"x\":[{\"a\":1,\"b\":4}]}");
	good(hap_stat, "# a\n\"unclosed", "{\"x\":[{\"a\":\"unclosed\"}]}");
	good(hap_stat, "# a\n\"x\"y,z\n", "{\"x\":[{\"a\":\"x\"}]}");
	good(hap_stat, "# a\n007\n", "{\"x\":[{\"a\":\"007\"}]}");
	good(hap_stat, "# a\n9007199254740993\n", "{\"x\":[{\"a\":\"9007199254740993\"}]}");
	refused(hap_stat, "", 0);
	refused(hap_stat, "Unknown command.\n", 17);
	refused(hap_stat, "# a\nx\0y\n", 8);
	for (i = 0; i < 600; i++)
		strcat(big, "a,");
	refused(hap_stat, big, strlen(big));
}

static void
test_info(void)
{
	good(hap_info, "Name: HAProxy\nUptime_sec: 12\nnode: \nempty:\nName: twice\n\n",
	    "{\"x\":{\"Name\":\"HAProxy\",\"Uptime_sec\":12,\"node\":\"\",\"empty\":\"\"}}");
	good(hap_info, "", "{\"x\":{}}");
	refused(hap_info, "Permission denied\n", 18);
	refused(hap_info, "a: b\0c\n", 7);
}

static const char servers[] = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state "
			      "srv_admin_state srv_uweight srv_iweight\n"
			      "3 be 1 s1 127.0.0.1 2 0 100 100\n3 be 2 s2 127.0.0.1 0 1 5 100\n"
			      "4 other 1 s1 127.0.0.1 0 8 7 100\n";

static int
find(const char *in, const char *b, const char *s, struct hap_server *h)
{
	char *buf = strdup(in);
	struct errmsg e;
	int r = hap_find(buf, strlen(in), b, s, h, &e);

	free(buf);
	return r;
}

static void
test_servers(void)
{
	struct hap_server h;

	good(hap_servers, "1\n# be_name srv_name srv_admin_state\nbe s1 0\n\n",
	    "{\"x\":[{\"be_name\":\"be\",\"srv_name\":\"s1\",\"srv_admin_state\":0}]}");
	refused(hap_servers, "2\n# a\n", 6);
	refused(hap_servers, "Can't find backend.\n", 20);
	CHECK(find(servers, "be", "s1", &h) == 1 && h.admin == 0 && h.weight == 100);
	CHECK_STR(hap_statename(&h), "ready");
	CHECK(find(servers, "be", "s2", &h) == 1 && h.weight == 5);
	CHECK_STR(hap_statename(&h), "maint");
	CHECK(find(servers, "other", "s1", &h) == 1 && h.weight == 7);
	CHECK_STR(hap_statename(&h), "drain");
	CHECK(find(servers, "be", "s3", &h) == 0 && find(servers, "s1", "be", &h) == 0);
	CHECK(find("1\n# be_name srv_name\nbe s1\n", "be", "s1", &h) == 0);
	CHECK(find("1\n# be_name srv_name srv_admin_state srv_uweight\nbe s1 999 1\n", "be", "s1",
		  &h) == 0);
	CHECK(find("1\n", "be", "s1", &h) == -1 && find("", "be", "s1", &h) == -1);
}

static void
test_lines(void)
{
	char text[] = "one\n\n \"two\"\r\n";
	struct jsonout j;

	jo_init(&j, 4096);
	hap_lines(&j, NULL, text);
	CHECK_STR(jo_text(&j), "[\"one\",\"\",\" \\\"two\\\"\"]");
	jo_free(&j);
}

int
main(void)
{
	test_stat();
	test_info();
	test_servers();
	test_lines();
	return check_done();
}
