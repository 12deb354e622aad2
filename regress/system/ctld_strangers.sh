#!/bin/bash
# Attack strangers-bodies: what ctld keeps for callers that it does not know, and what it lets go on for callers that
# it knew once.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
client=$BUILD/regress/unit/ctld_client

# raw BYTES (as printf takes them) [OPTION...]: the answer's status in $code
raw() {
	local bytes=$1
	shift
	{ printf '%b' "$bytes"; sleep 1; } | timeout 10 openssl s_client -quiet -verify_quiet -CAfile "$w/ca.crt" "$@" \
	    -connect 127.0.0.1:7440 >"$w/raw" 2>"$w/raw.err"
	code=$(head -n 1 "$w/raw" | cut -d' ' -f2)
}
H='Host: x\r\nReeve: 1\r\n'

# ---- a large body of a stranger is refused by its head, before a byte of it is kept ----

agent_new 1 web1.example.net
for p in 'POST /v1/blobs?sha256=0' 'POST /v1/jobs' 'POST /v1/jobs/online' 'POST /agent/v1/heartbeat' 'POST /agent/v1/claim' \
    'PUT /agent/v1/job/0/output'; do
	raw "$p HTTP/1.1\r\n${H}Content-Length: 16385\r\n\r\n"
	status "$p of nobody" 401
	raw "$p HTTP/1.1\r\n${H}Authorization: Bearer $(printf '%048d' 0)\r\nContent-Length: 16385\r\n\r\n"
	status "$p with a wrong secret" 401
done
raw "POST /agent/v1/heartbeat HTTP/1.1\r\n${H}Authorization: Bearer $admin\r\nContent-Length: 16385\r\n\r\n"
status "an operator is no host" 401
raw "POST /v1/blobs HTTP/1.1\r\n${H}Content-Length: 16385\r\n\r\n" -cert "$w/a1.crt" -key "$w/a1.key"
status "a host is no operator" 401
raw "POST /agent/v1/enroll HTTP/1.1\r\n${H}Content-Length: 16385\r\n\r\n"
status "an enrolment is small" 413
head -c 300000 /dev/urandom >"$w/blob"
op POST "/v1/blobs?sha256=$(sha256sum <"$w/blob" | cut -c1-64)" -H 'Content-Type: application/octet-stream' -H 'Expect:' \
    --data-binary "@$w/blob"
status "a large blob of an operator" 201
head -c 20000 /dev/zero | tr '\0' ' ' >"$w/large"
agent 1 POST /heartbeat -H 'Expect:' --data-binary "@$w/large"
status "a large body of a host is read, and judged" 400

# ---- Attack enrolment-overtaken: what an operator changes while the signer is asked stays changed ----

# slow_enroll N NAME: enrols in the background, and the signer does not answer before "kill -CONT"
slow_enroll() {
	kill -STOP "$signd"
	op POST /v1/hosts -d "{\"name\":\"$2\",\"allow\":[]}"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "$w/s$1.key" -out "$w/s$1.csr" 2>/dev/null
	"$client" enroll "$(jget "$w/body" '$.token')" "$2" "$w/s$1.csr" >"$w/s$1.json"
	curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/s$1.out" -w '%{http_code}' -H 'Reeve: 1' --data-binary "@$w/s$1.json" \
	    "$url/agent/v1/enroll" >"$w/s$1.code" 2>"$w/null" &
	slow=$!
	soon "the enrolment is under way" asked "$1"
}
# its connection is there: all that it sends was sent before the next call of an operator
asked() { ss -Htn state established "dport = :7440" | grep -q .; }
# said N WHAT CODE
said() {
	sleep 0.3
	op POST "$4" -d "$5"
	status "$2: changed meanwhile" 200
	kill -CONT "$signd"
	wait "$slow"
	is "$2" "$(cat "$w/s$1.code")" "$3"
}
slow_enroll 1 slow1.example.net
said 1 "an address that is not allowed any more" 403 /v1/hosts/slow1.example.net/allow '{"allow":["192.0.2.1"]}'
op GET /v1/hosts/slow1.example.net
is "the allow list is the operator's" "$(jget "$w/body" '$.host.allow[0]')" 192.0.2.1
slow_enroll 2 slow2.example.net
said 2 "another name meanwhile" 403 /v1/hosts/slow2.example.net/rename '{"name":"other2.example.net"}'
op GET /v1/hosts/other2.example.net
status "the name is the operator's" 200
slow_enroll 3 slow3.example.net
said 3 "maintenance hinders no enrolment" 200 /v1/hosts/slow3.example.net/maintenance '{"on":true}'
op GET /v1/hosts/slow3.example.net
is "and stays" "$(jget "$w/body" '$.host.state')" maintenance

# ---- Attack trust-outlived: a poll, a stream, a connection do not outlive the credentials that they began with ----

# held N: a claim of host N is held; $hold is its curl
held() {
	agent "$1" POST '/claim?wait=50' -d '{"free":16,"kinds":["agent.ping"]}' &
	hold=$!
	sleep 0.5
}
let_go() {
	local t0=$SECONDS
	wait "$hold"
	is "$1: its poll ends at once" "$([ $((SECONDS - t0)) -lt 5 ] && echo yes)" yes
}
held 1
op POST /v1/hosts/web1.example.net/allow -d '{"allow":["192.0.2.1"]}'
let_go "an address that is not allowed any more"
op POST /v1/hosts/web1.example.net/allow -d '{"allow":[]}'
held 1
openssl ecparam -name prime256v1 -genkey -noout -out "$w/t4.key"
op POST /v1/hosts/web1.example.net/secret -d '{}'
openssl req -new -key "$w/t4.key" -subj /CN=x -out "$w/t4.csr" 2>"$w/null"
"$client" enroll "$(jget "$w/body" '$.token')" web1.example.net "$w/t4.csr" >"$w/e.json"
# shellcheck disable=SC2034 # status() reads it
code=$(curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' -H 'Reeve: 1' --data-binary "@$w/e.json" \
    "$url/agent/v1/enroll")
status "another machine is the host" 200
jget "$w/body" '$.cert' >"$w/a1.crt"
cp "$w/t4.key" "$w/a1.key"
let_go "the machine of before"

op POST /v1/tokens -d '{"name":"guest","role":"viewer"}'
guest=$(jget "$w/body" '$.token')
job_new "$w/j1" agent.ping 1
job_put "$w/j1"
claim 1
status "leased" 200
for p in "output/$(cat "$w/a1.id")?follow=1" 'wait?timeout=50'; do
	curl -sS -m 60 --cacert "$w/ca.crt" -o "$w/f" -H "Authorization: Bearer $guest" "$url/v1/jobs/$(id_of "$w/j1")/$p" 2>"$w/null" &
	follow+=($!)
done
sleep 0.5
op DELETE /v1/tokens/guest
status "the guest's token is removed" 200
t0=$SECONDS
wait "${follow[@]}"
is "what the guest followed ends" "$([ $((SECONDS - t0)) -lt 10 ] && echo yes)" yes

# a certificate that ends while its connection is kept
printf '[ca]\ndatabase=%s/db\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\nserial=%s/serial\n[p]\n' "$w" "$w" "$w" >"$w/ca.cnf"
printf 'commonName=supplied\n[x]\nextendedKeyUsage=clientAuth\nbasicConstraints=critical,CA:FALSE\n' >>"$w/ca.cnf"
: >"$w/db"
echo 77 >"$w/serial"
openssl ca -config "$w/ca.cnf" -name ca -batch -notext -extensions x -in "$w/s2.csr" -cert "$s/sign/ca.crt" -keyfile "$s/sign/ca.key" \
    -startdate 20200101000000Z -enddate "$(date -u -d '+8 seconds' +%Y%m%d%H%M%SZ)" -out "$w/short.crt" 2>"$w/ca.err" ||
    fail "no short certificate: $(cat "$w/ca.err")"
hash=$(openssl x509 -in "$w/short.crt" -outform DER | sha256sum | cut -c1-64)
sqlite3 "$s/state/ctld.db" "update credential set sha256 = x'$hash' where host = (select row from host where name = 'web1.example.net')"
B="Content-Length: 21\r\nHost-Name: web1.example.net\r\n\r\n{\"free\":1,\"kinds\":[]}"
{ printf '%b' "POST /agent/v1/claim HTTP/1.1\r\n$H$B"; sleep 9; printf '%b' "POST /agent/v1/claim HTTP/1.1\r\n$H$B"; sleep 2; } |
    timeout 20 openssl s_client -quiet -verify_quiet -CAfile "$w/ca.crt" -cert "$w/short.crt" -key "$w/s2.key" \
	-connect 127.0.0.1:7440 >"$w/kept" 2>"$w/kept.err"
is "good, then over" "$(sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' "$w/kept" | tr '\n' ' ')" "204 401 "
has "why" "$w/kept" 'expired'
finish
