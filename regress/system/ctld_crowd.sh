#!/bin/bash
# Attack crowd: strangers hold every connection that ctld has; a host and an operator get in all the same.
# regress: timeout 120
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
# 172 connections: what is left beside the descriptors for files
ulimit -Sn 300
ulimit -Hn 300
site_up
agent_new 1 web1.example.net
mkfifo "$w/hold"
"$BUILD/regress/unit/ctld_client" idle "$w/a1.crt" "$w/a1.key" 172 <"$w/hold" >"$w/idle" 2>&1 &
exec 8>"$w/hold"
conns() { find "/proc/$ctld/fd" -lname 'socket:*' | wc -l; }
full() { [ "$(conns)" -ge 170 ]; }
within 60 grep -q ready "$w/idle" || fail "only $(conns) connections"
for i in 1 2 3; do
	agent 1 POST /claim -d '{"free":1,"kinds":[]}'
	status "a host gets in, $i" 204
	op GET /v1/whoami
	status "an operator gets in, $i" 200
done
ok "there are as many as before" full
exec 8>&-
finish
