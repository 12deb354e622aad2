#!/bin/bash
# Attack cross-host: a host asks for, reports, completes, confirms and downloads what is another's.
# Attack sqli-and-paths: ids that are no ids, at each route of the queue.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
agent_new 2 web2.example.net
f=$w/j1
head -c 2000 /dev/urandom >"$w/blob"
sha=$(sha256sum <"$w/blob" | cut -c1-64)
op POST "/v1/blobs?sha256=$sha" --data-binary "@$w/blob"
status "a blob" 201
job_new "$f" agent.ping 1
job_put "$f"
id=$(id_of "$f")
# as if the ticket named the blob: no kind of this version takes one
sqlite3 -cmd '.timeout 5000' "$s/state/ctld.db" "insert into job_blobs select '$sha', seq from jobs where id = '$id'"

claim 2
status "claim: not host 1's job" 204
claim 1
status "host 1 claims it" 200
out 1 "$f" 0 1 "$w/blob"
status "host 1 sends output" 200
state 2 "$f" started 1
status "state of another's job" 404
out 2 "$f" 0 1 "$w/blob"
status "output to another's job" 404
out 2 "$f" 2000 1 "$w/blob"
status "more output to another's job" 404
record 1 "$f"
cp "$f.r1.json" "$f.r2.json"
result 2 "$f"
status "another's very result" 404
record 2 "$f"
result 2 "$f"
status "its own record for another's job" 404
cp "$f.r2.json" "$f.r1.json"
result 1 "$f"
status "host 2's record from host 1" 422
is "and why" "$(jget "$w/body1" '$.error.code')" refused
agent 2 POST "/job/$id/confirm" -d "{\"nonce\":\"$(newid)$(newid)\"}"
status "confirmation of another's job" 404
agent 2 GET "/blob/$sha"
status "a blob of another's job" 404
sqlite3 -cmd '.timeout 5000' "$s/state/ctld.db" "update runs set due = $(now) + 20 where job_id = '$id'"
agent 1 GET "/blob/$sha"
status "its own" 200
lease_goes_on() { [ "$(sqlite3 -readonly "$s/state/ctld.db" "select due > $(now) + 40 from runs where job_id = '$id'")" = 1 ]; }
soon "its lease goes on while it fetches" lease_goes_on
agent 1 GET "/blob/$sha" -H 'Range: bytes=1990-'
status "a part of it" 206
is "which" "$(grep -i '^content-range' "$w/head1" | tr -d '\r')" "Content-Range: bytes 1990-1999/2000"
is "of the right size" "$(wc -c <"$w/body1")" 10
agent 1 GET "/blob/$sha" -H 'Range: bytes=0-0'
is "one byte" "$code $(wc -c <"$w/body1")" "206 1"
agent 1 GET "/blob/$sha" -H 'Range: bytes=2000-'
status "behind the end" 416
for r in 'bytes=-5' 'bytes=5-4' 'bytes=0-1,3-4' 'bytes=x-' 'lines=0-1' 'bytes=99999999999999999999-'; do
	agent 1 GET "/blob/$sha" -H "Range: $r"
	is "all of it for $r" "$code $(wc -c <"$w/body1")" "200 2000"
done
agent 1 GET "/blob/$sha"
ok "byte for byte" cmp "$w/blob" "$w/body1"
is "its file holds what host 1 sent" "$(run_of 1 "$f" output)" 2000
is "nothing was stored" "$(run_of 1 "$f" state) $(run_of 1 "$f" end)" "leased "
# neither certificate nor name of another helps
cp "$w/a2.name" "$w/a2.name.own"
cp "$w/a1.name" "$w/a2.name"
claim 2
status "host 2 under the name of host 1" 403
cp "$w/a2.name.own" "$w/a2.name"
record 1 "$f" "s/^id .*/id $(newid)/"
result 1 "$f"
status "a record of another job" 422
record 1 "$f" "s/^ticket .*/ticket $(newid)$(newid)/"
result 1 "$f"
status "a record of another ticket" 422
record 1 "$f" "s/ web1/ web2/"
result 1 "$f"
status "a record under another name" 422
record 1 "$f" "" 2
result 1 "$f"
status "signed by another host" 422
is "still nothing was stored" "$(run_of 1 "$f" end)" ""
record 1 "$f"
result 1 "$f"
status "the right one" 200

# ---- ids that are none ----
before=$(find "$s/state" "$s/etc" -type f -not -name 'ctld.db*' -printf '%p %s\n' | sort | sha256sum)
record 1 "$f"
bads=("../$id" "..%2f$id" "%2e%2e%2f%2e%2e%2fsite" "%2e%2e" ".." "." "%00" "$id%00" "$id%00.x" "'" "%27%20OR%20%271%27=%271" "$id'--"
    "$id%27%3bdrop%20table%20jobs--" "%25" "%25%" "%zz" "%" "${id^^}" "${id}0" "${id%?}" "%ff%fe" "%c0%ae%c0%ae" "%20$id" "$id%20" "$id%0a" "*"
    "$id.$(cat "$w/a1.id")" "x" "$(printf 'a%.0s' {1..300})" "$(printf '%%2e%.0s' {1..200})")
for b in "${bads[@]}"; do
	for r in "POST /job/$b/state" "PUT /job/$b/output?offset=0&fence=1" "POST /job/$b/result" "POST /job/$b/confirm" "GET /blob/$b"; do
		case $r in
		*state) body='{"fence":1,"state":"started","reason":""}' ;;
		*result) body=@$f.r1.json ;;
		*confirm) body="{\"nonce\":\"$(newid)$(newid)\"}" ;;
		*output*) body=@$w/blob ;;
		*) body= ;;
		esac
		agent 1 "${r%% *}" "${r#* }" ${body:+--data-binary "$body"}
		[[ $code == 40[04] ]] || fail "agent $r: $code"
		checks=$((checks + 1))
	done
	for r in "GET /v1/jobs/$b" "GET /v1/jobs/$b/wait?timeout=0" "GET /v1/jobs/$b/output/$(cat "$w/a1.id")" "GET /v1/jobs/$id/output/$b" \
	    "POST /v1/jobs/$b/cancel" "POST /v1/blobs?sha256=$b" "GET /v1/jobs?after=$b" "GET /v1/jobs?state=$b"; do
		data=()
		[ "${r%% *}" = GET ] || data=(--data-binary '{"hosts":[]}')
		op "${r%% *}" "${r#* }" "${data[@]}"
		[[ $code == 40[04] ]] || fail "operator $r: $code"
		checks=$((checks + 1))
	done
	op GET "/v1/jobs?host=$b"
	[[ $code == 40[04] || $code == 200 ]] || fail "operator host=$b: $code"
done
is "no file came, went or grew" \
    "$(find "$s/state" "$s/etc" -type f -not -name 'ctld.db*' -printf '%p %s\n' | sort | sha256sum)" "$before"
is "the tables are there" "$(run_of 1 "$f" state)" finished
has "healthy" <(healthy && echo yes) yes
finish
