#!/bin/bash
# reeve-ctld init, start, reload and end: what is made and whose it is, what an existing site keeps, a second ctld on
# one database, a bad reload that changes nothing, sockets from a service manager, and no secret anywhere.
# regress: timeout 180
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
etc=$s/etc state=$s/state
D=(--etc "$etc" --state "$state" --sign-state "$s/sign" --sign-socket "$s/run/sign.sock" --sign-prog "$s/reeve-sign")

# ---- init ----

is "one token, shown once" "$(grep -cE '^[0-9a-f]{48}$' "$w/init")" 1
has "the backup" "$w/init" 'offline backup'
whose() { stat -c '%U:%G %a' "$1"; }
is "configuration" "$(whose "$etc/ctld.conf")" "root:_reevectl 640"
is "certificate" "$(whose "$etc/server.crt")" "root:_reevectl 640"
is "key" "$(whose "$etc/server.key")" "root:_reevectl 640"
is "state" "$(whose "$state")" "_reevectl:_reevectl 700"
is "database" "$(whose "$state/ctld.db")" "_reevectl:_reevectl 600"
is "CA key" "$(whose "$s/sign/ca.key")" "_reevesign:_reevesign 600"
ok "server certificate" openssl verify -CAfile "$w/ca.crt" -purpose sslserver "$etc/server.crt"
no 2 "" openssl verify -CAfile "$w/ca.crt" -purpose sslclient "$etc/server.crt"
sha256sum "$etc"/* "$state/site" "$s"/sign/* >"$w/before"
ok "init again" "$BUILD/reeve-ctld" init --url https://other.example.net "${D[@]}"
has "says what is there" "$w/out" 'nothing was changed'
has "says what is there" "$w/out" "$etc/server.key"
ok "nothing changed" sha256sum -c --quiet "$w/before"
no 64 usage "$BUILD/reeve-ctld" init
no 64 usage "$BUILD/reeve-ctld" init --url
no 1 https "$BUILD/reeve-ctld" init --url http://ctl.example.net --etc /nonexistent/etc
no 1 "absolute path" "$BUILD/reeve-ctld" init --url "$url" --etc relative
no 1 "run by root" setpriv --reuid _reevectl --regid _reevectl --clear-groups "$BUILD/reeve-ctld" init --url "$url" "${D[@]}"
no 64 usage "$BUILD/reeve-ctld" -x
no 64 usage "$BUILD/reeve-ctld" word
ok "help" "$BUILD/reeve-ctld" --help
ok "version" "$BUILD/reeve-ctld" -V

# one that is cut is finished: elsewhere, without a signer first
mkdir "$w/b"
chmod 755 "$w/b"
binit() {
	"$BUILD/reeve-ctld" init --url https://10.9.9.9:7441/x --name ctl.example.net --name 2001:db8::1 --listen 127.0.0.1:7441 \
	    --etc "$w/b/etc" --state "$w/b/state" --sign-state "$w/b/sign" --sign-socket "$w/b/sign.sock" --sign-prog "${prog:-$s/reeve-sign}"
}
prog=/nonexistent/reeve-sign
no 1 failed binit
prog=
ok "the next one finishes it" binit
has "a token" "$w/out" 'first admin token'
openssl x509 -in "$w/b/etc/server.crt" -noout -ext subjectAltName >"$w/san" 2>&1
for n in 'IP Address:10.9.9.9' 'DNS:ctl.example.net' 'IP Address:2001:DB8:0:0:0:0:0:1'; do has "names" "$w/san" "$n"; done
has "its prefix" "$w/b/etc/ctld.conf" 'public-url https://10.9.9.9:7441/x'
rm "$w/b/etc/ctld.conf" "$w/b/etc/server.crt"
key=$(sha256sum <"$w/b/etc/server.key")
first=$(grep -oE '^[0-9a-f]{48}$' "$w/out")
ok "finished again" binit
is "the key is kept" "$(sha256sum <"$w/b/etc/server.key")" "$key"
# a run that was cut may never have shown its token: one that nobody used makes way
has "a token again" "$w/out" 'first admin token'
is "another one" "$(grep -cE '^[0-9a-f]{48}$' "$w/out") $(grep -cF "$first" "$w/out")" "1 0"
is "one in all" "$(sqlite3 "$w/b/state/ctld.db" 'select count(*) from oper')" 1
sqlite3 "$w/b/state/ctld.db" 'update oper set last = 1'
rm "$w/b/etc/ctld.conf"
ok "finished once more" binit
has "no other one when it was used" "$w/out" 'already'
ok "checks" "$BUILD/reeve-ctld" -n -f "$w/b/etc/ctld.conf"
chmod 777 "$w/b/state"
rm "$w/b/etc/ctld.conf"
no 1 "must belong" binit

# ---- a second one, and what is not there ----

sed 's/^listen \*/listen 127.0.0.1:7999/' "$etc/ctld.conf" >"$w/second.conf"
no 1 "another reeve-ctld" "$BUILD/reeve-ctld" -d -f "$w/second.conf"
ok "the first goes on" healthy
no 78 "7440" "$BUILD/reeve-ctld" -d -f "$etc/ctld.conf"
no 78 "No such file" "$BUILD/reeve-ctld" -n -f /nonexistent
echo 'listen 127.0.0.1 cert /a key /b' >"$w/c.conf"
no 78 "public-url" "$BUILD/reeve-ctld" -n -f "$w/c.conf"
echo "public-url $url" >>"$w/c.conf"
no 78 "/a: " "$BUILD/reeve-ctld" -n -f "$w/c.conf"
sed -i "s,/a,$etc/server.crt,; s,/b,$w/b/etc/server.key," "$w/c.conf"
no 78 "server.key" "$BUILD/reeve-ctld" -n -f "$w/c.conf"

# ---- reload: all or nothing ----

reloads() { [ "$(grep -c 'reload' "$w/log")" -gt "$1" ]; }
# hup WHAT WORDS: and it says so
hup() {
	local n
	n=$(grep -c reload "$w/log")
	kill -HUP "$ctld"
	soon "$1" reloads "$n"
	is "$1: $(tail -n 1 "$w/log")" "$(grep reload "$w/log" | tail -n 1 | grep -cF -- "$2")" 1
	ok "$1: it lives" healthy
}
serial() { openssl s_client -connect 127.0.0.1:7440 </dev/null 2>/dev/null | openssl x509 -noout -serial; }
cp -a "$etc/ctld.conf" "$w/good.conf"
was=$(serial)
hup "the same" reloaded
echo 'heartbeat 0' >>"$etc/ctld.conf"
hup "a bad line" 'ctld.conf:6: heartbeat'
cat "$w/good.conf" >"$etc/ctld.conf"
echo "listen 127.0.0.1:7441 cert $etc/server.crt key $etc/server.key" >>"$etc/ctld.conf"
hup "another listen line" restart
sed 's,^state-dir.*,state-dir /var/lib/other,' "$w/good.conf" >"$etc/ctld.conf"
hup "another state" restart
cat "$w/good.conf" >"$etc/ctld.conf"
cp -a "$etc/server.key" "$w/good.key"
cat "$w/b/etc/server.key" >"$etc/server.key"
hup "a key that is another's" 'nothing was changed'
is "the old certificate" "$(serial)" "$was"
cat "$w/good.key" >"$etc/server.key"
# a renewed certificate is a new file of that name
openssl req -new -key "$etc/server.key" -subj /CN=x 2>/dev/null |
    setpriv --reuid _reevesign --regid _reevesign --clear-groups "$s/reeve-sign" certify-server -D "$s/sign" --name 127.0.0.1 >"$w/new.crt"
install -m 640 -g _reevectl "$w/new.crt" "$etc/server.new"
mv "$etc/server.new" "$etc/server.crt"
hup "a renewed certificate" reloaded
is "new connections get it: $(serial)" "$([ "$(serial)" != "$was" ] && echo yes)" yes
sed 's/^listen/heartbeat 7\nlisten/' "$w/good.conf" >"$etc/ctld.conf"
hup "an interval" reloaded

# ---- what it is while it runs ----

has "its user" "/proc/$ctld/status" "Uid:	$(id -u _reevectl)	$(id -u _reevectl)	$(id -u _reevectl)	$(id -u _reevectl)"
grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|Groups|NoNewPrivs|Seccomp):' "/proc/$ctld/status" | tr -d ' \t\n' >"$w/st"
is "no right at all" "$(cat "$w/st")" "Groups:CapInh:0000000000000000CapPrm:0000000000000000CapEff:0000000000000000CapBnd:0000000000000000CapAmb:0000000000000000NoNewPrivs:1Seccomp:2"
is "not in its arguments" "$(cat "/proc/$ctld/cmdline" "/proc/$ctld/environ" | tr '\0' '\n' | grep -cF "$admin")" 0
hasnot "not in the log" "$w/log" "$admin"
hasnot "not in the database" "$state/ctld.db" "$admin"

# ---- the end, and the start by a service manager ----

stops() {
	kill -TERM "$ctld"
	rc=0
	wait "$ctld" || rc=$?
	is "exit status on SIGTERM" "$rc" 0
}
stops
# its own user, and the socket that it is given: the port below 1024 it could not bind
sed -i "s/^listen \*/listen 127.0.0.1:443/; s/:7440/:443/" "$etc/ctld.conf"
# where that user can reach it: a checkout may stand in root's own directory
install -m 755 "$BUILD/reeve-ctld" "$w/reeve-ctld"
no 78 "443" setpriv --reuid _reevectl --regid _reevectl --clear-groups "$w/reeve-ctld" -d -f "$etc/ctld.conf"
cat >"$w/activate.py" <<-'PY'
	import os, pwd, socket, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("127.0.0.1", 443))
	s.listen(16)
	fd = s.detach()
	if fd != 3:
	    os.dup2(fd, 3)
	os.set_inheritable(3, True)
	u = pwd.getpwnam("_reevectl")
	os.setgroups([])
	os.setresgid(u.pw_gid, u.pw_gid, u.pw_gid)
	os.setresuid(u.pw_uid, u.pw_uid, u.pw_uid)
	os.environ.update(LISTEN_FDS=sys.argv[1], LISTEN_PID=str(os.getpid()))
	os.execv(sys.argv[2], [sys.argv[2], "-d", "-f", sys.argv[3]])
PY
python=$(command -v python3)
if [ -n "$python" ]; then
	"$python" "$w/activate.py" 1 "$w/reeve-ctld" "$etc/ctld.conf" >>"$w/log" 2>&1 </dev/null &
	ctld=$!
	url=https://127.0.0.1
	soon "by a socket that it was given" healthy
	stops
	no 78 "the service manager gave 2 sockets" "$python" "$w/activate.py" 2 "$w/reeve-ctld" "$etc/ctld.conf"
fi
# in the background: the exit status says whether it started
cat "$w/good.conf" >"$etc/ctld.conf"
url=https://127.0.0.1:7440
no 1 "No such file" "$BUILD/reeve-ctld" -f /nonexistent
ok "in the background" "$BUILD/reeve-ctld" -f "$etc/ctld.conf"
ok "and it answers at once" healthy
ctld=$(pgrep -u _reevectl -f "$BUILD/reeve-ctld" | head -n 1)
kill -TERM "$ctld"
soon "it ends" ctld_dead
ctld=0
# without its signer it does not begin
kill -TERM "$signd"
wait "$signd"
signd=0
no 1 "signer" "$BUILD/reeve-ctld" -d -f "$etc/ctld.conf"
finish
