#!/bin/bash
# Who waits for whom: max-jobs, max-queue, scripts' parallel=, reads beside changes, order of acceptance; many jobs in
# the list; who may ask what on the control socket, and how many at once.
# regress: timeout 180
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
sed -i "s/^state-dir/max-jobs 3\nmax-queue 4\nadmin-group reevelook\nstate-dir/" "$h/etc/agent.conf"
for s in one two; do
	par=1
	[ $s = one ] || par=2
	script $s parallel=$par <<S
echo "\$1" >>"$h/marks/$s"
while [ ! -e "$h/marks/go.\$1" ]; do sleep 0.02; done
S
done
start || finish
cd "$w/t" || exit 1
put() { # put FILE SCRIPT: submits it with its own name as argument
	ticket "$1" script.run name="$2" arg="$1" && submit "$1"
}
state() { ctl jobs | awk -v id="$(id_of "$1")" '$1 == id { print $3 }'; }
is_state() { [ "$(state "$1")" = "$2" ]; }
started() { grep -qx "$1" "$h/marks/one" "$h/marks/two"; }
go() { touch "$h/marks/go.$1"; }
await() { soon "$1 ends" ctl wait "$(id_of "$1")"; }

# ---- one of a script at a time, in the order of acceptance; another script beside it ----

ok "put" put a1 one
soon "a1 runs" started a1
ok "put" put a2 one
ok "put" put a3 one
ok "put" put b1 two
soon "b1 runs beside a1" started b1
is "a2 waits" "$(state a2)" queued
ok "put" put b2 two
soon "b2 runs beside b1" started b2
ok "put" put b3 two
is "b3 waits" "$(state b3)" queued

# ---- max-jobs holds back reads too; a cancel and a ping need no room ----

ticket facts agent.facts
ok "submit" submit facts
is "three run already" "$(state facts)" queued
ticket full agent.facts
no 4 "max-queue" submit full
ok "a ping waits for nobody" job ping agent.ping
ok "nor does a cancel" job cancel agent.cancel id="$(id_of facts)"
ok "submit it again, as another" submit full
go b1
await b1
soon "what waited longest runs" started b3
is "a2 still waits for a1" "$(state a2)" queued
go a1
await a1
soon "a2 is next" started a2
is "a3 after it" "$(state a3)" queued
for j in a2 a3 b2 b3; do go $j; done
for j in a2 a3 b2 b3 full; do await $j; done
is "the order of script one" "$(tr '\n' ' ' <"$h/marks/one")" "a1 a2 a3 "

# ---- a list longer than the socket's buffers ----

"$BUILD/reeve" ticket new agent.ping --fleet "$fleet" --host "$host:$name" --requester ops-1 -o many >/dev/null
n=300
for i in $(seq $n); do
	sed "s/^id .*/id $(printf '%032x' "$i")/" many >"m$i"
	sign "m$i" ops
	submit "m$i" >/dev/null || break
done
is "pings submitted" "$i" $n
ok "jobs" ctl jobs
is "all of them are listed" "$(grep -c '^00000000' "$w/out")" $n
last=$(printf '%032x' $n)
is "in order" "$(grep 'agent.ping' "$w/out" | tail -n 1 | cut -d' ' -f1)" "$last"
ok "a kept result" ctl wait "$last"

# ---- the same list after a restart ----

stop
start || finish
ok "jobs" ctl jobs
is "all of them are listed" "$(grep -c '^00000000' "$w/out")" $n
ok "known" submit m1
has "known" "$w/out" "known 00000000000000000000000000000001 finished"

# ---- who may ask ----

as() { timeout 20 setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
look() { timeout 20 setpriv --reuid 65534 --regid 65534 --groups 64990 "$@"; }
cp "$BUILD/reevectl" "$w/reevectl" # where anybody can execute it
sock=$h/run/control.sock
is "the socket's mode" "$(stat -c '%a %U %G' "$sock")" "660 root reevelook"
no 3 "control socket" as "$w/reevectl" -s "$sock" status
ok "a member may look" look "$w/reevectl" -s "$sock" status
ok "a member may look" look "$w/reevectl" -s "$sock" jobs
ok "a member may look" look "$w/reevectl" -s "$sock" show "$last"
no 4 "only root" look "$w/reevectl" -s "$sock" reload
no 4 "only root" look "$w/reevectl" -s "$sock" cancel "$last"
no 4 "only root" look "$w/reevectl" -s "$sock" self-test
chmod 644 m1 m1.sig
chmod 755 "$w/t"
no 4 "only root" look "$w/reevectl" -s "$sock" submit "$w/t/m1" "$w/t/m1.sig"
sed -i '/^admin-group/d' "$h/etc/agent.conf"
ok "reload without the group" ctl reload
is "the socket's mode" "$(stat -c '%a %U %G' "$sock")" "600 root root"
no 3 "" look "$w/reevectl" -s "$sock" status

# ---- how many at once: the seventeenth is turned away, and there is room again when one leaves ----

ok "put" put c1 one
soon "c1 runs" started c1
waiters=()
sockets() { find "/proc/$privd/fd" -lname 'socket:*' | wc -l; }
before=$(sockets)
# all sixteen sit before anybody else asks, who takes a seat too
seated() { [ $(($(sockets) - before)) -eq 16 ]; }
for i in $(seq 16); do
	ctl wait -k "$(id_of c1)" >/dev/null 2>&1 &
	waiters+=($!)
done
soon "sixteen wait" seated
no 3 "" ctl status
go c1
wait "${waiters[@]}"
ok "room again" ctl status
stop
finish
