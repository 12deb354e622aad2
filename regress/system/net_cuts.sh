#!/bin/bash
# What breaks on the way of a job: the wire, netd, dial, the control plane, privd itself, each while jobs run. Every job
# runs once, its output is byte for byte what the tool wrote, its result arrives once.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/net.bash"
site_up
host_up web1.example.net 10.66.0.2
# begins, waits to be let go, and writes 1 MiB in lines
script big <<S
echo "\$1" >>$h/marks/ran
while [ ! -e "$h/marks/go-\$1" ]; do sleep 0.05; done
seq -f 'line %.0f of this job, which is some sixty bytes long in the whole' 16384
S
seq -f 'line %.0f of this job, which is some sixty bytes long in the whole' 16384 >"$w/want"
ok "reload" ctl reload

# begin NAME: its id in $id, once it runs
begin() {
	op run --no-wait web1.example.net big -- "$1" >"$w/begun" 2>"$w/err" || fail "run: $(cat "$w/err")"
	id=$(grep -oE '\b[0-9a-f]{32}\b' "$w/begun" | head -n 1)
	soon "$1 runs" grep -qx "$1" "$h/marks/ran"
}
go() { : >"$h/marks/go-$1"; }
# done_well NAME: verified, whole, once
done_well() {
	ok "$1: its result" op job wait --timeout 50s "$id"
	op job tail "$id" >"$w/got" 2>"$w/err" || fail "$1: tail: $(cat "$w/err")"
	ok "$1: its output, byte for byte" cmp "$w/want" "$w/got"
	is "$1: it ran once" "$(grep -cx "$1" "$h/marks/ran")" 1
	soon "$1: the host has been told that its result arrived" acked
}
acked() { ! ctl jobs | grep "$id" | grep -qE 'running|queued' && [ ! -e "$h/state/spool/$id.out" ]; }
netd_pid() { ctl status | awk '/^10.66.0.1 / { print $4 }'; }
dial_pid() { ctl status | awk '/^10.66.0.1 / { print $5 }'; }

begin wire
cut_wire web1.example.net
go wire
ended() { grep -q "event=job.finish.*id=$id" "$h/state/audit"; }
soon "the job ends without a network" ended
mend_wire web1.example.net
done_well wire

begin netd
p=$(netd_pid)
kill -KILL "$p"
go netd
soon "another netd is there" sh -c "! kill -0 $p"
done_well netd

begin dial
kill -KILL "$(dial_pid)"
go dial
done_well dial

begin site
site_crash
go site
soon "the job ends without a control plane" ended
sign_start
ctld_start
done_well site

begin privd
host_crash
go privd
host_start
done_well privd

# a heartbeat, a claim and a job after all of that, in one piece
ok "ping" op ping web1.example.net
finish
