/* ctld/signer.c against sign/serve.c: asked, answered, refused, gone, there again. */
#include <sys/wait.h>

#include <event2/event.h>
#include <signal.h>

#include "ctld/signer.h"
#include "lib/fdutil.h"
#include "lib/log.h"
#include "regress/check.h"
#include "regress/unit/signkit.h"
#include "sign/listen.h"

struct got {
	int n;
	enum signer_end end;
	char why[300];
	char pem[SIGN_PEM_MAX + 1];
	struct sig sig;
};

static void
done(const struct signer_answer *a, void *arg)
{
	struct got *g = arg;

	g->n++;
	g->end = a->end;
	g->sig = a->sig;
	snprintf(g->why, sizeof(g->why), "%s", a->why);
	snprintf(g->pem, sizeof(g->pem), "%s", a->pem != NULL ? a->pem : "");
}

static char path[128];

/* A signer process; it answers LIFE peers, the last of them not at all when MUTE. */
static pid_t
start(const char *dir, int life, int mute)
{
	struct user me = {geteuid(), getegid()};
	struct errmsg e;
	struct sign s;
	int sock, fd, stop[2];
	pid_t pid;

	unlink(path);
	if ((sock = sign_listen(path, &me, &me, &e)) == -1 || pipe(stop) == -1)
		exit(1);
	fd_nonblock(sock, 0);
	if ((pid = fork()) != 0) {
		close(sock);
		close(stop[0]);
		close(stop[1]);
		return pid;
	}
	if (state_load(&s, dir, 1, &e) == -1)
		_exit(3);
	while (life-- > 0) {
		if ((fd = sign_accept(sock, me.uid)) == -1)
			_exit(4);
		if (life == 0 && mute) {
			struct imsgbuf *b = imsgbuf_new(fd, ROOM_SIGN, ROOM_CTLD);
			char buf[64];

			imsg_compose(b, MSG_SIGN_HELLO, sign_hello(&s), NULL, 0);
			chan_flush(b);
			fd_nonblock(imsgbuf_fd(b), 0);
			_exit(read(imsgbuf_fd(b), buf, sizeof(buf)) > 0 ? 0 : 5);
		}
		sign_serve(&s, fd, stop[0]);
	}
	_exit(0);
}

static void
end(pid_t pid)
{
	int st;

	kill(pid, SIGTERM);
	CHECK(waitpid(pid, &st, 0) == pid);
}

static void
turn_until(struct event_base *base, const struct got *g)
{
	for (int i = 0; i < 30 && g->n == 0; i++)
		event_base_loop(base, EVLOOP_ONCE);
}

static const uint8_t id[16] = {1}, enrolment[16] = {2}, nonce[32] = {3};

static void
answers(struct event_base *base, struct signer *s)
{
	struct got g = {0}, g2 = {0};
	char *csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")});
	X509 *x, *ca = kit_cert(signer_ca(s));
	uint32_t n;

	CHECK(signer_certify(
		  s, enrolment, id, "web1.example.net", csr, (struct signer_cb){done, &g}) != 0);
	CHECK(g.n == 0);
	turn_until(base, &g);
	CHECKF(g.n == 1 && g.end == SIGNER_OK, "%s", g.why);
	x = kit_cert(g.pem);
	CHECK(x != NULL && ca != NULL && X509_verify(x, X509_get0_pubkey(ca)) == 1);
	X509_free(x);
	X509_free(ca);
	/* refused: another key for the same enrolment */
	memset(&g, 0, sizeof(g));
	free(csr);
	csr = kit_request(&(struct kit_csr){.key = kit_key("P-256")});
	CHECK(signer_certify(
		  s, enrolment, id, "web1.example.net", csr, (struct signer_cb){done, &g}) != 0);
	turn_until(base, &g);
	CHECK(g.n == 1 && g.end == SIGNER_NO && strstr(g.why, "another key") != NULL);
	free(csr);
	/* a name that is none never leaves ctld */
	CHECK(signer_confirm(s, id, "Web1", id, nonce, (struct signer_cb){done, &g}) == 0);
	/* forgotten: not called, the next one is */
	memset(&g, 0, sizeof(g));
	n = signer_confirm(s, id, "web1", id, nonce, (struct signer_cb){done, &g});
	signer_forget(s, n);
	CHECK(signer_confirm(s, id, "web1", id, nonce, (struct signer_cb){done, &g2}) != 0);
	turn_until(base, &g2);
	CHECK(g.n == 0 && g2.n == 1 && g2.end == SIGNER_OK);
	memset(&g, 0, sizeof(g));
	CHECK(signer_ticket(s, "reeve-job 1\n", 12, (struct signer_cb){done, &g}) != 0);
	turn_until(base, &g);
	CHECK(g.n == 1 && g.end == SIGNER_NO && strstr(g.why, "line 2") != NULL);
}

int
main(void)
{
	struct event_base *base = event_base_new();
	char dir[64], other[64];
	struct signer *s;
	struct errmsg e;
	struct got g = {0};
	pid_t pid;

	log_init("t_signer", 1, 0);
	snprintf(dir, sizeof(dir), "%s", kit_dir());
	snprintf(path, sizeof(path), "%s/s.sock", dir);
	CHECK((s = signer_new(base, path, &e)) != NULL);
	/* nobody there */
	CHECK(!signer_up(s) && signer_wait(s, 100, &e) == -1 && !signer_up(s));
	CHECK(signer_confirm(s, id, "web1", id, nonce, (struct signer_cb){done, &g}) == 0);
	CHECK(signer_ca(s)[0] == '\0');
	/* there */
	pid = start(dir, 99, 0);
	CHECK(signer_wait(s, 20000, &e) == 0 && signer_up(s));
	CHECK(strlen(signer_online(s)) == 56);
	answers(base, s);
	/* gone, and there again: what is asked then is answered before it leaves */
	end(pid);
	pid = start(dir, 1, 1);
	while (signer_up(s))
		event_base_loop(base, EVLOOP_ONCE);
	CHECK(signer_wait(s, 20000, &e) == 0);
	CHECK(signer_confirm(s, id, "web1", id, nonce, (struct signer_cb){done, &g}) != 0);
	turn_until(base, &g);
	CHECK(g.n == 1 && g.end == SIGNER_AWAY && !signer_up(s));
	end(pid);
	/* another site's signer on that path is not talked to */
	snprintf(other, sizeof(other), "%s", kit_dir());
	pid = start(other, 99, 0);
	CHECK(signer_wait(s, 4000, &e) == -1 && !signer_up(s));
	end(pid);
	signer_free(s);
	event_base_free(base);
	kit_remove(dir);
	kit_remove(other);
	return check_done();
}
