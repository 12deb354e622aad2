#!/bin/bash
# reeve against a control plane that lies (regress/net/liar.c): about hosts' ids and keys, about results, about
# output, about what it is. The roster goes before all that it says: Attack "steal-the-server", the operator's side.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
reeve=$build/reeve liar=$build/regress/net/liar
for p in "$reeve" "$liar" "$build/regress/net/mkcerts"; do
	[ -x "$p" ] || { echo "$p: is not built"; exit 1; }
done

dir=$(mktemp -d)
checks=0 bad=0 pid=
stop() {
	[ -z "$pid" ] || { kill "$pid"; wait "$pid" 2>/dev/null; }
	pid=
}
trap 'stop; rm -rf "$dir"' EXIT
cd "$dir" || exit 1
"$build/regress/net/mkcerts" . >/dev/null || exit 1
"$reeve" key new op >/dev/null || exit 1
unset REEVE_URL REEVE_CA REEVE_TOKEN REEVE_KEY REEVE_ROSTER
export REEVE_CONF=$dir/reeve.conf

fail() {
	bad=$((bad + 1))
	echo "failed: $lie: $*" >&2
}

# begin LIE [HOSTS]: the liar, until the next one
begin() {
	stop
	lie=$1
	rm -f roster
	: >log
	"$liar" . "$@" >log 2>&1 &
	pid=$!
	local end=$((${EPOCHREALTIME/./} + 10000000))
	until grep -q '^port' log; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || { fail "liar does not begin: $(cat log)"; exit 1; }
		read -rt 0.01 <> <(:)
	done
}

# code N WORDS COMMAND...: must exit N and say WORDS on standard error or output
code() {
	local want=$1 words=$2 rc=0
	shift 2
	checks=$((checks + 1))
	timeout 30 "$@" >out 2>err </dev/null || rc=$?
	[ $rc -eq "$want" ] || fail "$*: exit $rc, not $want: $(cat err)"
	cat out err | grep -qF -- "$words" || fail "$*: said \"$(head -c 2000 out err)\", not \"$words\""
}

has() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$1" || fail "no \"$2\" in $1: $(cat "$1")"
}

hasnot() {
	checks=$((checks + 1))
	! grep -qF -- "$2" "$1" || fail "\"$2\" is in $1"
}

# ---- the truth ----
begin none 3
code 0 "fleet         3b7e0c1a9d2f4e5860718293a4b5c6d7" "$reeve" whoami
has out '\033[31m'
hasnot out $'\033'
code 0 "hello from web1" "$reeve" run web1 backup
has err "web1: ok, job "
has out '"b": "\u009b"'
has err 'a note\033[2J'
# one connection, no round trip more than submit and output: the answer to the first already has the result
checks=$((checks + 1))
[ "$(grep -c '^request' log)" -eq 3 ] || fail "needless requests: $(grep '^request' log)"
checks=$((checks + 1))
[ "$(grep -c '^connection' log)" -eq 2 ] || fail "needless connections"
code 0 "hello from WEB2" sed 's/web2/WEB2/' <("$reeve" run WEB2 backup 2>&1)
code 0 "web2: hello from web2" "$reeve" run web1 web2 web3 backup -- --an 'arg ument'
has out "web1: hello from web1"
has err "web3: err"
code 0 '"verdict":"true"' "$reeve" run --json web1 backup
has out '"stdout":"hello from web1\n"'
has out '"data":{"a":[1,{ }],"b":'
checks=$((checks + 1))
[ ! -s err ] || fail "--json says more: $(cat err)"
job=$("$reeve" run --no-wait web1 backup)
code 0 "web1: ok, job $job" "$reeve" job wait "$job"
hasnot out hello
code 0 "hello from web1" "$reeve" job tail "$job"
code 0 "ok" "$reeve" job show "$job"
has out "arg name backup"
begin none 3
code 0 "1.2" "$reeve" ping web1 web2
has out "web2 ok"
begin none 3
code 0 "" "$reeve" ping --json web1
has out '"status":"ok"'
# ---- what is not pinned is not named ----
code 1 "is not in your roster" "$reeve" run web9 backup
code 1 "--fingerprint is needed" env REEVE_ROSTER=new "$reeve" roster pin web1
print=$("$reeve" roster show --json web1 | sed 's/.*"fingerprint":"\([^"]*\)".*/\1/')
code 1 "NOT pinned" env REEVE_ROSTER=new "$reeve" roster pin --fingerprint aaaa-aaaa-aaaa-aaaa-aaaa web1
checks=$((checks + 1))
[ ! -e new ] || fail "a roster was made for a host that is not pinned"
code 0 "web1 pinned" env REEVE_ROSTER=new "$reeve" roster pin --fingerprint "${print^^}" web1
checks=$((checks + 1))
[ "$(grep '^host web1 ' new)" = "$(grep '^host web1 ' roster)" ] || fail "another host was pinned"
code 0 "is pinned already" env REEVE_ROSTER=new "$reeve" roster pin web1

# ---- on a terminal ----
# tty WORDS COMMAND: on one, with WORDS typed
tty() {
	checks=$((checks + 1))
	printf '%s\n' "$1" | TERM=xterm timeout 30 script -qec "$2" /dev/null >out 2>&1
}
rm new
tty no "REEVE_ROSTER=new '$reeve' roster pin web1" && fail "pinned without being compared"
has out "reevectl fingerprint"
checks=$((checks + 1))
[ ! -e new ] || fail "a roster was made without being compared"
tty "${print//-/}" "REEVE_ROSTER=new '$reeve' roster pin web1" || fail "not pinned: $(cat out)"
has new "host web1 "
tty n "'$reeve' run --show web1 backup" && fail "signed though nobody wanted"
has out "arg name backup"
has out "nothing was signed"
tty y "'$reeve' run --show web1 backup" || fail "not signed: $(cat out)"
has out "hello from web1"
tty "" "'$reeve' ping web1"
has out $'\033[32mok'
tty "" "NO_COLOR=1 '$reeve' ping web1"
has out "web1 ok"
hasnot out $'\033['

# ---- lies about the host ----
begin host-id
code 125 "NOT pinned" "$reeve" roster pin web1
code 0 "DIFFERS" "$reeve" host show web1
has err "WARNING"
code 125 "another id" "$reeve" ping web1
code 0 "web1: ok" "$reeve" run web1 backup
begin host-key
code 125 "another result key" "$reeve" roster pin web1
code 0 "DIFFERS" "$reeve" host show web1
begin whoami-fleet
code 125 "another fleet" "$reeve" whoami
code 125 "your roster is of fleet" "$reeve" roster pin web1

# ---- lies about jobs and results: each has words, and the exit code 125 ----
while read -r what words; do
	begin "$what"
	code 125 "$words" "$reeve" run web1 backup
	hasnot err "web1: ok"
done <<'END'
run-id another id than the ticket
run-missing shows 0 hosts, its ticket has 1
job-id speaks of another
record-key not signed by the key that is pinned for web1
record-edited not signed by the key that is pinned for web1
record-sig not signed by the key that is pinned for web1
record-job the result is another job's
record-ticket for another ticket than this one
record-host another host's, web9
record-none has no signed result
output-bytes not the one that the host signed
output-crc is damaged
output-short is not whole
output-none is not whole
output-extra other bytes than the host signed
END
begin output-endless
code 125 "too much" "$reeve" run --limit output=4096 web1 backup
checks=$((checks + 1))
[ "$(wc -c <out)" -lt 20000000 ] || fail "$(wc -c <out) bytes were taken"
begin output-bytes
code 125 "LIES" "$reeve" ping web1
begin output-bytes
code 125 '"verdict":"lies"' "$reeve" run --json web1 backup
hasnot out '"end"'
begin ticket-id
first=$("$reeve" run --no-wait web1 backup)
"$reeve" run --no-wait web1 backup >/dev/null
code 125 "shows the ticket of" "$reeve" job show "$first"

# ---- trouble that is no lie ----
begin exit-3
code 3 "web1: exit 3" "$reeve" run web1 backup
begin exit-3 2
code 1 "web2: exit 3" "$reeve" run web1 web2 backup
begin signal
code 121 "signal" "$reeve" run web1 backup
begin refused
code 121 'policy\033[31m says no (the control plane' "$reeve" run web1 backup
hasnot err $'\033'
code 1 "refused" "$reeve" ping web1
begin break
code 0 "hello from web1" "$reeve" run web1 backup
has log "stream from 23"
begin big
code 0 "web1: ok" "$reeve" run web1 backup
checks=$((checks + 1))
[ "$(tr -dc x <out | wc -c)" -eq 1048576 ] || fail "1 MiB came as $(tr -dc x <out | wc -c)"
begin silent
code 124 "the job goes on: reeve job wait " "$reeve" run --timeout 1s web1 backup
code 1 "silent" "$reeve" ping web1
begin silent 40
mapfile -t many < <(sed -n 's/^host \([^ ]*\) .*/\1/p' roster)
code 124 "the job goes on" "$reeve" run --timeout 1s "${many[@]}" backup
begin none 100
mapfile -t many < <(sed -n 's/^host \([^ ]*\) .*/\1/p' roster)
code 0 "web100: hello from web100" "$reeve" run "${many[@]}" backup
checks=$((checks + 1))
[ "$(grep -c '^ticket' log)" -eq 2 ] || fail "100 hosts took $(grep -c '^ticket' log) tickets"
checks=$((checks + 1))
[ "$(grep -c ': hello from ' out)" -eq 100 ] || fail "$(grep -c ': hello from ' out) hosts said hello"

# ---- what is no control plane, or says no ----
begin html
code 4 "this is not a reeve control plane" "$reeve" whoami
begin no-field
code 4 "this is not a reeve control plane" "$reeve" whoami
begin garbage
code 4 "this is not a reeve control plane" "$reeve" whoami
begin error-unauthorized
code 5 "an admin makes another" "$reeve" whoami
hasnot err $'\033'
begin error-forbidden
code 5 "shows your role" "$reeve" host list
begin error-internal
code 5 "the log of reeve-ctld says more" "$reeve" host list
begin none
code 4 "TLS" env REEVE_CA="$dir/other-ca.pem" "$reeve" whoami
stop
code 4 "cannot be reached" "$reeve" whoami
port=$(sed -n 's/^port //p' log)
code 4 "cannot be reached" env REEVE_URL="https://nowhere.invalid:$port" "$reeve" whoami

# ---- configuration: what is loose is refused ----
lie=none
code 1 "https" env REEVE_URL=http://localhost:1 "$reeve" whoami
code 1 "48" env REEVE_TOKEN=3b7e0c1a9d2f4e5860718293a4b5c6d7 "$reeve" whoami
chmod 644 token
code 1 "token: mode 0644 lets others at the token; chmod 0600 it" "$reeve" whoami
chmod 600 token
chmod 666 roster
code 1 "lets others at whom tickets are made for" "$reeve" roster list
chmod 600 roster
chmod 620 reeve.conf
code 1 "lets others at what reeve trusts" "$reeve" whoami
chmod 600 reeve.conf
echo "uri https://x" >>reeve.conf
code 1 "reeve.conf:7" "$reeve" whoami
rm token
code 1 "there is no token" env -u REEVE_CONF REEVE_URL=https://localhost:1 REEVE_CA=ca.pem HOME="$dir" "$reeve" whoami

lie=end
echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
