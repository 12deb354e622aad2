#!/bin/bash
# reeve-sign as a program: its keys made once, its exit statuses, its socket, what /proc says of it; and Attack
# fail-closed: each call by which it confines itself failing in turn, it ends before it lets anybody in.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/lib.bash"
w=$(mktemp -d "${T:-/var/lib}/reeve-signtest.XXXXXX") || exit 1
signd=0
cleanup() {
	[ "$signd" = 0 ] || kill -KILL "$signd" 2>/dev/null
	rm -rf --one-file-system "$w"
}
trap cleanup EXIT
chmod 755 "$w"
users_make
# where the signer's user may execute it and find it
cp "$BUILD/reeve-sign" "$w/reeve-sign"
sign() { "$w/reeve-sign" "$@"; }
uid=$(awk -F: '$1 == "_reevesign" { print $3 }' /etc/passwd)
ctlgid=$(awk -F: '$1 == "_reevectl" { print $4 }' /etc/passwd)
sum() { (cd "$w/sign" && sha256sum -- * | sort); }
dead() { ! kill -0 "$signd" 2>/dev/null; }
listens() { [ -S "$w/run/s" ]; }
started() { dead || grep -q ': ready, fleet' "$w/log"; }

# ---- keys ----
ok "init" sign init -D "$w/sign" -F "$fleet"
is "what it prints" "$(cut -d' ' -f1 "$w/out" | tr '\n' ' ')" "fleet ca online "
is "the fleet" "$(sed -n 's/^fleet //p' "$w/out")" "$fleet"
is "the CA" "$(sed -n 's/^ca sha256://p' "$w/out")" "$(openssl x509 -in "$w/sign/ca.crt" -outform DER | sha256sum | cut -c1-64)"
is "it says where the key belongs" "$(grep -c 'offline backup' "$w/err")" 1
cp "$w/out" "$w/first"
is "modes" "$(stat -c '%a %u' "$w/sign" "$w/sign"/* | sort -u | tr '\n' ' ')" "600 $uid 700 $uid "
sum >"$w/sum"
ok "init again" sign init -D "$w/sign"
is "says the same" "$(cat "$w/out")" "$(cat "$w/first")"
is "and that nothing was changed" "$(grep -c 'nothing was changed' "$w/err")" 1
is "nothing was" "$(sum)" "$(cat "$w/sum")"
mv "$w/sign/online.sec" "$w/aside"
no 78 "online.sec is missing" sign init -D "$w/sign"
no 78 "online.sec is missing" sign -n -D "$w/sign"
mv "$w/aside" "$w/sign/online.sec"
ok "checked" sign -n -D "$w/sign"
no 78 "32 lower-case hex" sign init -D "$w/other" -F xyz
no 64 "usage" sign -x
no 64 "usage" sign certify-server -D "$w/sign"
no 64 "usage" sign frobnicate
openssl req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout "$w/rsa.key" -out "$w/rsa.csr" 2>/dev/null
checks=$((checks + 1))
sign certify-server -D "$w/sign" --name ctl.example.net <"$w/rsa.csr" >"$w/out" 2>"$w/err" && fail "a server's RSA key"
is "why" "$(grep -c 'not P-256' "$w/err")" 1
chmod 644 "$w/sign/ca.key"
no 78 "mode 0600" sign -d -D "$w/sign" -s "$w/run/s"
chmod 600 "$w/sign/ca.key"

# ---- the daemon, started by root ----
start_sign() {
	: >"$w/log"
	"$@" "$w/reeve-sign" -d -D "$w/sign" -s "$w/run/s" >>"$w/log" 2>&1 </dev/null &
	signd=$!
	within 30 started || fail "reeve-sign neither starts nor ends"
}
end_sign() {
	local rc=0
	kill -TERM "$signd"
	wait "$signd" || rc=$?
	is "exit status on SIGTERM" "$rc" 0
	signd=0
}
start_sign
is "the socket" "$(stat -c '%a %u %g' "$w/run/s" "$w/run" | tr '\n' ' ')" "660 $uid $ctlgid 750 $uid $ctlgid "
st() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$signd/status" | tr '\t' ' '; }
is "uid" "$(st Uid)" "$uid $uid $uid $uid"
is "groups" "$(st Groups)" ""
is "no_new_privs, seccomp" "$(st NoNewPrivs) $(st Seccomp)" "1 2"
for c in CapInh CapPrm CapEff CapBnd CapAmb; do is "$c" "$(st $c)" 0000000000000000; done
is "held open besides 0 to 2" "$(for f in "/proc/$signd/fd"/*; do [ "${f##*/}" -lt 3 ] || readlink "$f"; done |
    sed 's/:\[.*//; s|.*/||' | sort | tr '\n' ' ')" "issued pipe pipe socket "
no 1 "another reeve-sign" sign -d -D "$w/sign" -s "$w/run/s"
no 78 "another reeve-sign uses it" sign -d -D "$w/sign" -s "$w/run/other"
kill -KILL "$signd"
wait "$signd" 2>/dev/null
is "its socket stays behind" "$([ -S "$w/run/s" ] && echo there)" there
start_sign
is "and is made anew" "$(grep -c ': ready' "$w/log")" 1
end_sign
is "SIGTERM" "$(grep -c ': ended' "$w/log")" 1
rm "$w/run/s"
echo hello >"$w/run/s"
no 1 "is no socket" sign -d -D "$w/sign" -s "$w/run/s"
is "which stays" "$(cat "$w/run/s")" hello
rm "$w/run/s"
# in the background: the exit status says whether it came up
ok "goes to the background" sign -D "$w/sign" -s "$w/run/s"
soon "it listens" listens
signd=$(pgrep -u "$uid" -x reeve-sign)
is "the same confinement" "$(st Seccomp) $(st NoNewPrivs)" "2 1"
kill -TERM "$signd"
soon "it ends" dead
signd=0
chmod 640 "$w/sign/fleet"
no 1 "mode 0600" sign -D "$w/sign" -s "$w/run/s"
chmod 600 "$w/sign/fleet"

# ---- fail closed ----
if ! command -v strace >/dev/null; then
	echo "without strace nothing can be made to fail" >&2
	finish
fi
# fails CALL N: the Nth CALL fails; 1 when there is no Nth
fails() {
	rm -f "$w/trace"
	start_sign strace -f -o "$w/trace" -e "trace=$1" -e "inject=$1:error=EPERM:when=$2"
	if ! grep -q INJECTED "$w/trace"; then
		kill -TERM "$(pgrep -u "$uid" -x reeve-sign)" 2>/dev/null
		wait "$signd"
		signd=0
		return 1
	fi
	checks=$((checks + 1))
	dead || within 10 dead || fail "$1 $2 fails and it goes on"
	! grep -q ': ready' "$w/log" || fail "$1 $2 fails and it is ready"
	signd=0
}
total=0
# CALL FROM TO: of the calls that take ids away the later ones try to get back, and must fail; the first prlimit64 is
# libc's own
while read -r c n last; do
	while fails "$c" "$n"; do
		total=$((total + 1)) n=$((n + 1))
		[ "$n" -le "$last" ] || break
	done
done <<'C'
setgroups 1 1
setresgid 1 1
setresuid 1 1
capset 1 9
prctl 1 99
prlimit64 2 9
landlock_create_ruleset 1 9
landlock_restrict_self 1 9
seccomp 1 9
C
is "enough of them" "$((total > 15))" 1
finish
