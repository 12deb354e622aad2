#!/bin/bash
# Long polls: held until there is something to do, one a host, gone with its client; waits likewise.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
agent_new 2 web2.example.net
kinds='{"free":1,"kinds":["agent.ping"]}'

# poll N FILE [WAIT]: a claim in the background; FILE gets status and seconds, FILE.body the answer
poll() {
	curl -sS -m 60 --cacert "$w/ca.crt" --cert "$w/a$1.crt" --key "$w/a$1.key" -o "$2.body" -w '%{http_code} %{time_total}\n' \
	    -X POST -H "Host-Name: $(cat "$w/a$1.name")" -H "Reeve: 1" -d "$kinds" \
	    "$url/agent/v1/claim?wait=${3:-30}" >"$2" 2>"$2.err" &
	pid=$!
}
# connections that ctld holds open
conns() { find "/proc/$ctld/fd" -lname 'socket:*' | wc -l; }
conns_are() { [ "$(conns)" -eq "$1" ]; }
# held N: so many polls are held, as far as sockets tell
base=$(conns)
held() { conns_are $((base + $1)); }

# answered as soon as a job is queued, and not before
poll 1 "$w/p1"
p=$pid
soon "held" held 1
job_new "$w/j1" agent.ping "1 2"
is "not before" "$(cat "$w/p1")" ""
t0=${EPOCHREALTIME/./}
job_put "$w/j1"
wait "$p"
t1=${EPOCHREALTIME/./}
is "answered" "$(cut -d' ' -f1 "$w/p1")" 200
is "with the job" "$(jget "$w/p1.body" '$.jobs[0].fence')" 1
ok "at once: $((t1 - t0)) us" test $((t1 - t0)) -lt 2000000

# at its time: 204; and a wait of 0 is not held
poll 1 "$w/p2" 1
wait "$pid"
is "nothing within a second" "$(sed 's/\..*//' "$w/p2")" "204 1"

# one poll a host: the second ends the first, the other host's stays
poll 2 "$w/p3"
wait "$pid" # job 1 is for it too
is "host 2 gets its own" "$(cut -d' ' -f1 "$w/p3")" 200
poll 1 "$w/p4"
p=$pid
soon "held" held 1
poll 2 "$w/p5"
p5=$pid
soon "two are held" held 2
poll 1 "$w/p6"
p6=$pid
wait "$p"
is "the first ends" "$(cut -d' ' -f1 "$w/p4")" 204
soon "two are held" held 2

# a client that leaves takes its poll with it; the job goes to the next one
kill "$p6"
wait "$p6" 2>/dev/null
soon "it is gone" held 1
job_new "$w/j2" agent.ping 1
job_put "$w/j2"
is "offered to nobody" "$(run_of 1 "$w/j2" state)" queued
poll 1 "$w/p7"
wait "$pid"
is "the next one gets it, by its first fence" "$(jget "$w/p7.body" '$.jobs[0].fence')" 1

# a cancel ends a poll
state 1 "$w/j2" started 1
poll 1 "$w/p8"
p=$pid
soon "two are held" held 2
op POST "/v1/jobs/$(id_of "$w/j2")/cancel" -d '{"hosts":[]}'
wait "$p"
is "the cancel" "$(jget "$w/p8.body" '$.cancel[0]')" "$(id_of "$w/j2")"

# a host in maintenance gets nothing, though its poll was held before
op POST /v1/hosts/web2.example.net/maintenance -d '{"on":true}'
status "maintenance" 200
job_new "$w/j3" agent.ping 2
job_put "$w/j3"
is "nothing in maintenance" "$(run_of 2 "$w/j3" state)" queued
kill "$p5"
wait "$p5" 2>/dev/null
claim 2
status "nothing in maintenance" 204
op POST /v1/hosts/web2.example.net/maintenance -d '{"on":false}'
claim 2
status "after it" 200

# a lease that ends without a word: offered again under the next fence, and the held poll gets it
sed -i '/^lease/d' "$s/etc/ctld.conf"
echo "lease 5" >>"$s/etc/ctld.conf"
kill -HUP "$ctld"
soon "reloaded" grep -q reloaded "$w/log"
job_new "$w/j4" agent.ping 1
job_put "$w/j4"
claim 1
is "leased" "$(jget "$w/body1" '$.jobs[0].fence')" 1
poll 1 "$w/p9"
wait "$pid"
is "again" "$(jget "$w/p9.body" '$.jobs[0].fence')" 2
state 1 "$w/j4" accepted 1
status "the old lease has no word any more" 409
state 1 "$w/j4" accepted 2
status "the new one has" 200

# waiting operators
curl -sS -m 60 --cacert "$w/ca.crt" -H "Authorization: Bearer $admin" -o "$w/wait.body" -w '%{http_code} %{time_total}' \
    "$url/v1/jobs/$(id_of "$w/j4")/wait?timeout=40" >"$w/wait" &
p=$!
soon "held" held 1
state 1 "$w/j4" started 2
record 1 "$w/j4"
result 1 "$w/j4"
status "result" 200
wait "$p"
is "the wait ends" "$(cut -d' ' -f1 "$w/wait")" 200
is "with the result" "$(jget "$w/wait.body" '$.runs[0].end')" exit
curl -sS -m 60 --cacert "$w/ca.crt" -H "Authorization: Bearer $admin" -o "$w/null" "$url/v1/jobs/$(id_of "$w/j3")/wait" &
p=$!
soon "held" held 1
kill "$p"
wait "$p" 2>/dev/null
soon "gone with its client" held 0

# the end of a maintenance gives a held poll what it missed
op POST /v1/hosts/web2.example.net/maintenance -d '{"on":true}'
poll 2 "$w/p10"
p=$pid
soon "held" held 1
job_new "$w/j5" agent.ping 2
job_put "$w/j5"
op POST /v1/hosts/web2.example.net/maintenance -d '{"on":false}'
wait "$p"
is "after the maintenance" "$(cut -d' ' -f1 "$w/p10")" 200

# a host that is revoked: its poll ends, and nobody waits for its runs
state 2 "$w/j5" started 1
status "started" 200
job_new "$w/j6" pkg.refresh 2
job_put "$w/j6"
poll 2 "$w/p11"
p=$pid
soon "held" held 1
op POST /v1/hosts/web2.example.net/revoke
status "revoke" 200
wait "$p"
is "its poll ends" "$(cut -d' ' -f1 "$w/p11")" 204
is "what it had" "$(run_of 2 "$w/j5" state) $(run_of 2 "$w/j5" reason)" "expired the host was revoked"
is "what it never had" "$(run_of 2 "$w/j6" state)" cancelled
claim 2
status "it is told so" 403
op DELETE /v1/hosts/web2.example.net
status "removed" 200
is "its runs are shown on" "$(run_of 2 "$w/j6" host)" web2.example.net

# a client that says nothing sensible
agent 1 POST "/claim?wait=x" -d "$kinds"
status "wait=x" 400
agent 1 POST "/claim" -d '{"free":17,"kinds":[]}'
status "free 17" 400
agent 1 POST "/claim" -d '{"free":1,"kinds":[]}{}'
status "two documents" 400
finish
