# shellcheck shell=bash disable=SC2034,SC2154
# What the system tests of the network share: a real site (reeve-ctld and reeve-sign) and real hosts (reeve-privd with
# its netd and dial), each in a network namespace of its own on one bridge. A test begins with
#
#	. "$(dirname "$0")/net.bash"
#	site_up
#	host_up web1.example.net 10.66.0.2
#
# and ends with "finish". The control host is 10.66.0.1. The test itself, in the namespace of the bridge, is the
# operator: op VERB... is `reeve VERB...`. $h, $host, $name, $privd are the host's that was used last (use NAME).
if [ -z "${REEVE_NET_NS:-}" ]; then
	export REEVE_NET_NS=1
	exec unshare --net "$0" "$@"
fi
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
for p in reeve-netd reeve-dial reeve-ctld reeve-sign; do
	[ -x "$BUILD/$p" ] || { echo "$BUILD/$p: is not built"; exit 1; }
done
ctld=0 signd=0
url=https://10.66.0.1:7440
declare -A hpid=() hid=()
export NO_COLOR=1

# ---- namespaces ----

# in_ns NAME CMD...: waits for it; what runs on needs a pid of its own: nsenter itself
in_ns() {
	local n=$1
	shift
	nsenter "--net=$w/ns-$n" -- "$@"
}

# netns_new NAME ADDRESS: a namespace on a wire to the bridge
netns_new() {
	: >"$w/ns-$1"
	unshare "--net=$w/ns-$1" true || { echo "skipped: no network namespaces"; exit 77; }
	in_ns "$1" ip link set lo up
	ip link add "v$wires" type veth peer name eth0 netns "$w/ns-$1"
	ip link set "v$wires" master br0 up
	in_ns "$1" ip addr add "$2/24" dev eth0
	in_ns "$1" ip link set eth0 up
	wire[$1]=v$wires
	wires=$((wires + 1))
}
declare -A wire=()
wires=0

# cut NAME, mend NAME: its wire
cut_wire() { ip link set "${wire[$1]}" down; }
mend_wire() { ip link set "${wire[$1]}" up; }

# ---- the site ----

net_cleanup() {
	local p
	for p in $ctld $signd "${hpid[@]}"; do
		[ "$p" = 0 ] || { kill -KILL "$p" && wait "$p"; } 2>/dev/null
	done
	if [ "$bad" -ne 0 ] && [ -s "$w/site.log" ]; then
		echo "---- the end of the log of reeve-ctld and reeve-sign:" >&2
		tail -n 40 "$w/site.log" >&2
	fi
	for p in "$w"/ns-*; do
		umount "$p"
	done
	cleanup
}

# site_up [CTLD.CONF LINE]...
site_up() {
	work_new
	trap net_cleanup EXIT
	h=$w
	ip link set lo up
	ip link add br0 type bridge
	ip addr add 10.66.0.254/24 dev br0
	ip link set br0 up
	netns_new ctl 10.66.0.1
	s=$w/site
	mkdir -m 755 "$s" "$s/run"
	cp "$BUILD/reeve-sign" "$s/reeve-sign"
	"$BUILD/reeve-ctld" init --url "$url" --etc "$s/etc" --state "$s/state" --sign-state "$s/sign" \
	    --sign-socket "$s/run/sign.sock" --sign-prog "$s/reeve-sign" >"$w/init" 2>&1 ||
	    { echo "reeve-ctld init: $(cat "$w/init")"; exit 1; }
	printf '%s\n' "$@" >>"$s/etc/ctld.conf"
	(umask 077; grep -oE '\b[0-9a-f]{48}\b' "$w/init" | head -n 1 >"$w/token")
	cp "$s/sign/ca.crt" "$w/ca.crt"
	fleet=$(sed -n 's/^fleet //p' "$s/state/site")
	cat >"$w/reeve.conf" <<-EOF
		url $url
		ca $w/ca.crt
		token-file $w/token
		key $w/t/ops.sec
		roster $w/roster
		requester ops-1
	EOF
	export REEVE_CONF=$w/reeve.conf
	unset REEVE_URL REEVE_CA REEVE_TOKEN REEVE_KEY REEVE_ROSTER
	sign_start
	ctld_start
}

sign_start() {
	nsenter "--net=$w/ns-ctl" -- "$s/reeve-sign" -d -D "$s/sign" -s "$s/run/sign.sock" >>"$w/site.log" 2>&1 </dev/null &
	signd=$!
	soon "reeve-sign listens" test -S "$s/run/sign.sock"
}
ctld_dead() { ! kill -0 "$ctld" 2>/dev/null; }
ctld_there() { ctld_dead || op whoami; }
ctld_start() {
	nsenter "--net=$w/ns-ctl" -- "$BUILD/reeve-ctld" -d -v -f "$s/etc/ctld.conf" >>"$w/site.log" 2>&1 </dev/null &
	ctld=$!
	within 20 ctld_there || fail "reeve-ctld neither answers nor ends"
	! ctld_dead || { fail "reeve-ctld does not start: $(tail -n 3 "$w/site.log")"; finish; }
}
# site_crash: kill -9 of both
site_crash() {
	kill -KILL "$ctld" "$signd"
	wait "$ctld" "$signd" 2>/dev/null
	ctld=0 signd=0
}
site_stop() {
	local rc=0
	kill -TERM "$ctld" || fail "reeve-ctld was dead before it was stopped"
	wait "$ctld" || rc=$?
	is "reeve-ctld's exit status on SIGTERM" $rc 0
	kill -TERM "$signd" || fail "reeve-sign was dead before it was stopped"
	rc=0
	wait "$signd" || rc=$?
	is "reeve-sign's exit status on SIGTERM" $rc 0
	ctld=0 signd=0
}

op() { timeout 60 "$BUILD/reeve" "$@"; }

# ---- hosts ----

# host_make NAME ADDRESS: a host that has not been enrolled; its reeve-privd runs
host_make() {
	name=$1
	h=$w/$1
	mkdir -p "$w/$1-ns"
	netns_new "$1" "$2"
	host_dirs
	cp "$BUILD/reeve-netd" "$BUILD/reeve-dial" "$h/libexec/"
	cat >"$h/etc/agent.conf" <<-EOF
		hostname $name
		script-dirs $h/scripts
		state-dir $h/state
		run-dir $h/run
		libexec-dir $h/libexec
		cgroup-dir $cg/$name
		heartbeat 1
	EOF
	mkdir "$cg/$name"
	policy_conf
	: >"$h/etc/scripts.conf"
	# shellcheck disable=SC2119
	host_start
}

# host_start [VARIABLE=VALUE...]: the present host's agent
# shellcheck disable=SC2120
host_start() {
	pre=(nsenter "--net=$w/ns-$name" --)
	start "$@"
	hpid[$name]=$privd
}
host_stop() { stop; hpid[$name]=0; }
host_crash() { crash; hpid[$name]=0; }

# use NAME: the host that $h and the others speak of
use() {
	name=$1 h=$w/$1 host=${hid[$1]:-} privd=${hpid[$1]}
	pre=(nsenter "--net=$w/ns-$name" --)
}

# enroll TOKEN-FILE [OPTION...]: the present host
enroll() {
	local t=$1
	shift
	in_ns "$name" timeout 60 "$BUILD/reevectl" -s "$h/run/control.sock" enroll -f "$h/etc/agent.conf" "$@" "$t"
}

# state_is NAME STATE: as the control plane says
state_is() { [ "$(op host list --json | tr '{' '\n' | grep "\"name\":\"$1\"" | sed 's/.*"state":"\([a-z]*\)".*/\1/')" = "$2" ]; }

# host_up NAME ADDRESS: made, added, enrolled, pinned, online
host_up() {
	host_make "$1" "$2"
	op host add "$1" --allow any >"$w/added" 2>"$w/err" || { fail "host add: $(cat "$w/err")"; finish; }
	grep -o 'reeve1,[^ ]*' "$w/added" >"$w/$1.token"
	enroll "$w/$1.token" >"$w/out" 2>&1 || { fail "enroll: $(cat "$w/out")"; finish; }
	host=$(sed -n 's/^host \([0-9a-f]*\) .*/\1/p' "$h/etc/agent.conf")
	hid[$1]=$host
	ctl reload >"$w/out" 2>&1 || fail "reload: $(cat "$w/out")"
	op roster pin --fingerprint "$(ctl fingerprint | grep -oE '[a-z2-7]{4}(-[a-z2-7]{4}){4}')" "$1" >"$w/out" 2>&1 ||
	    fail "roster pin: $(cat "$w/out")"
	soon "$1 is online" state_is "$1" online
}
