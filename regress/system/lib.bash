# shellcheck shell=bash disable=SC2034
# What the system tests share: a host of the test's own, with its configuration, keys, state, run and
# cgroup directories, and users that need not be on this machine. A test begins with
#
#	. "$(dirname "$0")/lib.bash"
#	host_new
#
# and ends with "finish". It runs in mount and PID namespaces of its own (entered here), so that
# nothing of the machine changes and nothing is left behind. $h is the host's directory.
set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
BUILD=${BUILD:-$TOP/build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8 TOP BUILD
[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
if [ -z "${REEVE_SYSTEM_NS:-}" ]; then
	export REEVE_SYSTEM_NS=1
	exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" "$@"
fi
for p in reeve-privd reeve-execd reevectl reeve; do
	[ -x "$BUILD/$p" ] || { echo "$BUILD/$p: is not built"; exit 1; }
done

checks=0 bad=0 privd=0
pre=() # what runs reeve-privd: nothing, or an entry into another namespace
fleet=3b7e0c1a9d2f4e5860718293a4b5c6d7
host=5f0c2c9d8e7f40a1b2c3d4e5f6071829
name=web1.example.net

# ---- checks ----

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# ok WHAT COMMAND...: must exit 0; its output is in $w/out and $w/err
ok() {
	local what=$1 rc=0
	shift
	checks=$((checks + 1))
	"$@" >"$w/out" 2>"$w/err" </dev/null || rc=$?
	[ $rc -eq 0 ] || fail "$what: exit $rc: $(tail -n 5 "$w/err")"
}

# no CODE WORDS COMMAND...: must exit CODE and say WORDS
no() {
	local code=$1 words=$2 rc=0
	shift 2
	checks=$((checks + 1))
	"$@" >"$w/out" 2>"$w/err" </dev/null || rc=$?
	[ $rc -eq "$code" ] || fail "$*: exit $rc, not $code: $(cat "$w/err")"
	cat "$w/out" "$w/err" | grep -qF -- "$words" || fail "$*: said \"$(cat "$w/out" "$w/err")\", not \"$words\""
}

# is WHAT A B: must be equal
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""
}

# has WHAT FILE WORDS: the file must hold the words
has() {
	checks=$((checks + 1))
	grep -qF -- "$3" "$2" || fail "$1: no \"$3\" in $2: $(tail -n 5 "$2")"
}

# hasnot WHAT FILE WORDS
hasnot() {
	checks=$((checks + 1))
	! grep -qF -- "$3" "$2" || fail "$1: \"$3\" is in $2"
}

# within SECONDS COMMAND...: polls until it succeeds; 1 when the time is over
within() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		read -rt 0.02 <> <(:)
	done
	return 0
}

# soon WHAT COMMAND...: must become true within 20 s
soon() {
	local what=$1
	shift
	checks=$((checks + 1))
	within 20 "$@" || fail "$what: not within 20 s: $*"
}

finish() {
	echo "$(basename "$0"): $checks checks, $bad failed"
	[ $checks -gt 0 ] && [ $bad -eq 0 ]
	exit
}

# ---- the host ----

users_make() {
	mkdir -p "$w/users/etc"
	cp /etc/passwd /etc/group "$w/users/etc/"
	"$TOP/etc/mkusers" "$w/users"
	# a group to look with, and one of its members
	grep -q '^reevelook:' "$w/users/etc/group" || echo "reevelook:x:64990:" >>"$w/users/etc/group"
	mount --bind "$w/users/etc/passwd" /etc/passwd
	mount --bind "$w/users/etc/group" /etc/group
}

cgroup_make() {
	local mnt
	mnt=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	if [ -z "$mnt" ]; then
		mkdir -p "$w/cg"
		mount -t cgroup2 cgroup2 "$w/cg" || { echo "skipped: this kernel has no cgroup2"; exit 77; }
		mnt=$w/cg
	fi
	cg=$mnt/reeve-test-$$-$RANDOM
	mkdir "$cg"
}

cgroup_gone() {
	local d
	for d in "$cg"/*/; do
		[ ! -e "$d/cgroup.kill" ] || echo 1 >"$d/cgroup.kill"
	done
	find "$cg" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$cg" ]
}

cleanup() {
	[ "$privd" = 0 ] || kill -KILL "$privd" 2>/dev/null
	[ -z "${cg:-}" ] || within 10 cgroup_gone || echo "cgroup $cg stays" >&2
	if [ "$bad" -ne 0 ] && [ -s "$h/log" ]; then
		echo "---- the end of reeve-privd's log:" >&2
		tail -n 40 "$h/log" >&2
	fi
	! mountpoint -q "$w/cg" || umount "$w/cg"
	rm -rf --one-file-system "$w"
}

agent_conf() {
	cat >"$h/etc/agent.conf" <<-EOF
		fleet $fleet
		host $host $name
		script-dirs $h/scripts
		state-dir $h/state
		run-dir $h/run
		libexec-dir $h/libexec
		cgroup-dir $cg
	EOF
}

policy_conf() {
	cat >"$h/etc/policy.conf" <<-EOF
		[key ops]
		file keys/ops.pub
		role operator
		holder ops-1
		allow agent.* agent.cancel agent.reload pkg.list
		allow script.run:*
	EOF
}

# script NAME [OPTIONS]: lists a script whose body is on standard input
script() {
	local n=$1
	shift
	{ echo '#!/bin/sh'; cat; } >"$h/scripts/$n"
	chmod 755 "$h/scripts/$n"
	echo "$n = $h/scripts/$n write=$h/marks $*" >>"$h/etc/scripts.conf"
}

work_new() {
	w=$(mktemp -d "${T:-/var/lib}/reeve-system.XXXXXX") || exit 1
	chmod 755 "$w"
	trap cleanup EXIT
	mkdir -m 755 "$w/t"
	users_make
	cgroup_make
	(cd "$w/t" && "$BUILD/reeve" key new -c "operator" ops && "$BUILD/reeve" key new -c "stranger" other) >/dev/null ||
	    { echo "reeve key new failed"; exit 1; }
}

# the directories of the host $h
host_dirs() {
	mkdir -m 755 "$h" "$h/etc" "$h/etc/keys" "$h/run" "$h/libexec" "$h/scripts"
	mkdir -m 1777 "$h/marks" # where scripts say that they ran
	cp "${REEVE_EXECD:-$BUILD/reeve-execd}" "$h/libexec/reeve-execd"
	install -m 644 "$w/t/ops.pub" "$h/etc/keys/ops.pub"
}

host_new() {
	work_new
	h=$w/host
	host_dirs
	agent_conf
	policy_conf
	: >"$h/etc/scripts.conf"
}

alive() { [ "$privd" != 0 ] && kill -0 "$privd" 2>/dev/null; }
dead() { ! alive; }
answers() { "$BUILD/reevectl" -s "$h/run/control.sock" status; }
up_or_dead() { dead || answers; }

# start [VARIABLE=VALUE...]: in the foreground, until it answers
start() {
	# the sanitizers' run-time wants its files
	env "$@" "${pre[@]}" "$BUILD/reeve-privd" -d -v -f "$h/etc/agent.conf" >>"$h/log" 2>&1 </dev/null &
	privd=$!
	within 20 up_or_dead || fail "reeve-privd neither starts nor ends"
	alive || { fail "reeve-privd does not start: $(tail -n 3 "$h/log")"; return 1; }
}

# stop: as a service manager does
stop() {
	local rc=0
	kill -TERM "$privd" || fail "reeve-privd was dead before it was stopped"
	within 20 dead || fail "reeve-privd does not stop"
	wait "$privd" || rc=$?
	is "exit status on SIGTERM" "$rc" 0
	privd=0
}

# crash: kill -9
crash() {
	kill -KILL "$privd"
	wait "$privd" 2>/dev/null
	privd=0
}

ctl() { timeout 60 "$BUILD/reevectl" -s "$h/run/control.sock" "$@"; }

# ---- tickets ----

# ticket FILE KIND ARG...: for this host, signed by ops; the signature is FILE.sig
ticket() {
	local f=$1 k=$2
	shift 2
	"$BUILD/reeve" ticket new "$k" --fleet $fleet --host "$host:$name" --requester ops-1 -o "$f" "$@" &&
	    sign "$f" ops
}

# sign FILE KEY: FILE.sig
sign() { "$BUILD/reeve" sign -s "$w/t/$2.sec" -x "$1.sig" "$1" >/dev/null; }

# signraw FILE: signed by ops whatever it is; reeve itself refuses to sign what is not a ticket
signraw() { signify-openbsd -S -s "$w/t/ops.sec" -m "$1" -x "$1.sig" >/dev/null; }

id_of() { sed -n 's/^id //p' "$1"; }
newid() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
now() { date +%s; }

# job FILE KIND ARG...: makes, submits and waits; stdout in $w/out, the record in FILE.result
job() {
	local f=$1
	ticket "$@" || return 1
	ctl submit -o "$f.result" "$f" "$f.sig"
}

# submit FILE: "accepted ID" and the like
submit() { ctl submit "$1" "$1.sig"; }

# end_of FILE.result: how it ended
end_of() { sed -n 's/^end //p' "$1"; }

# field FILE NAME: a line's value
field() { sed -n "s/^$2 //p" "$1"; }

# verified FILE.result: signed by this host's result key
verified() { "$BUILD/reeve" verify -p "$h/state/result.pub" "$1" "$1.sig"; }
