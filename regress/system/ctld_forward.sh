#!/bin/bash
# Attack forged-proxy-headers: a forwarding header counts from the proxies that ctld.conf names, and from nobody else;
# a named proxy without a good one is nobody. Loopback has addresses enough to be all of them.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
cat >>"$s/etc/ctld.conf" <<-CONF
	proxy 127.0.1.0/24 X-Forwarded-For
	proxy 127.0.2.1 CF-Connecting-IP
	proxy 127.0.3.1 Forwarded
CONF
kill -HUP "$ctld"
soon "reloaded" grep -q reloaded "$w/log"
op POST /v1/hosts/web1.example.net/allow -d '{"allow":["192.0.2.7","2001:db8::/32"]}'
status "allowed from there only" 200

client=$BUILD/regress/unit/ctld_client
boot=11111111-2222-4333-8444-555555555555
"$client" beat web1.example.net $boot 1 00112233445566778899aabbccddeeff >"$w/beat"

# from SOURCE CODE WORD [HEADER...]: a heartbeat; WORD is the error's code, or the address that was seen
from() {
	local src=$1 want=$2 word=$3 hdr=() x
	shift 3
	for x in "$@"; do hdr+=(-H "$x"); done
	agent 1 POST /heartbeat --interface "$src" --data-binary "@$w/beat" "${hdr[@]}"
	status "from $src with ${*:-nothing}" "$want"
	is "from $src with ${*:-nothing}" "$(jget "$w/body1" "$([ "$want" = 200 ] && echo '$.seen_address' || echo '$.error.code')")" "$word"
}

# nobody's header counts
from 127.0.0.1 403 address_not_allowed
from 127.0.0.1 403 address_not_allowed 'X-Forwarded-For: 192.0.2.7'
from 127.0.0.1 403 address_not_allowed 'CF-Connecting-IP: 192.0.2.7'
from 127.0.0.1 403 address_not_allowed 'Forwarded: for=192.0.2.7'
from 127.0.2.2 403 address_not_allowed 'CF-Connecting-IP: 192.0.2.7'

# X-Forwarded-For: the last that is no proxy of ours, over all lines
from 127.0.1.1 200 192.0.2.7 'X-Forwarded-For: 192.0.2.7'
from 127.0.1.1 200 192.0.2.7 'X-Forwarded-For: 198.51.100.1, 192.0.2.7'
from 127.0.1.1 200 192.0.2.7 'X-Forwarded-For: 198.51.100.1' 'X-Forwarded-For: 192.0.2.7'
from 127.0.1.1 200 192.0.2.7 'X-Forwarded-For: 192.0.2.7, 127.0.1.9'
from 127.0.1.1 200 192.0.2.7 'X-Forwarded-For: 192.0.2.7:4711'
from 127.0.1.1 200 2001:db8::1 'X-Forwarded-For: 2001:db8::1'
from 127.0.1.1 403 address_not_allowed 'X-Forwarded-For: 192.0.2.7, 198.51.100.1'
from 127.0.1.1 403 address_not_allowed 'X-Forwarded-For: 192.0.2.7' 'X-Forwarded-For: 198.51.100.1'
from 127.0.1.1 403 address_not_allowed 'X-Forwarded-For: 192.0.2.8'

# the proxy says nothing, or nonsense, or another header: nobody knows
from 127.0.1.1 403 address_unknown
for v in '' ' ' ',' '192.0.2.7,' '192.0.2.7, ' unknown 192.0.2 192.0.2.7x '192.0.2.7 192.0.2.8' 192.0.2.7/32 127.0.1.9 \
    '127.0.1.9, 127.0.1.8' '192.0.2.7:x' '[192.0.2.7' '0xc0.0.2.7' '192.0.02.7'; do
	from 127.0.1.1 403 address_unknown "X-Forwarded-For;" "X-Forwarded-For: $v"
done
from 127.0.1.1 403 address_unknown 'Forwarded: for=192.0.2.7' 'CF-Connecting-IP: 192.0.2.7'

# CF-Connecting-IP
from 127.0.2.1 200 192.0.2.7 'CF-Connecting-IP: 192.0.2.7'
from 127.0.2.1 200 2001:db8::7 'CF-Connecting-IP: 2001:db8::7' 'X-Forwarded-For: 198.51.100.1'
from 127.0.2.1 403 address_unknown
from 127.0.2.1 403 address_unknown 'X-Forwarded-For: 192.0.2.7'
from 127.0.2.1 403 address_unknown 'CF-Connecting-IP: 192.0.2.7, 192.0.2.8'
from 127.0.2.1 403 address_unknown 'CF-Connecting-IP: 127.0.2.1'
agent 1 POST /heartbeat --interface 127.0.2.1 --data-binary "@$w/beat" -H 'CF-Connecting-IP: 192.0.2.7' -H 'CF-Connecting-IP: 192.0.2.7'
status "the header twice" 400

# Forwarded
from 127.0.3.1 200 192.0.2.7 'Forwarded: for=192.0.2.7'
from 127.0.3.1 200 192.0.2.7 'Forwarded: for=198.51.100.1, for=192.0.2.7;proto=https;by=203.0.113.1'
from 127.0.3.1 200 192.0.2.7 'Forwarded: proto=https; For="192.0.2.7:4711"'
from 127.0.3.1 200 2001:db8::1 'Forwarded: for="[2001:db8::1]:4711"'
from 127.0.3.1 403 address_not_allowed 'Forwarded: for=192.0.2.7, for=198.51.100.1'
from 127.0.3.1 403 address_unknown
from 127.0.3.1 403 address_unknown 'Forwarded: for=unknown'
from 127.0.3.1 403 address_unknown 'Forwarded: for=_hidden'
from 127.0.3.1 403 address_unknown 'Forwarded: by=192.0.2.7'
from 127.0.3.1 403 address_unknown 'Forwarded: for=192.0.2.7;for=198.51.100.1'
from 127.0.3.1 403 address_unknown 'Forwarded: for=192.0.2.7, by=203.0.113.1'

# operators too: a proxy that does not say who calls is no operator
op GET /v1/whoami --interface 127.0.1.1
status "an operator through a silent proxy" 403
op GET /v1/whoami --interface 127.0.1.1 -H 'X-Forwarded-For: 198.51.100.1'
status "an operator through a proxy" 200
finish
