#!/bin/bash
# Attack enrolment-abuse, at the host: reevectl enroll, a real control plane, and everything that can be wrong: the token, the address, the server, its
# certificates, the host's name, what agent.conf says already. Nothing is sent to a server that is not proved, nothing
# is written by an enrolment that fails, and the agent runs on what one that works has written.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
. "$(dirname "$0")/onehost.bash"
fakes=()
enroll_cleanup() {
	local p
	for p in "${fakes[@]}"; do kill "$p" 2>/dev/null; done
	onehost_cleanup
}
# what agent_up asks for the online key
reeve() { printf '{"online_key":"%s"}\n' "$(sed -n 2p "$s/sign/online.pub")"; }

# host_add NAME [ALLOW [BEARER [EXPIRES]]]: $etoken
host_add() {
	op POST /v1/hosts -d "{\"name\":\"$1\",\"allow\":[${2:-}],\"bearer\":${3:-false},\"expires\":${4:-3600}}"
	status "host $1 is added" 201
	etoken=$(jget "$w/body" '$.token')
}
# host_secret NAME: a new $etoken for a host that is there
host_secret() {
	op POST "/v1/hosts/$1/secret" -d '{"expires":3600}'
	etoken=$(jget "$w/body" '$.token')
}
en() { "$BUILD/reevectl" -s "$h/run/control.sock" enroll -f "$h/etc/agent.conf" "$@"; }
# refuses CODE WORDS ARG...: and nothing is written
refuses() {
	cp "$h/etc/agent.conf" "$w/conf.before"
	no "$1" "$2" en "${@:3}"
	is "agent.conf after \"$2\"" "$(cmp "$w/conf.before" "$h/etc/agent.conf" && echo same)" same
	is "no key after \"$2\"" "$(find "$h/etc/tls" -name '*.key' 2>/dev/null | wc -l)" "${keys:-0}"
}
ca=
# token PORT SECRET [CA]
token() { echo "reeve1,https://127.0.0.1:$1,${3:-$ca},$2"; }
# fake PORT CERT ANSWER: a TLS server that answers all with the file ANSWER; what it was sent is in $w/sent
fake() {
	: >"$w/sent"
	socat "OPENSSL-LISTEN:$1,bind=127.0.0.1,reuseaddr,fork,cert=$2,verify=0" \
	    SYSTEM:"head -n 1 >>$w/sent; cat $3" 2>>"$w/socat.err" &
	fakes+=($!)
	soon "a server at $1" listens "$1"
}
listens() { ss -ltnH "sport = :$1" | grep -q .; }
nothing_sent() { is "$1: nothing was sent" "$(wc -c <"$w/sent")" 0; }

# bundle FILE: the distribution's bundle is FILE, until /etc/ssl is unmounted
bundle() {
	mount -t tmpfs -o mode=755 none /etc/ssl || fail "no tmpfs on /etc/ssl"
	install -D -m 644 "$1" /etc/ssl/certs/ca-certificates.crt
}

site_up
trap enroll_cleanup EXIT
ca=sha256:$(openssl x509 -in "$w/ca.crt" -outform DER | sha256sum | cut -c1-64)
secret=$(printf 'a%.0s' {1..48})

# ---- before the agent was ever started ----
h=$w/host
mkdir -m 755 "$h" "$h/etc"
printf 'state-dir %s\n' "$h/state" >"$h/etc/agent.conf"
refuses 3 "start reeve-privd first" "$(token 7440 "$secret")"
rm -r "$h"
agent_up
trap enroll_cleanup EXIT

# ---- tokens that are none ----
refuses 2 "plaintext" "reeve1,http://127.0.0.1:7440,$ca,$secret"
refuses 2 "32 hex digits are a host id, which is no secret" "$(token 7440 00112233445566778899aabbccddeeff)"
refuses 2 "32 hex digits are a host id" 00112233445566778899aabbccddeeff
refuses 2 "the secret alone" "$secret"
refuses 2 "cut" "$(token 7440 "${secret%aaa}")"
refuses 2 "48 lower-case hex digits" "$(token 7440 "${secret%a}G")"
refuses 2 "cut" "reeve1,https://127.0.0.1:7440,$ca"
refuses 2 "a token begins with" "hello"
refuses 2 "\"local\"" -n local "$(token 7440 "$secret")"
refuses 2 "no host name" --hostname 'a_b' "$(token 7440 "$secret")"

# ---- servers that are none ----
refuses 3 "no control plane can be reached" "$(token 7001 "$secret")"
refuses 3 "no control plane can be reached" "reeve1,https://nosuch.invalid,$ca,$secret"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout "$w/f.key" -out "$w/f.csr" 2>/dev/null
certify() { "$s/reeve-sign" certify-server -D "$s/sign" "$@" <"$w/f.csr"; }
{ certify --name 127.0.0.1; cat "$w/ca.crt" "$w/f.key"; } >"$w/right.pem"
{ certify --name ctl.example.net; cat "$w/ca.crt" "$w/f.key"; } >"$w/name.pem"
openssl req -x509 -key "$w/f.key" -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 9 -out "$w/own.crt" 2>/dev/null
# somebody in between shows the real CA's certificate, which is public, beside his own
cat "$w/own.crt" "$w/ca.crt" "$w/f.key" >"$w/between.pem"
cat "$w/own.crt" "$w/f.key" >"$w/own.pem"
printf 'HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>' >"$w/html"
printf 'HTTP/1.1 302 Found\r\nReeve: 1\r\nLocation: https://127.0.0.1:7440/\r\nContent-Length: 0\r\n\r\n' >"$w/redirect"
printf 'HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{' >"$w/short"
printf 'HTTP/1.1 200 OK\r\nReeve: 1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}' >"$w/empty"
fake 7002 "$w/right.pem" "$w/html"
refuses 3 "not a reeve control plane" "$(token 7002 "$secret")"
is "it was asked" "$(cat "$w/sent")" $'POST /agent/v1/enroll HTTP/1.1\r'
fake 7003 "$w/right.pem" "$w/redirect"
refuses 3 "HTTP 302" "$(token 7003 "$secret")"
fake 7004 "$w/right.pem" "$w/short"
refuses 3 "127.0.0.1:7004" "$(token 7004 "$secret")"
fake 7005 "$w/right.pem" "$w/empty"
refuses 3 "cannot be used" "$(token 7005 "$secret")"
fake 7006 "$w/own.pem" "$w/html"
refuses 4 "wrong CA" "$(token 7006 "$secret")"
nothing_sent "wrong CA"
fake 7007 "$w/between.pem" "$w/html"
refuses 3 "nothing was sent" "$(token 7007 "$secret")"
nothing_sent "the right CA beside a certificate that is not its"
fake 7008 "$w/name.pem" "$w/html"
refuses 3 "nothing was sent" "$(token 7008 "$secret")"
nothing_sent "another server's name"
bundle "$w/own.crt"
refuses 3 "nothing was sent" "$(token 7440 "$secret" bundle)"
umount /etc/ssl

# ---- the control plane says no ----
refuses 4 "unauthorized" "$(token 7440 "$secret")"
host_add web1.example.net
refuses 4 "its secret is another" "${etoken%?????}00000"
refuses 4 "wrong CA" "${etoken/sha256:?????/sha256:00000}"
sed -i 's/^hostname .*/hostname web9.example.net/' "$h/etc/agent.conf"
refuses 4 "another host name" "$etoken"
sed -i 's/^hostname .*/hostname web1.example.net/' "$h/etc/agent.conf"
op DELETE /v1/hosts/web1.example.net
host_add web1.example.net '"192.0.2.0/24"'
refuses 4 "not among those allowed" "$etoken"
op DELETE /v1/hosts/web1.example.net
host_add web1.example.net
sqlite3 "$s/state/ctld.db" "update enrolment set expires = unixepoch() - 1 where used = 0"
refuses 4 "used or has expired" "$etoken"
op DELETE /v1/hosts/web1.example.net
host_add web1.example.net

# ---- another site's fleet, another id ----
cp "$h/etc/agent.conf" "$w/plain.conf"
echo "fleet 00000000000000000000000000000001
host 00000000000000000000000000000002 web1.example.net" >>"$h/etc/agent.conf"
refuses 4 "control planes of one host belong to one fleet" "$etoken"
cp "$w/plain.conf" "$h/etc/agent.conf"
host_secret web1.example.net

# ---- it works: the token from a file, so that it is in nobody's process list ----
echo "$etoken" >"$w/token"
ok "enrolled" en -n main "$w/token"
cp "$w/out" "$w/said"
is "what it says" "$(grep -c '^enrolled: host [0-9a-f]* web1.example.net, fleet '"$fleet" "$w/out")" 1
is "the agent knows at once" "$(grep -c 'read its configuration again' "$w/out")" 1
is "modes" "$(cd "$h/etc/tls" && stat -c '%a %n' . ./* | sort | tr '\n' ' ')" "600 ./main.key 644 ./main-ca.pem 644 ./main.crt 700 . "
ok "the CA's certificate" openssl verify -CAfile "$w/ca.crt" -purpose sslclient "$h/etc/tls/main.crt"
is "key and certificate" "$(openssl pkey -in "$h/etc/tls/main.key" -pubout)" "$(openssl x509 -in "$h/etc/tls/main.crt" -pubkey -noout)"
is "the section" "$(sed -n '/^\[server main\]/,$p' "$h/etc/agent.conf" | tr '\n' ' ')" \
    "[server main] url $url ca $h/etc/tls/main-ca.pem cert $h/etc/tls/main.crt key $h/etc/tls/main.key "
is "the fleet" "$(sed -n 's/^fleet //p' "$h/etc/agent.conf")" "$fleet"
ok "the configuration holds" "$BUILD/reeve-privd" -n -f "$h/etc/agent.conf"
op GET /v1/hosts/web1.example.net
print=$(jget "$w/body" '$.host.fingerprint')
is "the fingerprint is the control plane's" "$("$BUILD/reevectl" -s "$h/run/control.sock" fingerprint | head -n 1)" "$print"
is "which enroll has said" "$(grep -cxF "    $print" "$w/said")" 1
online() { op GET /v1/hosts/web1.example.net && [ "$(jget "$w/body" '$.host.state')" = online ]; }
soon "the host is online" online
is "no secret in the logs" "$(grep -c "${etoken##*,}" "$h/log" "$w/log" | grep -vc ':0$')" 0
keys=1
refuses 4 "used or has expired" "$etoken"

# ---- again, by a new secret: new files, the old ones gone; from standard input ----
id=$(sed -n 's/^host \([0-9a-f]*\) .*/\1/p' "$h/etc/agent.conf")
host_secret web1.example.net
cp "$h/etc/tls/main.key" "$w/old.key"
checks=$((checks + 1))
echo "$etoken" | en -n main - >"$w/out" 2>&1 || fail "enrolled again: $(cat "$w/out")"
is "the same host" "$(sed -n 's/^host \([0-9a-f]*\) .*/\1/p' "$h/etc/agent.conf")" "$id"
is "one section" "$(grep -c '^\[server' "$h/etc/agent.conf")" 1
is "new files alone" "$(cd "$h/etc/tls" && echo *)" "main+2-ca.pem main+2.crt main+2.key"
is "another key" "$(cmp -s "$w/old.key" "$h/etc/tls/main+2.key" && echo same)" ""
ok "the configuration holds" "$BUILD/reeve-privd" -n -f "$h/etc/agent.conf"
# the name stands for another control plane
host_secret web1.example.net
sed -i "s|^url .*|url https://other.example.net|" "$h/etc/agent.conf"
refuses 2 "take another name by -n" -n main "$etoken"
sed -i "s|^url .*|url $url|" "$h/etc/agent.conf"

# ---- a host behind a proxy that ends TLS: a standing secret in place of a certificate ----
op DELETE /v1/hosts/web1.example.net
host_add web1.example.net '' true
sed -i '/^fleet /d; /^host /d; /^\[server/,$d' "$h/etc/agent.conf"
ok "enrolled with a standing secret" en -n main "$etoken"
is "its file" "$(cd "$h/etc/tls" && stat -c '%a %s %n' main.bearer)" "600 49 main.bearer"
is "no key is kept" "$(find "$h/etc/tls" -name '*.key' | wc -l)" 0
ok "the configuration holds" "$BUILD/reeve-privd" -n -f "$h/etc/agent.conf"

# ---- a control plane with a public certificate ----
op DELETE /v1/hosts/web1.example.net
host_add web1.example.net
sed -i '/^fleet /d; /^host /d; /^\[server/,$d' "$h/etc/agent.conf"
bundle "$w/ca.crt"
ok "enrolled by the bundle" en -n main "${etoken/sha256:*,/bundle,}"
umount /etc/ssl
is "what verifies it" "$(sed -n 's/^ca //p' "$h/etc/agent.conf")" bundle
is "no CA of its own" "$(find "$h/etc/tls" -name '*-ca.pem' | wc -l)" 0
finish
