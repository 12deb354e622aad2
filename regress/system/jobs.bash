# shellcheck shell=bash disable=SC2034,SC2154
# What the tests of reeve-ctld's queue share: a real site on the loopback of a network of its own, and hosts that
# are curl: they enrol, claim, report and sign results by hand, so that each can lie. A test begins with
#
#	. "$(dirname "$0")/jobs.bash"
#	site_up
#	agent_new 1 web1.example.net
#
# and ends with "finish".
if [ -z "${REEVE_JOBS_NET:-}" ]; then
	export REEVE_JOBS_NET=1
	exec unshare --net "$0" "$@"
fi
# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
for p in reeve-ctld reeve-sign; do
	[ -x "$BUILD/$p" ] || { echo "$BUILD/$p: is not built"; exit 1; }
done
url=https://127.0.0.1:7440
ctld=0 signd=0 code=0

# ---- the site ----

jobs_cleanup() {
	local p
	for p in $ctld $signd; do
		[ "$p" = 0 ] || { kill -KILL "$p" && wait "$p"; } 2>/dev/null
	done
	if [ "$bad" -ne 0 ] && [ -s "$w/log" ]; then
		echo "---- the end of the log of reeve-ctld and reeve-sign:" >&2
		tail -n 40 "$w/log" >&2
	fi
	rm -rf --one-file-system "$w"
}

site_up() {
	w=$(mktemp -d "${T:-/var/lib}/reeve-jobs.XXXXXX") || exit 1
	h=$w
	chmod 755 "$w"
	trap jobs_cleanup EXIT
	ip link set lo up
	users_make
	s=$w/site
	mkdir -m 755 "$s" "$s/run"
	cp "$BUILD/reeve-sign" "$s/reeve-sign"
	"$BUILD/reeve-ctld" init --url "$url" --etc "$s/etc" --state "$s/state" --sign-state "$s/sign" \
	    --sign-socket "$s/run/sign.sock" --sign-prog "$s/reeve-sign" >"$w/init" 2>"$w/init.err" ||
	    { echo "reeve-ctld init failed: $(cat "$w/init.err")"; exit 1; }
	admin=$(grep -oE '\b[0-9a-f]{48}\b' "$w/init" | head -n 1)
	cat "$w/conf.more" >>"$s/etc/ctld.conf" 2>/dev/null
	sign_start
	ctld_start
	fleet=$(sed -n 's/^fleet //p' "$s"/state/site)
	cp "$s/sign/ca.crt" "$w/ca.crt"
	(cd "$w" && mkdir -p t && cd t && "$BUILD/reeve" key new -c operator ops >/dev/null) || exit 1
}

sign_start() {
	"$s/reeve-sign" -d -D "$s/sign" -s "$s/run/sign.sock" >>"$w/log" 2>&1 </dev/null &
	signd=$!
	soon "reeve-sign listens" test -S "$s/run/sign.sock"
}

healthy() { curl -sS -m 5 --cacert "$s/sign/ca.crt" -o /dev/null -f "$url/healthz"; }
ctld_dead() { ! kill -0 "$ctld" 2>/dev/null; }
ctld_there() { ctld_dead || healthy; }

ctld_start() {
	"$BUILD/reeve-ctld" -d -v -f "$s/etc/ctld.conf" >>"$w/log" 2>&1 </dev/null &
	ctld=$!
	within 20 ctld_there || fail "reeve-ctld neither answers nor ends"
	! ctld_dead || { fail "reeve-ctld does not start: $(tail -n 3 "$w/log")"; finish; }
}

# ctld_crash: kill -9, as a power cut would but for the disk
ctld_crash() {
	kill -KILL "$ctld"
	wait "$ctld" 2>/dev/null
	ctld=0
}

# ---- JSON, by SQLite ----

# jget FILE PATH: a value, as $.jobs[0].fence
jget() { sqlite3 :memory: "select json_extract(cast(readfile('$1') as text), '$2')"; }
# jraw FILE PATH OUT: a string's very bytes
jraw() { sqlite3 :memory: "select writefile('$3', cast(json_extract(cast(readfile('$1') as text), '$2') as blob))" >"$w/null"; }
# jtext FILE: its text as a JSON string
jtext() { sqlite3 :memory: "select json_quote(cast(readfile('$1') as text))"; }

# ---- calls: $code is the status, $w/body the answer ----

# op METHOD PATH [CURL OPTION...]: as the operator whose token is $token, the first admin's by default
op() {
	local m=$1 p=$2
	shift 2
	code=$(curl -sS -m 60 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' -X "$m" --path-as-is -g \
	    -H "Authorization: Bearer ${token:-$admin}" "$@" "$url$p" 2>"$w/curl.err")
}

# agent N METHOD PATH [CURL OPTION...]: as host N
agent() {
	local n=$1 m=$2 p=$3
	shift 3
	code=$(curl -sS -m 60 --cacert "$w/ca.crt" --cert "$w/a$n.crt" --key "$w/a$n.key" -o "$w/body$n" -D "$w/head$n" \
	    -w '%{http_code}' -X "$m" --path-as-is -g -H "Host-Name: $(cat "$w/a$n.name")" -H "Reeve: 1" "$@" \
	    "$url/agent/v1$p" 2>"$w/curl.err$n")
}

# status WHAT CODE: of the last call
status() { is "$1" "$code" "$2"; }

# unhex DIGITS: the bytes
unhex() {
	local x
	x=$(printf %s "$1" | sed 's/../\\x&/g')
	printf %b "$x"
}

hmac() { openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -r | cut -c1-64; }

# agent_new N NAME: added by the operator, enrolled by curl. Its id is in $w/aN.id
agent_new() {
	local n=$1 name=$2 secret hash id mac
	op POST /v1/hosts -d "{\"name\":\"$name\",\"allow\":[],\"bearer\":false,\"expires\":3600}"
	status "host $name is added" 201
	secret=$(jget "$w/body" '$.token' | sed 's/.*,//')
	hash=$(unhex "$secret" | sha256sum | cut -c1-64)
	openssl ecparam -name prime256v1 -genkey -noout -out "$w/a$n.key"
	openssl req -new -key "$w/a$n.key" -subj "/CN=$name" -out "$w/a$n.csr" 2>/dev/null
	signify-openbsd -G -n -p "$w/a$n.pub" -s "$w/a$n.sec"
	id=$(printf reeve-token-id | hmac "$hash" | cut -c1-32)
	mac=$({ printf 'reeve-token-csr\0'; cat "$w/a$n.csr"; } | hmac "$hash")
	printf '{"token":"%s","hostname":"%s","csr":%s,"mac":"%s","machine":"","version":"test","result_key":"%s","seal_key":"%s"}' \
	    "$id" "$name" "$(jtext "$w/a$n.csr")" "$mac" "$(sed -n 2p "$w/a$n.pub")" \
	    "$(head -c 32 /dev/urandom | base64)" >"$w/enroll"
	echo "$name" >"$w/a$n.name"
	code=$(curl -sS -m 60 --cacert "$w/ca.crt" -o "$w/body$n" -w '%{http_code}' -X POST -H "Host-Name: $name" \
	    -H "Reeve: 1" --data-binary "@$w/enroll" "$url/agent/v1/enroll")
	status "host $name enrols" 200
	jget "$w/body$n" '$.cert' >"$w/a$n.crt"
	jget "$w/body$n" '$.host_id' >"$w/a$n.id"
	: >"$w/a$n.seq"
}

# ---- jobs ----

# job_new FILE KIND "N..." [OPTION...]: a ticket for these hosts, signed by the operator
job_new() {
	local f=$1 kind=$2 n hosts=()
	for n in $3; do
		hosts+=(--host "$(cat "$w/a$n.id"):$(cat "$w/a$n.name")")
	done
	shift 3
	"$BUILD/reeve" ticket new "$kind" --fleet "$fleet" "${hosts[@]}" --requester ops-1 -o "$f" "$@" >/dev/null ||
	    fail "no ticket $f"
	"$BUILD/reeve" sign -s "$w/t/ops.sec" -x "$f.sig" "$f" >/dev/null || fail "no signature $f.sig"
	printf '{"ticket":%s,"signatures":["%s"]}' "$(jtext "$f")" "$(sed -n 2p "$f.sig")" >"$f.json"
}

# job_put FILE: queued
job_put() {
	op POST /v1/jobs --data-binary "@$1.json"
	status "job $(basename "$1") is queued" 201
}

# claim N [WAIT]
claim() {
	agent "$1" POST "/claim?wait=${2:-0}" \
	    -d '{"free":16,"kinds":["agent.ping","agent.facts","script.run","pkg.list","pkg.refresh"]}'
}

# state N FILE STATE FENCE [REASON]
state() {
	agent "$1" POST "/job/$(id_of "$2")/state" -d "{\"fence\":$4,\"state\":\"$3\",\"reason\":\"${5:-}\"}"
}

# out N FILE OFFSET FENCE DATA-FILE
out() {
	agent "$1" PUT "/job/$(id_of "$2")/output?offset=$3&fence=$4" -H 'Content-Type: application/octet-stream' \
	    -H 'Expect:' --data-binary "@$5"
}

# record N FILE [SED PROGRAM]: FILE.rN and its signature, as host N would sign it
record() {
	local n=$1 f=$2 seq prev out=$2.out$1
	[ -f "$out" ] || : >"$out"
	seq=$(($(wc -l <"$w/a$n.seq") + 1))
	prev=$(tail -n 1 "$w/a$n.seq")
	{
		printf 'reeve-result 1\nhost %s %s\nid %s\nticket %s\nkind %s\nstep 1\nend exit 3\nreason -\neffect none\n' \
		    "$(cat "$w/a$n.id")" "$(cat "$w/a$n.name")" "$(id_of "$f")" "$(sha256sum <"$f" | cut -c1-64)" \
		    "$(field "$f" kind)"
		printf 'output %s %s\ncut 0\naccepted %s\nstarted %s\nfinished %s\nseq %s\nprevious %s\n' \
		    "$(wc -c <"$out")" "$(sha256sum <"$out" | cut -c1-64)" "$(now)" "$(now)" "$(now)" "$seq" \
		    "${prev:-$(printf '%064d' 0)}"
	} | sed "${3:-}" >"$f.r$n"
	signify-openbsd -S -s "$w/a${4:-$n}.sec" -m "$f.r$n" -x "$f.r$n.sig"
	printf '{"fence":%s,"record":%s,"signature":"%s","output":%s}' 1 "$(jtext "$f.r$n")" \
	    "$(sed -n 2p "$f.r$n.sig")" "$(wc -c <"$out")" >"$f.r$n.json"
}

# result N FILE: posts what record made
result() {
	agent "$1" POST "/job/$(id_of "$2")/result" --data-binary "@$2.r$1.json"
	[ "$code" != 200 ] || sha256sum <"$2.r$1" | cut -c1-64 >>"$w/a$1.seq"
}

# run_of N FILE MEMBER: of host N's run, as an operator sees it; run_raw N FILE MEMBER OUT: its very bytes
run_of() {
	op GET "/v1/jobs/$(id_of "$2")"
	run_member "$1" "json_extract(value, '$.$3')"
}
run_raw() {
	op GET "/v1/jobs/$(id_of "$2")"
	run_member "$1" "writefile('$4', cast(json_extract(value, '$.$3') as blob))" >"$w/null"
}
run_member() {
	sqlite3 :memory: "select $2 from json_each(json_extract(cast(readfile('$w/body') as text), '$.runs'))
	    where json_extract(value, '$.host_id') = '$(cat "$w/a$1.id")'"
}
