#!/bin/bash
# A job's whole way through reeve-ctld: submit, claim, state, output, result, show, wait, stream.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
agent_new 2 web2.example.net
f=$w/j1

claim 1
status "nothing to do" 204
job_new "$f" agent.ping "1 2"
job_put "$f"
id=$(id_of "$f")
is "as it was submitted" "$(jget "$w/body" '$.kind') $(jget "$w/body" '$.requester') $(jget "$w/body" '$.submitted_by')" \
    "agent.ping ops-1 $(op GET /v1/whoami; jget "$w/body" '$.name')"
op POST /v1/jobs --data-binary "@$f.json"
status "the very same ticket again" 200
claim 1
status "claim" 200
jraw "$w/body1" '$.jobs[0].ticket' "$w/got"
ok "the very ticket" cmp "$f" "$w/got"
is "its fence" "$(jget "$w/body1" '$.jobs[0].fence')" 1
is "its signature" "$(jget "$w/body1" '$.jobs[0].signatures[0]')" "$(sed -n 2p "$f.sig")"
claim 1
status "not twice" 204
is "leased" "$(run_of 1 "$f" state)" leased
is "the other is queued" "$(run_of 2 "$f" state)" queued
state 1 "$f" accepted 1
status "accepted" 200
state 1 "$f" started 2
status "a fence that was never given" 409
is "why" "$(jget "$w/body1" '$.error.code')" fenced
state 1 "$f" started 1
status "started" 200
is "started" "$(run_of 1 "$f" state)" started

# output: 300,000 bytes in pieces of 100,000
head -c 300000 /dev/urandom >"$f.out1"
for o in 0 100000 200000; do
	tail -c +$((o + 1)) "$f.out1" | head -c 100000 >"$w/piece"
	out 1 "$f" "$o" 1 "$w/piece"
	status "output at $o" 200
	is "held" "$(jget "$w/body1" '$.offset')" $((o + 100000))
done
is "bytes held" "$(run_of 1 "$f" output)" 300000
hostid=$(cat "$w/a1.id")
op GET "/v1/jobs/$id/output/$hostid"
status "download" 200
ok "byte for byte" cmp "$f.out1" "$w/body"
op GET "/v1/jobs/$id/output/$hostid?offset=123456"
tail -c +123457 "$f.out1" >"$w/part"
ok "from an offset on" cmp "$w/part" "$w/body"

op GET "/v1/jobs/$id/wait?timeout=0"
status "none is final" 202
op GET "/v1/jobs/$id/wait?timeout=30" &
waiter=$!
record 1 "$f"
result 1 "$f"
status "result" 200
is "for the first time" "$(jget "$w/body1" '$.already')" 0
wait $waiter
op GET "/v1/jobs/$id/wait?timeout=30"
status "one is final" 200
result 1 "$f"
status "result again" 200
is "it is there already" "$(jget "$w/body1" '$.already')" 1
is "finished" "$(run_of 1 "$f" state) $(run_of 1 "$f" end) $(run_of 1 "$f" code)" "finished exit 3"
run_raw 1 "$f" record "$w/rec"
{ echo "untrusted comment: x"; run_of 1 "$f" signature; } >"$w/rec.sig"
ok "the operator verifies the record" signify-openbsd -V -q -p "$w/a1.pub" -m "$w/rec" -x "$w/rec.sig"

# refused by the second host
claim 2
state 2 "$f" refused 1 "policy.conf:3: default"
status "refused" 200
is "and why" "$(run_of 2 "$f" state) $(run_of 2 "$f" reason)" "refused policy.conf:3: default"
op GET "/v1/jobs/$id/wait?done=1&timeout=30"
status "both are final" 200

# the list
for i in 2 3 4; do
	job_new "$w/j$i" agent.ping 1
	job_put "$w/j$i"
done
op GET "/v1/jobs?limit=3"
is "newest first" "$(jget "$w/body" '$.jobs[0].id') $(jget "$w/body" '$.jobs[2].id')" "$(id_of "$w/j4") $(id_of "$w/j2")"
op GET "/v1/jobs?limit=3&after=$(jget "$w/body" '$.next')"
is "the last page" "$(jget "$w/body" '$.jobs[0].id') $(jget "$w/body" '$.next')" "$id "
op GET "/v1/jobs?host=web2.example.net"
is "of one host" "$(jget "$w/body" '$.jobs[0].id') $(jget "$w/body" '$.jobs[1].id')" "$id "
op GET "/v1/jobs?state=refused"
is "in one state" "$(jget "$w/body" '$.jobs[0].id') $(jget "$w/body" '$.jobs[1].id')" "$id "
op GET "/v1/jobs?state=broken"
status "no such state" 400

# cancel
op POST "/v1/jobs/$(id_of "$w/j2")/cancel" -d '{"hosts":[]}'
status "cancel" 200
is "at once" "$(jget "$w/body" '$.cancelled[0]')" web1.example.net
claim 1
is "the other two" "$(jget "$w/body1" '$.jobs[1].fence') $(jget "$w/body1" '$.jobs[2]')" "1 "
state 1 "$w/j3" started 1
op POST "/v1/jobs/$(id_of "$w/j3")/cancel" -d '{"hosts":["web1.example.net"]}'
is "asked" "$(jget "$w/body" '$.asked[0]')" web1.example.net
claim 1
is "told" "$(jget "$w/body1" '$.cancel[0]')" "$(id_of "$w/j3")"
claim 1
status "not at once again" 204
job_new "$w/j5" pkg.refresh 1
job_put "$w/j5"
claim 1
op POST "/v1/jobs/$(id_of "$w/j5")/cancel" -d '{"hosts":[]}'
has "not without a signature" "$w/body" "signed agent.cancel"

# by the online key
"$BUILD/reeve" ticket new agent.ping --fleet "$fleet" --host "$hostid:web1.example.net" --requester online -o "$w/on" >/dev/null
printf '{"ticket":%s}' "$(jtext "$w/on")" >"$w/on.json"
op POST /v1/jobs/online --data-binary "@$w/on.json"
status "a harmless kind by the online key" 201
claim 1
op GET /v1/whoami
{ echo "untrusted comment: x"; jget "$w/body" '$.online_key'; } >"$w/online.pub"
{ echo "untrusted comment: x"; jget "$w/body1" '$.jobs[0].signatures[0]'; } >"$w/on.sig"
ok "signed by it" signify-openbsd -V -q -p "$w/online.pub" -m "$w/on" -x "$w/on.sig"
"$BUILD/reeve" ticket new pkg.refresh --fleet "$fleet" --host "$hostid:web1.example.net" --requester online -o "$w/on2" >/dev/null
printf '{"ticket":%s}' "$(jtext "$w/on2")" >"$w/on2.json"
op POST /v1/jobs/online --data-binary "@$w/on2.json"
status "not another one" 422

# blobs and confirmations
head -c 5000 /dev/urandom >"$w/blob"
sha=$(sha256sum <"$w/blob" | cut -c1-64)
op POST "/v1/blobs?sha256=$sha" -H 'Content-Type: application/octet-stream' --data-binary "@$w/blob"
status "a blob" 201
op POST "/v1/blobs?sha256=${sha%?}0" --data-binary "@$w/blob"
[ "${sha: -1}" = 0 ] || status "not its hash" 422
agent 1 GET "/blob/$sha"
status "no job names it" 404
nonce=$(newid)$(newid)
state 1 "$w/on" started 1
agent 1 POST "/job/$(id_of "$w/on")/confirm" -d "{\"nonce\":\"$nonce\"}"
status "a confirmation" 200
printf 'reeve-confirm 1\nhost %s web1.example.net\njob %s\nnonce %s\nend\n' "$hostid" "$(id_of "$w/on")" "$nonce" >"$w/confirm"
{ echo "untrusted comment: x"; jget "$w/body1" '$.signature'; } >"$w/confirm.sig"
ok "signed by the online key" signify-openbsd -V -q -p "$w/online.pub" -m "$w/confirm" -x "$w/confirm.sig"
agent 2 POST "/job/$(id_of "$w/on")/confirm" -d "{\"nonce\":\"$nonce\"}"
status "not for another host" 404
finish
