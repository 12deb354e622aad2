#!/bin/bash
# One host from end to end: facts, a script with live output and its exit code, immediate kinds, and every ticket
# that must be refused, each by the words that tell why.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script hello <<'S'
echo "args: $*"
echo "to stderr" >&2
cat >/dev/null
exit 3
S
script live <<S
echo one
echo x >"$h/marks/one"
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
echo two
S
script ran <<S
echo ran >>"$h/marks/ran"
S
start || finish
cd "$w/t" || exit 1

# ---- what works ----

ok "status" ctl status
has "status" "$w/out" running
ok "a ping" job ping agent.ping
has "a ping" "$w/out" version
is "a ping's end" "$(end_of ping.result)" "ok"
ok "a ping's result verifies" verified ping.result
ok "facts" job facts agent.facts
has "facts" "$w/out" '"kernel"'
is "facts' end" "$(end_of facts.result)" "ok"
is "facts' step" "$(field facts.result step)" "1"
ok "facts' result verifies" verified facts.result
is "the chain of results" "$(field facts.result previous)" "$(sha256sum ping.result | cut -d' ' -f1)"

no 1 "args: a b c" job hello script.run name=hello arg=a "arg=b c"
has "standard error" "$w/err" "to stderr"
is "a script's exit code" "$(end_of hello.result)" "exit 3"

ticket live script.run name=live
ok "submit" submit live
has "submit" "$w/out" "accepted $(id_of live)"
ctl wait -o live.result "$(id_of live)" >live.out 2>live.err &
waiter=$!
soon "output comes while the script runs" grep -q one live.out
ok "jobs" ctl jobs
has "jobs" "$w/out" running
hasnot "no output before its time" live.out two
touch "$h/marks/go"
wait $waiter
is "reevectl wait's status" $? 0
has "the rest of the output" live.out two
is "its end" "$(end_of live.result)" "ok"
ok "show" ctl show "$(id_of live)"
has "show's ticket" "$w/out" "kind script.run"
has "an acknowledged job" "$w/out" acknowledged

ok "a challenge" job chal agent.challenge
nonce=$(sed -n 's/^challenge //p' "$w/out")
is "a nonce of 32 digits" "${#nonce}" 32
ok "a fresh ticket" job fresh agent.ping --fresh "$nonce"
ticket fresh2 agent.ping --fresh "$nonce"
no 4 "fresh" submit fresh2
ticket fresh3 agent.ping --fresh "$(newid)"
no 4 "fresh" submit fresh3
ok "reload by ticket" job reload agent.reload
ok "self-test" ctl self-test
hasnot "self-test" "$w/out" failed

# ---- what is refused ----

ticket unsigned script.run name=ran
no 4 "not signed" ctl submit unsigned
sign unsigned other
no 4 "unknown key" submit unsigned
ticket forged script.run name=ran
sed -i 's/requester ops-1/requester ops-2/' forged
no 4 "signature" submit forged

t0=$(now)
ticket expired script.run name=ran --issued $((t0 - 1000)) --notbefore $((t0 - 1000)) --valid 900
no 4 "notafter" submit expired
ticket early script.run name=ran --notbefore $((t0 + 600)) --valid 900
no 4 "notbefore" submit early
ticket future script.run name=ran --issued $((t0 + 400)) --notbefore $((t0 + 400)) --valid 600
no 4 "issued" submit future
ticket span script.run name=ran --valid 2h
no 4 "3600" submit span

other() {
	"$BUILD/reeve" ticket new script.run --fleet "${3:-$fleet}" --host "$1:$2" --requester ops-1 -o "$4" name=ran &&
	    sign "$4" ops
}
other "$(newid)" "$name" "" otherid
no 4 "host" submit otherid
other "$host" web2.example.net "" othername
no 4 "host" submit othername
other "$host" "$name" "$(newid)" otherfleet
no 4 "fleet" submit otherfleet

ticket replay script.run name=ran
ok "the first time" ctl submit -w replay replay.sig
is "it ran" "$(wc -l <"$h/marks/ran")" 1
ok "the second time" submit replay
has "the second time" "$w/out" "known $(id_of replay) finished"
sed 's/^requester .*/requester ops-9/' replay >same
sign same ops
no 4 "other bytes" submit same

ticket forbidden pkg.refresh
no 4 "policy.conf" submit forbidden
ticket noscript script.run name=nosuch
no 4 "nosuch" submit noscript
line() { printf '%s\n' "reeve-job 1" "fleet $fleet" "host $host $name" "id $(newid)" "issued $t0" "notbefore $t0" \
    "notafter $((t0 + 600))" "requester ops-1" "$@" end; }
line "kind no.such" >unknown && signraw unknown
no 4 "no.such" submit unknown
line "kind script.run" "arg nme ran" >badarg && signraw badarg
no 4 "nme" submit badarg
line "kind script.run" "arg name ran" "arg name ran" >twice && signraw twice
no 4 "name" submit twice
line "kind script.run" >missing && signraw missing
no 4 "name" submit missing
line "kind script.run" "arg name -x" >badval && signraw badval
no 4 "name" submit badval
head -c 200 /dev/urandom >garbage && signraw garbage
no 4 "" submit garbage

touch "$h/etc/disabled"
ticket disabled script.run name=ran
no 4 "disabled" submit disabled
ok "status when disabled" ctl status
has "status when disabled" "$w/out" disabled
rm "$h/etc/disabled"

# what waits in the queue does not start either; what runs ends
rm "$h/marks/go" "$h/marks/one"
ticket runs script.run name=live
ok "submit" submit runs
soon "it runs" test -s "$h/marks/one"
ticket waits script.run name=live
ok "submit one that waits" submit waits
touch "$h/etc/disabled" "$h/marks/go"
ok "what runs ends" ctl wait "$(id_of runs)"
no 1 "disabled" ctl wait -o waits.result "$(id_of waits)"
has "what waited" waits.result "end refused"
is "its step" "$(field waits.result step)" 0
rm "$h/etc/disabled"
is "nothing refused has run" "$(wc -l <"$h/marks/ran")" 1

ok "policy test" ctl policy test disabled disabled.sig
has "policy test" "$w/out" "policy.conf:"
no 4 "policy.conf" ctl policy test forbidden forbidden.sig

# ---- what is told of it ----

for e in agent.start key.load job.accept job.start job.finish job.refuse; do
	has "audit" "$h/state/audit" "event=$e"
done
ok "the audit trail verifies" ctl audit verify "$h/state/audit"
stop
has "audit" "$h/state/audit" "event=agent.stop"
is "cgroups that are left" "$(find "$cg" -mindepth 1 -type d)" ""
finish
