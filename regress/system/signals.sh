#!/bin/bash
# Signals to reeve-privd, to executors and to tools: what each does, and what it must not do.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script stubborn <<S
trap '' TERM INT HUP
echo ran >>"$h/marks/stubborn"
while :; do sleep 0.1; done
S
script polite <<S
trap 'echo told; exit 5' TERM
echo ran >>"$h/marks/polite"
while :; do sleep 0.1; done
S
script children <<S
(trap '' TERM; setsid sleep 611) &
sleep 611 &
echo ran >>"$h/marks/children"
wait
S
script suicide <<'S'
kill -SEGV $$
S
start || finish
cd "$w/t" || exit 1
tools() { cat "$cg/$(id_of "$1")-0/tool/cgroup.procs" 2>/dev/null; }
sup() { head -n 1 "$cg/$(id_of "$1")-0/sup/cgroup.procs" 2>/dev/null; }

# ---- cancel ----

ticket polite script.run name=polite
ok "submit" submit polite
soon "it runs" test -s "$h/marks/polite"
ok "cancel" ctl cancel "$(id_of polite)"
no 1 "cancelled" ctl wait -o polite.result "$(id_of polite)"
has "its end" polite.result "end cancelled"
has "it was told first" "$w/out" told

ticket stubborn script.run name=stubborn
ok "submit" submit stubborn
soon "it runs" test -s "$h/marks/stubborn"
ticket cancel agent.cancel id="$(id_of stubborn)"
ok "cancel by a ticket" ctl submit -w cancel cancel.sig
no 1 "cancelled" ctl wait -o stubborn.result "$(id_of stubborn)"
has "its end" stubborn.result "end cancelled"

ticket children script.run name=children
ok "submit" submit children
soon "it runs" test -s "$h/marks/children"
pids=$(tools children)
ok "cancel" ctl cancel "$(id_of children)"
no 1 "cancelled" ctl wait "$(id_of children)"
for p in $pids; do
	checks=$((checks + 1))
	! kill -0 "$p" 2>/dev/null || fail "process $p of a cancelled job is alive"
done

ticket c1 script.run name=polite
ticket c2 script.run name=polite
ok "submit" submit c1
ok "submit" submit c2
ok "cancel a queued one" ctl cancel "$(id_of c2)"
no 1 "cancelled" ctl wait -o c2.result "$(id_of c2)"
has "its end" c2.result "end cancelled"
is "its step" "$(field c2.result step)" 0
soon "the other runs" tools c1
ok "cancel" ctl cancel "$(id_of c1)"
no 1 "cancelled" ctl wait "$(id_of c1)"
no 4 "finished" ctl cancel "$(id_of c1)"
no 4 "no such job" ctl cancel "$(newid)"

# ---- how a tool died ----

no 1 "signal" job suicide script.run name=suicide
is "its end" "$(end_of suicide.result)" "signal 11"

rm "$h/marks/stubborn"
ticket limit script.run name=stubborn --limit seconds=1
ok "submit" submit limit
no 1 "timeout" ctl wait -o limit.result "$(id_of limit)"
has "its end" limit.result "end timeout"

# ---- a supervisor killed from outside: unknown, its tool dies with it ----

rm "$h/marks/stubborn"
ticket orphan script.run name=stubborn
ok "submit" submit orphan
soon "it runs" test -s "$h/marks/stubborn"
pids=$(tools orphan)
kill -KILL "$(sup orphan)"
no 1 "unknown" ctl wait -o orphan.result "$(id_of orphan)"
has "its end" orphan.result "end unknown"
for p in $pids; do
	checks=$((checks + 1))
	! kill -0 "$p" 2>/dev/null || fail "process $p of a job without supervisor is alive"
done

# ---- privd: INT and TERM end it and leave jobs alone; USR1 and the like are not handled by it ----

rm "$h/marks/stubborn"
ticket keeps script.run name=stubborn
ok "submit" submit keeps
soon "it runs" test -s "$h/marks/stubborn"
pid=$(sup keeps)
stop
checks=$((checks + 1))
kill -0 "$pid" || fail "SIGTERM of reeve-privd ended an executor"
start || finish
kill -INT "$privd"
soon "SIGINT ends it" dead
privd=0
start || finish
ok "cancel" ctl cancel "$(id_of keeps)"
no 1 "cancelled" ctl wait "$(id_of keeps)"
stop
is "the socket is removed" "$(ls "$h/run")" ""
no 3 "control.sock" ctl status
finish
