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
	{ printf '%b' "$bytes"; sleep 3; } | timeout 10 openssl s_client -quiet -verify_quiet -CAfile "$w/ca.crt" "$@" \
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
finish
