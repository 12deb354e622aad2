#!/bin/bash
# Attack enrolment-abuse: what a token must not do: twice, late, for another name or from elsewhere, without its
# secret, with a stolen database; and two machines on one identity.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
client=$BUILD/regress/unit/ctld_client
db=$s/state/ctld.db

# host_add NAME [MORE JSON]: $token is its enrolment token
host_add() {
	op POST /v1/hosts -d "{\"name\":\"$1\",\"allow\":[]${2:-}}"
	status "host $1 is added" 201
	etoken=$(jget "$w/body" '$.token')
}
# csr FILE
csr() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=whatever -keyout "$1.key" -out "$1.csr" 2>/dev/null
}
# enroll TOKEN NAME FILE: its body; post: sends it
enroll() { "$client" enroll "$1" "$2" "$3.csr" >"$3.json" || fail "no body for $2"; }
post() {
	local f=$1
	shift
	code=$(curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' -H 'Reeve: 1' --data-binary "@$f" "$@" \
	    "$url/agent/v1/enroll" 2>"$w/curl.err")
}
why() { is "$1" "$(jget "$w/body" '$.error.code')" "$2"; }

for n in 1 2 3 4 6 7; do csr "$w/k$n"; done

# the right way, and the very same request again
host_add one.example.net
enroll "$etoken" ONE.example.net "$w/k1"
post "$w/k1.json"
status "enrolled, its name in capitals" 200
jget "$w/body" '$.cert' >"$w/one.crt"
ok "by the site's CA" openssl verify -CAfile "$w/ca.crt" -purpose sslclient "$w/one.crt"
post "$w/k1.json"
status "the same request again" 200
jget "$w/body" '$.cert' >"$w/again.crt"
ok "the same certificate" cmp "$w/one.crt" "$w/again.crt"

# used: another request
enroll "$etoken" one.example.net "$w/k2"
post "$w/k2.json"
status "a used token" 410
why "a used token" gone

# another name; the token is not used up by that
host_add two.example.net
enroll "$etoken" one.example.net "$w/k2"
post "$w/k2.json"
status "another name" 403
why "another name" hostname_mismatch
is "not one's own CN either" "$(openssl x509 -in "$w/one.crt" -noout -subject | grep -c whatever)" 0

# the secret's proof: each of another secret, a changed request, no MAC
enroll "$etoken" two.example.net "$w/k2"
for prog in 's/"mac":"[0-9a-f]/"mac":"g/' 's/"mac":"[0-9a-f]*"/"mac":""/' 's/,"mac":"[0-9a-f]*"//'; do
	sed "$prog" "$w/k2.json" >"$w/bad.json"
	post "$w/bad.json"
	status "$prog" 400
done
sed 's/"mac":"[0-9a-f]*"/"mac":"'"$(printf '%064d' 0)"'"/' "$w/k2.json" >"$w/bad.json"
post "$w/bad.json"
status "a MAC of zeros" 401
mac=$(grep -o '"mac":"[0-9a-f]*"' "$w/k2.json")
enroll "$etoken" two.example.net "$w/k1"
sed "s/\"mac\":\"[0-9a-f]*\"/$mac/" "$w/k1.json" >"$w/bad.json"
post "$w/bad.json"
status "one request's MAC on another" 401
sed 's/"token":"[0-9a-f]*"/"token":"'"$(printf '%032d' 0)"'"/' "$w/k2.json" >"$w/bad.json"
post "$w/bad.json"
status "an unknown token" 401
post "$w/k2.json" -H 'Reeve: 0'
status "two fields Reeve" 400
code=$(curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' --data-binary "@$w/k2.json" "$url/agent/v1/enroll")
status "no field Reeve" 426

# a request that is none, and keys that are none
for prog in 's/BEGIN CERT/BEGIN KERT/' 's/^MI/AA/' '2d' 's/-----END/----END/'; do
	sed "$prog" "$w/k2.csr" >"$w/bad.csr"
	enroll "$etoken" two.example.net "$w/bad"
	post "$w/bad.json"
	is "$prog: refused: $code" "$([ "$code" = 422 ] || [ "$code" = 400 ] && echo yes)" yes
done
openssl req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout "$w/rsa.key" -out "$w/rsa.csr" 2>/dev/null
enroll "$etoken" two.example.net "$w/rsa"
post "$w/rsa.json"
status "an RSA key" 422

# the token is still good for the right one
enroll "$etoken" two.example.net "$w/k2"
post "$w/k2.json"
status "the right one at last" 200

# one key for two hosts: the signer refuses
host_add again.example.net
enroll "$etoken" again.example.net "$w/k2"
post "$w/k2.json"
status "a key that another host has" 422

# a stolen database holds no secret: what it has does not enroll anybody
host_add three.example.net
secret=${etoken##*,}
sqlite3 "$db" "select hex(hash), id from enrolment" >"$w/stolen"
is "the secret is not in it" "$(grep -rciF "$secret" "$w/stolen")" 0
hasnot "nor anywhere in the files" "$db" "$secret"
hasnot "nor in the log of writes" "$db-wal" "$secret"
hasnot "nor the operator's token" "$db" "$admin"
hasnot "nor in ctld's log" "$w/log" "$secret"

# expired
op POST /v1/hosts -d '{"name":"late.example.net","allow":[],"expires":59}'
status "an expiry below a minute" 400
host_add late.example.net ',"expires":60'
sqlite3 "$db" "update enrolment set expires = unixepoch() - 1 where used = 0 and host = (select row from host where name = 'late.example.net')"
enroll "$etoken" late.example.net "$w/k2"
post "$w/k2.json"
status "expired" 410
op POST /v1/hosts/late.example.net/secret -d '{}'
status "a new secret" 200
old=$etoken
etoken=$(jget "$w/body" '$.token')
enroll "$old" late.example.net "$w/k2"
post "$w/k2.json"
status "the old secret is gone" 401
op POST /v1/hosts/late.example.net/revoke -d '{}'
enroll "$etoken" late.example.net "$w/k2"
post "$w/k2.json"
status "a revoked host's token" 401
op POST /v1/hosts/late.example.net/secret -d '{}'
status "no secret for a revoked host" 409

# from elsewhere
op POST /v1/hosts -d '{"name":"four.example.net","allow":["127.0.0.9"]}'
etoken=$(jget "$w/body" '$.token')
enroll "$etoken" four.example.net "$w/k4"
post "$w/k4.json" --interface 127.0.0.8
status "not from there" 403
why "not from there" address_not_allowed
post "$w/k4.json" --interface 127.0.0.9
status "from there" 200

# a bearer host: its secret once, hashed; no certificate
host_add five.example.net ',"bearer":true'
enroll "$etoken" five.example.net "$w/k4"
post "$w/k4.json" --interface 127.0.0.5
status "a bearer host" 200
bearer=$(jget "$w/body" '$.bearer')
is "its secret" "$(grep -cE '^[0-9a-f]{48}$' <<<"$bearer")" 1
is "no certificate" "$(jget "$w/body" '$.cert')" ""
post "$w/k4.json" --interface 127.0.0.5
status "its secret is not shown again" 410
hasnot "hashed" "$db-wal" "$bearer"
"$client" beat five.example.net 11111111-1111-4111-8111-111111111111 1 00112233445566778899aabbccddeeff >"$w/beat5"
beat5() {
	code=$(curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' -H 'Reeve: 1' -H 'Host-Name: five.example.net' \
	    --interface 127.0.0.5 -H "Authorization: Bearer $1" --data-binary "@$w/beat5" "$url/agent/v1/heartbeat")
}
beat5 "$bearer"
status "a heartbeat by it" 200
beat5 "$(tr 0-9 1-90 <<<"$bearer")"
status "by another" 401
# its certificate-less identity is no certificate's: each credential is of one kind
op GET /v1/whoami -H "Authorization: Bearer $bearer"
is "no operator" "$(jget "$w/body" '$.role')" "$(printf '')"

# too many wrong ones from one address wait; a good one from there still passes
for _ in 1 2 3 4 5 6 7 8 9 10 11; do beat5 "$(printf '%048d' 0)"; done
status "too many" 429
why "too many" too_many
beat5 "$bearer"
status "a good one from the same address" 200

# a certificate that was replaced by a new enrolment ends
agent_new 1 six.example.net
"$client" beat six.example.net 11111111-1111-4111-8111-111111111111 5 00112233445566778899aabbccddeeff >"$w/b1"
agent 1 POST /heartbeat --data-binary "@$w/b1"
status "host six lives" 200
op POST /v1/hosts/six.example.net/secret -d '{}'
enroll "$(jget "$w/body" '$.token')" six.example.net "$w/k6"
post "$w/k6.json"
status "enrolled again" 200
agent 1 POST /heartbeat --data-binary "@$w/b1"
status "the certificate of before" 401
jget "$w/body" '$.cert' >"$w/a1.crt"
cp "$w/k6.key" "$w/a1.key"

# ---- a clone ----

# beat BOOT SEQ CHAIN CODE
beat() {
	"$client" beat six.example.net "$1" "$2" "$3" >"$w/b1"
	agent 1 POST /heartbeat --data-binary "@$w/b1"
	status "boot ${1:0:4}, seq $2" "$4"
}
b1=11111111-1111-4111-8111-111111111111 b2=22222222-1111-4111-8111-111111111111 b3=33333333-1111-4111-8111-111111111111
c1=00112233445566778899aabbccddeeff c2=ff112233445566778899aabbccddeeff
clone_ends() {
	agent 1 POST /claim -d '{"free":1,"kinds":[]}'
	status "no jobs" 409
	is "why" "$(jget "$w/body1" '$.error.code')" clone_detected
	op GET /v1/hosts/six.example.net
	is "it is marked" "$(jget "$w/body" '$.host.clone')" 1
	op POST /v1/hosts/six.example.net/unclone -d '{}'
	status "unclone" 200
}
beat $b1 5 $c1 200
beat $b1 6 $c2 200
beat $b2 7 $c1 200
beat $b1 8 $c1 409 # the boot before comes back
beat $b2 8 $c1 409
clone_ends
beat $b2 9 $c1 200
beat $b2 9 $c1 200
beat $b2 9 $c2 409 # another trail at the same place
clone_ends
beat $b3 9 $c1 200
beat $b3 8 $c1 409 # back
clone_ends
# a new enrolment ends it too
beat $b3 9 $c1 200
beat $b3 8 $c1 409
op POST /v1/hosts/six.example.net/secret -d '{}'
enroll "$(jget "$w/body" '$.token')" six.example.net "$w/k7"
post "$w/k7.json"
status "enrolled again" 200
jget "$w/body" '$.cert' >"$w/a1.crt"
cp "$w/k7.key" "$w/a1.key"
beat $b3 1 $c1 200

# renamed: the old name is nobody's, the new one must be said
op POST /v1/hosts/six.example.net/rename -d '{"name":"seven.example.net"}'
status "renamed" 200
beat $b3 2 $c1 403
is "why" "$(jget "$w/body1" '$.error.code')" hostname_mismatch
agent 1 POST /claim -d '{"free":1,"kinds":[]}'
status "no jobs under the old name" 403
is "why" "$(jget "$w/body1" '$.error.code')" hostname_mismatch
op POST /v1/hosts/seven.example.net/revoke -d '{}'
echo seven.example.net >"$w/a1.name"
beat $b3 3 $c1 403
is "why" "$(jget "$w/body1" '$.error.code')" revoked
op DELETE /v1/hosts/seven.example.net
status "removed" 200
beat $b3 4 $c1 401
finish
