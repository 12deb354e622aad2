#!/bin/bash
# A host without cgroup2: refused, unless agent.conf says "below-minimum yes". Then kinds with a PID namespace of their
# own run, are found again after a restart and can be cancelled; the others are refused. The one test of the word.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
sed -i 's/^allow agent/allow pkg.refresh agent/' "$h/etc/policy.conf"
sed -i '/^cgroup-dir/d' "$h/etc/agent.conf"
script waits <<S
echo ran >>"$h/marks/waits"
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
exit 4
S
cd "$w/t" || exit 1
rmdir "$cg"
cg=
# this mount namespace alone loses the hierarchy
while read -r mnt; do umount "$mnt"; done < <(awk '$3 == "cgroup2" { print $2 }' /proc/mounts)
is "cgroup2 is hidden" "$(grep -c cgroup2 /proc/mounts)" 0

no 1 "cgroup2" timeout 20 "$BUILD/reeve-privd" -d -f "$h/etc/agent.conf"
echo "below-minimum yes" >>"$h/etc/agent.conf"
start || finish
has "the log" "$h/log" "below the minimum"
ok "facts" job facts agent.facts
ticket apt pkg.refresh
no 4 "cgroup2" submit apt

ticket waits script.run name=waits
ok "submit" submit waits
soon "it runs" test -s "$h/marks/waits"
crash
start || finish
ok "jobs" ctl jobs
has "it is found again" "$w/out" running
touch "$h/marks/go"
no 1 "exit 4" ctl wait -o waits.result "$(id_of waits)"
is "it ran once" "$(wc -l <"$h/marks/waits")" 1

rm "$h/marks/go" "$h/marks/waits"
ticket cancelled script.run name=waits
ok "submit" submit cancelled
soon "it runs" test -s "$h/marks/waits"
crash
start || finish
ok "cancel" ctl cancel "$(id_of cancelled)"
no 1 "cancelled" ctl wait -o cancelled.result "$(id_of cancelled)"

rm "$h/marks/waits"
ticket lost script.run name=waits
ok "submit" submit lost
soon "it runs" test -s "$h/marks/waits"
crash
for p in /proc/[0-9]*; do
	[ "$(readlink "$p/exe")" = "$h/libexec/reeve-execd" ] && kill -KILL "${p#/proc/}"
done
start || finish
no 1 "unknown" ctl wait -o lost.result "$(id_of lost)"
has "its end" lost.result "end unknown"
stop
finish
