#!/bin/bash
# The main job over the network: an operator's command, the control plane, netd, privd, execd, and back.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/net.bash"
site_up
host_up web1.example.net 10.66.0.2
script hello <<'S'
echo "hello $1"
echo oops >&2
exit 3
S
ctl reload >"$w/out" 2>&1 || fail "reload: $(cat "$w/out")"
no 3 "hello you" op run web1.example.net hello -- you
has "its standard error" "$w/err" oops
ok "ping" op ping web1.example.net
has "ping's table" "$w/out" web1.example.net

# an output stream that ends while its head is still on its way out: its end must not stay behind
late=0
for _ in $(seq 100); do
	timeout 5 "$BUILD/reeve" run -s "$w/t/other.sec" web1.example.net hello >"$w/out" 2>"$w/err"
	[ $? = 121 ] || late=$((late + 1))
done
is "refused jobs that were told of late" $late 0
has "why" "$w/err" "unknown key"
finish
