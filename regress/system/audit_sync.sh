#!/bin/bash
# The audit trail reaches the disk within a second or so, together, and at exit; not line by line, while every fact of
# the ledger is synced on its own.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
start || finish
cd "$w/t" || exit 1
strace -qq -y -o "$w/syncs" -e trace=fsync,fdatasync -p "$privd" 2>"$w/strace" &
tracer=$!
attached() { [ "$(awk '/^TracerPid:/ { print $2 }' "/proc/$privd/status")" != 0 ]; }
if ! within 10 attached; then
	cat "$w/strace"
	kill "$tracer" 2>/dev/null
	wait "$tracer"
	echo "skipped: strace cannot attach here"
	exit 77
fi
syncs() { grep -c "<$h/state/$1>" "$w/syncs"; }
some() { [ "$(syncs audit)" -gt "$1" ]; }

t0=${EPOCHREALTIME/./}
lines=$(wc -l <"$h/state/audit")
for i in 1 2 3 4 5 6 7 8; do
	ok "a ping" job "ping$i" agent.ping
done
soon "the trail is synced" some 0
secs=$(((${EPOCHREALTIME/./} - t0) / 1000000))
new=$(($(wc -l <"$h/state/audit") - lines))
checks=$((checks + 3))
[ $new -ge 16 ] || fail "eight jobs left $new audit lines"
[ "$(syncs audit)" -le $((secs + 1)) ] || fail "$new audit lines were synced $(syncs audit) times in $secs s"
[ "$(syncs ledger)" -ge 16 ] || fail "eight jobs synced the ledger $(syncs ledger) times"

# what waits at exit is not left behind
n=$(syncs audit)
ok "one more" job last agent.ping
stop
wait $tracer
some "$n" || fail "the trail was not synced at exit"
is "the last line" "$(tail -n 1 "$h/state/audit" | cut -d' ' -f1)" "event=agent.stop"
ok "it verifies" ctl audit verify "$h/state/audit"
finish
