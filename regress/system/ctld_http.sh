#!/bin/bash
# What may come over a connection: heads that two readers could cut differently, bodies that are too large, clients
# that are slow; Attack sqli-and-paths for names in paths and queries; TCP_NODELAY on what was accepted.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
client=$BUILD/regress/unit/ctld_client

# raw BYTES (as printf takes them): the answer in $w/raw; ends when ctld closes or after 8 s
raw() {
	{ printf '%b' "$1"; sleep "${2:-6}"; } | timeout 10 openssl s_client -quiet -verify_quiet -CAfile "$w/ca.crt" \
	    -connect 127.0.0.1:7440 >"$w/raw${3:-}" 2>"$w/raw.err${3:-}"
}
H='Host: x\r\nReeve: 1\r\n'

# ---- heads: 400 and the end of the connection, the second request never answered ----

cases=(
	"GET /healthz HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n$H\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Content-Length: 0\r\nContent-Length: 5\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Content-Length: +0\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Content-Length: 0x0\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Content-Length : 0\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n"
	"GET /healthz HTTP/1.1\n${H}\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}X: a\nContent-Length: 5\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}X: a\\0b\r\n\r\n"
	"GET /healthz HTTP/1.1\r\n${H}Host: y\r\n\r\n"
	"GET /healthz HTTP/1.1\r\nReeve: 1\r\n\r\n"
	"GET http://x/healthz HTTP/1.1\r\n${H}\r\n"
	"GET /healthz HTTP/2.0\r\n${H}\r\n"
	"GET  /healthz HTTP/1.1\r\n${H}\r\n"
	"CONNECT x:1 HTTP/1.1\r\n${H}\r\n"
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	"GET /v1/whoami HTTP/1.1\r\n${H}Authorization: a\r\nAuthorization: b\r\n\r\n"
)
for i in "${!cases[@]}"; do
	raw "${cases[$i]}" 4 "$i" &
	pids[i]=$!
done
for i in "${!cases[@]}"; do
	wait "${pids[$i]}" 2>/dev/null
	is "case $i: one answer" "$(grep -c '^HTTP/1.1 ' "$w/raw$i")" 1
	is "case $i" "$(head -n 1 "$w/raw$i" | cut -d' ' -f2)" 400
	has "case $i" "$w/raw$i" 'Connection: close'
	has "case $i" "$w/raw$i" 'Reeve: 1'
done
# two requests at a time: the second is not looked at
raw "GET /healthz HTTP/1.1\r\n$H\r\nGET /healthz HTTP/1.1\r\n$H\r\n" 4
is "two at a time" "$([ "$(grep -c '"ok":true' "$w/raw")" -le 1 ] && echo yes)" yes
# one after the other on one connection
ok "keep-alive" curl -sS -v --cacert "$w/ca.crt" "$url/healthz" "$url/healthz"
has "one connection" "$w/err" 'Re-using existing connection'

# ---- sizes ----

head -c 9000 /dev/zero | tr '\0' a >"$w/9k"
op GET /v1/whoami -H "X-A: $(cat "$w/9k")"
status "a long field" 200
op GET /v1/whoami -H "X-A: $(cat "$w/9k")" -H "X-B: $(cat "$w/9k")"
status "a head over 16 KiB" 413
op GET "/v1/hosts?after=$(head -c 3000 "$w/9k")"
is "a long query: $code" "$([ "$code" = 400 ] || [ "$code" = 404 ] && echo yes)" yes
hdr=()
for i in {1..70}; do hdr+=(-H "X-$i: 1"); done
op GET /v1/whoami "${hdr[@]}"
status "too many fields" 400
# the body is judged by its length, before a byte of it: the answer comes while it is still outstanding
raw "POST /v1/hosts HTTP/1.1\r\n${H}Content-Length: 8193\r\n\r\n" 4
is "8193 bytes for a host" "$(head -n 1 "$w/raw" | cut -d' ' -f2)" 413
raw "POST /agent/v1/enroll HTTP/1.1\r\n${H}Content-Length: 1099511627776\r\n\r\n" 4
is "a terabyte" "$(head -n 1 "$w/raw" | cut -d' ' -f2)" 413
raw "POST /nosuch HTTP/1.1\r\n${H}Content-Length: 5\r\n\r\n" 4
is "a body for nobody" "$(head -n 1 "$w/raw" | cut -d' ' -f2)" 404
raw "GET /healthz HTTP/1.1\r\n${H}Content-Length: 1\r\n\r\nx" 4
is "a body where none is taken" "$(head -n 1 "$w/raw" | cut -d' ' -f2)" 413

# ---- names ----

op POST /v1/hosts -d '{"name":"web1.example.net","allow":[]}'
status "a host" 201
for n in "x' or '1'='1" "web1.example.net'--" '..' '.' '%' 'web1.example.net%00' '%2e%2e' '..%2f..%2fetc%2fpasswd' \
    '%ff' 'web1.example.net%0a' 'a%2fb' '"' '*' 'WEB1.example.net%20'; do
	enc=${n// /%20}
	enc=${enc//\'/%27}
	enc=${enc//\"/%22}
	op GET "/v1/hosts/$enc"
	is "name $n: $code" "$([ "$code" = 404 ] || [ "$code" = 400 ] && echo yes)" yes
	op DELETE "/v1/tokens/$enc"
	is "token $n: $code" "$([ "$code" = 404 ] || [ "$code" = 400 ] && echo yes)" yes
	op GET "/v1/hosts?after=$enc"
	is "after $n: $code" "$([ "$code" = 200 ] || [ "$code" = 400 ] && echo yes)" yes
done
for q in 'limit=-1' 'limit=x' 'limit=501' 'limit=1&limit=2' 'limit=' 'limit' "limit=1'" 'state=dead' 'after=a&after=b' 'after=%00'; do
	op GET "/v1/hosts?$q"
	status "?$q" 400
done
for b in '' '[]' '{"name":"x y"}' '{"name":"a","allow":"any"}' '{"name":"a","allow":["1.2.3"]}' '{"name":"a","allow":["10.0.0.1/8"]}' \
    '{"name":"a","allow":[],"role":"admin"}' '{"name":"-a","allow":[]}' '{"name":"a","name":"b","allow":[]}' \
    '{"name":"a","allow":[],"bearer":1}' '{"name":"a","allow":[]}x' '{"name":"a","allow":[],"expires":1e3}'; do
	op POST /v1/hosts -d "$b"
	status "host $b" 400
done
for b in '{"name":"a b","role":"viewer","expires":0}' '{"name":"a","role":"root","expires":0}' '{"name":"a"}' \
    '{"name":"a","role":"viewer","expires":-1}' "{\"name\":\"a'; drop table oper; --\",\"role\":\"viewer\",\"expires\":0}"; do
	op POST /v1/tokens -d "$b"
	status "token $b" 400
done
op POST /v1/hosts -d '{"name":"web1.example.net","allow":[]}'
status "a host twice" 409
op DELETE /v1/tokens/admin
status "the token in use" 409

# pages
for i in 1 2 3 4 5; do op POST /v1/hosts -d "{\"name\":\"p$i.example.net\",\"allow\":[]}"; done
op GET '/v1/hosts?limit=2'
is "a page" "$(jget "$w/body" '$.hosts[1].name') $(jget "$w/body" '$.next')" "p2.example.net p2.example.net"
op GET '/v1/hosts?limit=3&after=p3.example.net'
is "the last page" "$(jget "$w/body" '$.hosts[2].name') $(jget "$w/body" '$.next')" "web1.example.net "
op GET '/v1/hosts?state=online'
is "none is online" "$(jget "$w/body" '$.hosts[0]')" ""

# ---- connections ----

# evhttp sets no TCP_NODELAY: one that is held shows it
sleep 20 | openssl s_client -quiet -CAfile "$w/ca.crt" -connect 127.0.0.1:7440 >"$w/held" 2>&1 &
holder=$!
nodelay() { "$client" nodelay "$ctld" >"$w/nodelay"; }
soon "a connection is held" nodelay
is "TCP_NODELAY on each" "$(sort -u "$w/nodelay")" 1
kill $holder 2>/dev/null

# TLS: nothing older than 1.2, no renegotiation, no resumption
no 1 "" timeout 5 openssl s_client -tls1_1 -connect 127.0.0.1:7440
no 1 "" timeout 5 openssl s_client -tls1 -connect 127.0.0.1:7440
ok "TLS 1.2" curl -sS --tls-max 1.2 --cacert "$w/ca.crt" "$url/healthz"
openssl s_client -connect 127.0.0.1:7440 -CAfile "$w/ca.crt" </dev/null >"$w/s" 2>&1
hasnot "no ticket" "$w/s" 'session ticket'
has "the chain verifies" "$w/s" 'Verify return code: 0 (ok)'
is "the CA is sent too" "$(openssl s_client -showcerts -connect 127.0.0.1:7440 </dev/null 2>/dev/null | grep -c 'BEGIN CERT')" 2
code=$(curl -sS -m 5 -o "$w/body" -w '%{http_code}' "http://127.0.0.1:7440/healthz" 2>/dev/null)
is "no plain text" "$code" 000

# a client that begins a handshake and stops is closed; so is one that drips a head
exec 7<>/dev/tcp/127.0.0.1/7440
printf '\026\003\001' >&7
gone7() {
	local rc=0
	read -rt 0.1 -u 7 _ || rc=$?
	[ $rc -eq 1 ]
}
t0=$SECONDS
soon "a handshake that does not go on" gone7
is "after about 10 s" "$([ $((SECONDS - t0)) -ge 8 ] && echo yes)" yes
exec 7>&-
t0=$SECONDS
{ printf 'GET /healthz HTTP/1.1\r\n'; for i in {1..25}; do sleep 1; printf 'X: %s\r\n' "$i"; done; } |
    timeout 40 openssl s_client -quiet -CAfile "$w/ca.crt" -connect 127.0.0.1:7440 >"$w/drip" 2>&1
is "a head that drips is cut" "$([ $((SECONDS - t0)) -lt 24 ] && [ ! -s "$w/drip.ok" ] && echo yes)" yes
hasnot "and not answered" "$w/drip" '200 OK'
ok "it lives" healthy
finish
