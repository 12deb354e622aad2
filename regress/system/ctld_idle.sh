#!/bin/bash
# Attack 10k-idle: connections by mutual TLS that hold on and say nothing. Each costs 32 KiB at most, and who comes
# besides is answered at once. A thousand of them here; REEVE_IDLE=10000 tries them all.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
many=${REEVE_IDLE:-1000}
ulimit -n "$(ulimit -Hn)"
[ "$(ulimit -n)" -ge $((many + 200)) ] || { echo "skipped: too few descriptors for $many connections"; exit 77; }

anon() { awk '/^RssAnon:/ { print $2 }' "/proc/$ctld/status"; }
conns() { find "/proc/$ctld/fd" -lname 'socket:*' | wc -l; }
ok "it is warm" healthy
before=$(anon)
base=$(conns)
mkfifo "$w/hold"
"$BUILD/regress/unit/ctld_client" idle "$w/a1.crt" "$w/a1.key" "$many" <"$w/hold" >"$w/idle" 2>&1 &
exec 8>"$w/hold"
within 180 grep -q ready "$w/idle" || fail "no $many connections: $(cat "$w/idle")"
is "all of them are there" "$([ "$(conns)" -ge $((base + many)) ] && echo yes)" yes
each=$((($(anon) - before) * 1024 / many))
is "memory of each: $each bytes" "$([ $each -le 32768 ] && echo yes)" yes
t0=${EPOCHREALTIME/./}
ok "another is answered" healthy
is "at once: $((${EPOCHREALTIME/./} - t0)) us" "$([ $((${EPOCHREALTIME/./} - t0)) -lt 1000000 ] && echo yes)" yes
exec 8>&-
gone() { [ "$(conns)" -le "$base" ]; }
soon "they go" gone
echo "$many connections: $each bytes each"
finish
