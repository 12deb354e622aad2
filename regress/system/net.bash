# shellcheck shell=bash disable=SC2034,SC2154
# What the system tests of the network share: a site (reeve-ctld, reeve-sign) and hosts, each in a network
# namespace of its own, joined by a wire through a bridge. A test begins with
#
#	. "$(dirname "$0")/net.bash"
#	net_new
#	site_new
#	host_new; host_enroll; start
#
# and ends with "finish". The control host is 10.66.0.1, hosts are 10.66.0.2 and up. $s is the site's directory.
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
for p in reeve-netd reeve-dial reeve-ctld reeve-sign; do
	[ -x "$BUILD/$p" ] || { echo "$BUILD/$p: is not built"; exit 1; }
done
ctld=0 sign=0
url=https://10.66.0.1:7440

# netns_new NAME ADDRESS: a namespace with a wire to the bridge
netns_new() {
	: >"$w/ns-$1"
	unshare --net="$w/ns-$1" true || { echo "skipped: no network namespaces"; exit 77; }
	in_ns "$1" ip link set lo up
	ip link add "v-$1" type veth peer name eth0 netns "$w/ns-$1"
	ip link set "v-$1" master br0 up
	in_ns "$1" ip addr add "$2/24" dev eth0
	in_ns "$1" ip link set eth0 up
}

# in_ns NAME CMD...
in_ns() {
	local n=$1
	shift
	nsenter "--net=$w/ns-$n" -- "$@"
}

# cut NAME / mend NAME: its wire
cut_wire() { ip link set "v-$1" down; }
mend_wire() { ip link set "v-$1" up; }

# net_new: the bridge in the test's own namespace, and the control host's. The test itself is the operator's machine.
net_new() {
	w=$(mktemp -d "${T:-/var/lib}/reeve-system.XXXXXX") || exit 1
	chmod 755 "$w"
	trap net_cleanup EXIT
	ip link set lo up
	ip link add br0 type bridge
	ip addr add 10.66.0.254/24 dev br0
	ip link set br0 up
	netns_new ctl 10.66.0.1
	users_make
	s=$w/site
	mkdir -m 755 "$s" "$w/t"
}

net_cleanup() {
	local p
	for p in $ctld $sign ${agents[*]:-}; do
		[ "$p" = 0 ] || kill -KILL "$p" 2>/dev/null
	done
	if [ "$bad" -ne 0 ] && [ -s "$s/log" ]; then
		echo "---- the end of reeve-ctld's and reeve-sign's log:" >&2
		tail -n 40 "$s/log" >&2
	fi
	cleanup
}
