#!/bin/bash
# reevectl without an agent: what each verb takes, what a wrong command line and an absent agent answer.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
ctl=$build/reevectl
[ -x "$ctl" ] || { echo "$ctl: is not built"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# try CODE WORDS COMMAND...: must exit CODE, and say WORDS on stdout (CODE 0) or stderr
try() {
	local code=$1 words=$2 rc=0 said=err
	shift 2
	checks=$((checks + 1))
	"$@" >out 2>err </dev/null || rc=$?
	[ "$code" != 0 ] || said=out
	[ $rc -eq "$code" ] || fail "$*: exit $rc, not $code: $(cat out err)"
	grep -qF -- "$words" $said || fail "$*: said \"$(cat out err)\", not \"$words\""
	[ "$code" = 0 ] || [ ! -s out ] || fail "$*: an error on standard output: $(cat out)"
}

# a row for each verb: its usage; the verbs that --help lists are exactly these
usages='submit [-w] [-k] [-o FILE] [-b BLOB]... TICKET SIG...
jobs
show [-o FILE] ID
wait [-k] [-o FILE] ID
cancel ID
status
reload
check [-f FILE]
self-test
policy test TICKET [SIG...]
trust FILE SIG...
fingerprint
audit verify [-k KEY] FILE...
enroll [-f FILE] [-n SERVER] [--hostname NAME] TOKEN|FILE|-'
try 0 'usage: reevectl [-V] [-s SOCKET] [--json] VERB [ARG...]' "$ctl" --help
listed=$(sed -n 's/^  \([a-z-]*\) .*/\1/p' out)
checks=$((checks + 1))
[ "$listed" = "$(cut -d' ' -f1 <<<"$usages")" ] || fail "the verbs that --help lists: $listed"
while IFS= read -r u; do
	v=${u%% *}
	for h in --help -h; do
		try 0 "usage: reevectl $u" "$ctl" "$v" $h
		checks=$((checks + 1))
		[ "$(head -n 1 out)" = "usage: reevectl $u" ] || fail "$v $h: $(head -n 1 out)"
		[ "$(wc -l <out)" -ge 3 ] || fail "$v $h does not say what it does"
	done
	grep -q "^\.It Ic $v\( \|\$\)" "$top/man/reevectl.8" || fail "$v is not in reevectl(8)"
done <<<"$usages"

try 0 "reevectl $(cat "$top/VERSION")" "$ctl" -V
try 0 "reevectl " "$ctl" --version
try 2 "usage: reevectl" "$ctl"
try 2 "frobnicate: no such verb" "$ctl" frobnicate
try 2 "--help" "$ctl" frobnicate --help
try 2 "invalid option" "$ctl" -x
try 2 "requires an argument" "$ctl" -s

# ---- wrong arguments are told before the agent is asked ----
for v in submit show wait cancel policy audit "policy test" "audit verify" "audit check x" "policy allow x"; do
	# shellcheck disable=SC2086 # words
	try 2 "usage: reevectl ${v%% *} " "$ctl" $v
done
for v in jobs status reload self-test fingerprint; do
	try 2 "usage: reevectl $v" "$ctl" $v surplus
done
try 2 "usage: reevectl check" "$ctl" check surplus
for v in submit show wait check "audit verify"; do
	# shellcheck disable=SC2086
	try 2 "usage: reevectl ${v%% *}" "$ctl" $v -Z
done
id=9f86d081884c7d659a2feaa0c55ad015
for v in show wait cancel; do
	for badid in x "" "${id%?}" "${id}0" "${id^^}" "0x${id#??}" "../../../../../etc/passwd/x" "-$id"; do
		[ "$badid" != "-$id" ] || [ $v != cancel ] || continue
		checks=$((checks + 1))
		"$ctl" $v "$badid" >out 2>err
		rc=$?
		[ $rc -eq 2 ] || fail "$v \"$badid\": exit $rc: $(cat out err)"
	done
	try 2 "$id $id: not a job id" "$ctl" $v "$id $id"
	try 2 "usage: reevectl $v" "$ctl" $v $id $id
done

# ---- no agent ----
none=$dir/none.sock
for v in jobs "show $id" "wait $id" "cancel $id" status reload self-test fingerprint; do
	for json in "" --json; do
		# shellcheck disable=SC2086
		try 3 "$none: No such file or directory" "$ctl" -s "$none" $v $json
		grep -qF "is reeve-privd running?" err || fail "$v: no hint without an agent"
	done
done
printf 'reeve-job 1\n' >t
if ! { "$build/reeve" key new k && "$build/reeve" ticket new agent.ping --fleet $id --host "$id:h" --requester me -o ping &&
    "$build/reeve" sign -s k.sec -x ping.sig ping; } >/dev/null; then
	fail "no ticket to submit"
fi
try 3 "$none: No such file or directory" "$ctl" -s "$none" submit ping ping.sig
try 3 "is reeve-privd running?" "$ctl" -s "$none" policy test ping ping.sig
# a socket that nobody listens at
python3 -c 'import socket,sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' stale.sock
try 3 "Connection refused" "$ctl" -s stale.sock status
grep -qF "is reeve-privd running?" err || fail "no hint at a stale socket"
: >file.sock
try 3 "file.sock" "$ctl" -s file.sock status
try 3 "File name too long" "$ctl" -s "$(printf '%0200d' 0)" status
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$dir"
	cp "$ctl" other
	mkdir -m 700 shut
	try 3 "for root and the admin-group" setpriv --reuid 65534 --regid 65534 --clear-groups ./other -s shut/x.sock status
fi

# ---- completion ----
checks=$((checks + 1))
"$ctl" --completion | cmp - "$top/etc/completions/reevectl" || fail "etc/completions/reevectl is not what reevectl --completion prints"

# ---- files ----
try 3 "nosuch: No such file or directory" "$ctl" submit nosuch ping.sig
try 3 "nosuch: No such file or directory" "$ctl" submit ping nosuch
try 3 "nosuch: No such file or directory" "$ctl" submit -b nosuch ping ping.sig
try 3 "ping" "$ctl" submit ping ping
try 2 "1 -b files for 0 blobs" "$ctl" submit -b t ping ping.sig
try 3 "big" sh -c "head -c 20000 /dev/zero >big; exec '$ctl' submit big ping.sig"
try 3 "." "$ctl" submit . ping.sig
mkfifo pipe
try 3 "pipe" timeout 5 "$ctl" submit pipe ping.sig

echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
