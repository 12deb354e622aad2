#!/bin/bash
# kill -9 of reeve-privd while jobs run, wait in the queue, or are between two words of the ledger: after the restart
# each job has run once, and its result says what happened.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script slow parallel=1 <<S
echo started
echo ran >>"$h/marks/slow"
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
echo ended
exit 7
S
script quick <<S
echo ran >>"$h/marks/quick"
S
script endless <<S
echo ran >>"$h/marks/endless"
exec sleep 600
S
start || finish
cd "$w/t" || exit 1

# ---- a running script is found again ----

ticket slow script.run name=slow
ok "submit" submit slow
ticket queued script.run name=slow
ok "submit a second one" submit queued
soon "the script runs" test -s "$h/marks/slow"
crash
start || finish
ok "jobs after the restart" ctl jobs
has "jobs after the restart" "$w/out" running
has "jobs after the restart" "$w/out" queued
no 4 "no such job" ctl cancel "$(newid)"
ok "the same ticket" submit slow
has "the same ticket" "$w/out" "known $(id_of slow) running"
touch "$h/marks/go"
no 1 "ended" ctl wait -o slow.result "$(id_of slow)"
has "output from before the restart" "$w/out" started
is "its end" "$(end_of slow.result)" "exit 7"
ok "its result verifies" verified slow.result
no 1 "ended" ctl wait -o queued.result "$(id_of queued)"
is "each ran once" "$(wc -l <"$h/marks/slow")" 2

# ---- one that ended while nobody watched ----

rm "$h/marks/go" "$h/marks/slow"
ticket alone script.run name=slow
ok "submit" submit alone
soon "the script runs" test -s "$h/marks/slow"
crash
touch "$h/marks/go"
empty() { ! grep -q 'populated 1' "$cg"/*-0/cgroup.events; }
soon "the script ends without privd" empty
start || finish
no 1 "ended" ctl wait -o alone.result "$(id_of alone)"
is "its end" "$(end_of alone.result)" "exit 7"
is "it ran once" "$(wc -l <"$h/marks/slow")" 1

# ---- one whose supervisor was killed while nobody watched: unknown, and not again ----

rm "$h/marks/go" "$h/marks/slow"
ticket lost script.run name=slow
ok "submit" submit lost
soon "the script runs" test -s "$h/marks/slow"
crash
for c in "$cg"/*-0; do echo 1 >"$c/cgroup.kill"; done
start || finish
no 1 "unknown" ctl wait -o lost.result "$(id_of lost)"
has "its end" lost.result "end unknown"
is "it ran once" "$(wc -l <"$h/marks/slow")" 1
touch "$h/marks/go"

# ---- after a reboot there is no cgroup left: what was started does not start again, whatever is known of it ----

cgroups_gone() {
	find "$cg" -mindepth 1 -depth -type d -exec rmdir {} \; 2>/dev/null
	[ -z "$(find "$cg" -mindepth 1 -type d)" ]
}
rm "$h/marks/go" "$h/marks/slow"
ticket rebooted script.run name=slow
ok "submit" submit rebooted
soon "the script runs" test -s "$h/marks/slow"
crash
for c in "$cg"/*-0; do echo 1 >"$c/cgroup.kill"; done
soon "its cgroup goes" cgroups_gone
touch "$h/marks/go"
start || finish
no 1 "unknown" ctl wait -o rebooted.result "$(id_of rebooted)"
has "its end" rebooted.result "end unknown"
is "it ran once" "$(wc -l <"$h/marks/slow")" 1

rm "$h/marks/go" "$h/marks/slow"
ticket halted script.run name=slow
ok "submit" submit halted
soon "the script runs" test -s "$h/marks/slow"
crash
touch "$h/marks/go"
soon "the script ends without privd" empty
soon "its cgroup goes" cgroups_gone
start || finish
no 1 "ended" ctl wait -o halted.result "$(id_of halted)"
is "its end" "$(end_of halted.result)" "exit 7"
is "it ran once" "$(wc -l <"$h/marks/slow")" 1

# ---- cancel after a restart ----

ticket endless script.run name=endless
ok "submit" submit endless
soon "it runs" test -s "$h/marks/endless"
crash
start || finish
ok "cancel" ctl cancel "$(id_of endless)"
no 1 "cancelled" ctl wait -o endless.result "$(id_of endless)"
has "its end" endless.result "end cancelled"

# ---- the time limit goes on over a restart ----

ticket timed script.run name=endless --limit seconds=2
rm "$h/marks/endless"
ok "submit" submit timed
soon "it runs" test -s "$h/marks/endless"
crash
start || finish
no 1 "timeout" ctl wait -o timed.result "$(id_of timed)"
has "its end" timed.result "end timeout"

# ---- a result that nobody fetched survives; SIGTERM leaves running jobs alone ----

ticket kept script.run name=quick
ok "submit" submit kept
finished() { ctl jobs | grep "$(id_of kept)" | grep -q finished; }
soon "it is finished" finished
rm -f "$h/marks/go" "$h/marks/slow"
ticket over script.run name=slow
ok "submit" submit over
soon "the script runs" test -s "$h/marks/slow"
stop
start || finish
touch "$h/marks/go"
no 1 "ended" ctl wait -o over.result "$(id_of over)"
is "its end" "$(end_of over.result)" "exit 7"
is "it ran once" "$(wc -l <"$h/marks/slow")" 1
ok "the kept result" ctl wait -o kept.result "$(id_of kept)"
is "it ran once" "$(wc -l <"$h/marks/quick")" 1

# ---- accepted, not started, and too late after the restart ----

rm -f "$h/marks/go" "$h/marks/slow"
ticket blocker script.run name=slow
ok "submit" submit blocker
soon "the script runs" test -s "$h/marks/slow"
ticket late script.run name=slow --valid 2
ok "submit" submit late
ticket barred script.run name=slow
ok "submit" submit barred
crash
sed -i 's/script.run:\*/script.run:quick/' "$h/etc/policy.conf"
past() { [ "$(now)" -gt "$(field late notafter)" ]; }
soon "its window is over" past
start || finish
touch "$h/marks/go"
no 1 "ended" ctl wait "$(id_of blocker)"
no 1 "expired" ctl wait -o late.result "$(id_of late)"
has "its end" late.result "end expired"
no 1 "refused" ctl wait -o barred.result "$(id_of barred)"
has "its end" barred.result "end refused"
is "neither ran" "$(wc -l <"$h/marks/slow")" 1
stop
is "cgroups that are left" "$(find "$cg" -mindepth 1 -type d)" ""
finish
