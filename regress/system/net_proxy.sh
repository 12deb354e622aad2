#!/bin/bash
# Hosts that do not reach the control plane straight: one behind an HTTP proxy that it asks to CONNECT, one that calls by
# a reverse proxy that ends TLS (a real HAProxy, with a path prefix and X-Forwarded-For) and proves itself by a bearer
# secret. And one host with two ways to one control plane: a ticket runs once.
# regress: timeout 180
# shellcheck disable=SC1091,SC2154,SC2034
. "$(dirname "$0")/net.bash"
command -v haproxy >/dev/null || { echo "skipped: no haproxy"; exit 77; }
site_up "heartbeat 1"
netns_new px 10.66.0.9
proxies=()
proxies_end() { local p; for p in "${proxies[@]}"; do kill -KILL "$p" && wait "$p"; done 2>/dev/null; }
trap 'proxies_end; net_cleanup' EXIT

# ---- a proxy that speaks CONNECT, and writes down to whom ----
cat >"$w/connect" <<S
#!/bin/bash
head=
while IFS= read -r line && [ "\${line%\$'\r'}" != "" ]; do head=\${head:-\$line}; done
echo "\${head%\$'\r'}" >>$w/connects
set -- \$head
[ "\$1" = CONNECT ] || { printf 'HTTP/1.1 405 No\r\n\r\n'; exit; }
printf 'HTTP/1.1 200 Connected\r\n\r\n'
exec socat - "TCP:\$2"
S
chmod 755 "$w/connect"
: >"$w/connects"
nsenter "--net=$w/ns-px" -- socat TCP-LISTEN:3128,reuseaddr,fork "EXEC:$w/connect" 2>"$w/socat.log" &
proxies+=($!)
listens() { in_ns px ss -tln | grep -q ":$1 "; }
soon "the proxy listens" listens 3128

host_make web1.example.net 10.66.0.2
echo "proxy 10.66.0.9:3128" >>"$h/etc/agent.conf"
ok "a host that may call from the proxy alone" op host add web1.example.net --allow 10.66.0.9
grep -o 'reeve1,[^ ]*' "$w/out" >"$w/token1"
ok "enrolled through the proxy" enroll "$w/token1"
hid[web1.example.net]=$(sed -n 's/^host \([0-9a-f]*\) .*/\1/p' "$h/etc/agent.conf")
ok "reload" ctl reload
soon "online through the proxy" state_is web1.example.net online
has "the proxy was asked for the control plane" "$w/connects" "CONNECT 10.66.0.1:7440 HTTP/1.1"
ok "seen from the proxy" op host show web1.example.net
has "seen from the proxy" "$w/out" "10.66.0.9"
pin() { op roster pin --fingerprint "$(ctl fingerprint | grep -oE '[a-z2-7]{4}(-[a-z2-7]{4}){4}')" "$name"; }
ok "pinned" pin
ok "a job through the proxy" op ping web1.example.net

# ---- a reverse proxy that ends TLS ----
openssl ecparam -name prime256v1 -genkey -noout -out "$w/px.key" 2>"$w/err"
openssl req -new -key "$w/px.key" -subj /CN=px -out "$w/px.csr" 2>"$w/err"
"$s/reeve-sign" certify-server -D "$s/sign" --name 10.66.0.9 <"$w/px.csr" >"$w/px.crt" 2>"$w/err" ||
    fail "certify-server: $(cat "$w/err")"
cat "$w/px.crt" "$s/sign/ca.crt" "$w/px.key" >"$w/px.pem"
cat >"$w/haproxy.cfg" <<S
defaults
	mode http
	timeout connect 5s
	timeout client 70s
	timeout server 70s
frontend reeve
	bind 10.66.0.9:8443 ssl crt $w/px.pem
	http-request deny unless { path_beg /site/reeve/ }
	http-request replace-path /site/reeve(/.*) \1
	http-request del-header X-Forwarded-For
	option forwardfor
	default_backend ctld
backend ctld
	server ctld 10.66.0.1:7440 ssl verify required ca-file $s/sign/ca.crt
S
nsenter "--net=$w/ns-px" -- haproxy -f "$w/haproxy.cfg" -db >"$w/haproxy.log" 2>&1 &
proxies+=($!)
soon "the reverse proxy listens" listens 8443
sed -i 's|^public-url .*|public-url https://10.66.0.9:8443/site/reeve|' "$s/etc/ctld.conf"
echo 'proxy 10.66.0.9 X-Forwarded-For' >>"$s/etc/ctld.conf"
kill -HUP "$ctld"
reloaded() { grep -q 'reloaded' "$w/site.log"; }
soon "reeve-ctld has read it" reloaded

host_make web2.example.net 10.66.0.3
ok "a host by bearer" op host add web2.example.net --bearer --allow 10.66.0.3
grep -o 'reeve1,[^ ]*' "$w/out" >"$w/token2"
has "its token names the proxy and the prefix" "$w/token2" "https://10.66.0.9:8443/site/reeve,"
ok "enrolled through the reverse proxy" enroll "$w/token2"
hid[web2.example.net]=$(sed -n 's/^host \([0-9a-f]*\) .*/\1/p' "$h/etc/agent.conf")
has "agent.conf names a bearer secret" "$h/etc/agent.conf" "bearer "
bearer=$(sed -n 's/^bearer //p' "$h/etc/agent.conf")
is "which is root's" "$(stat -c '%u %a' "$bearer")" "0 600"
ok "reload" ctl reload
soon "online through the reverse proxy" state_is web2.example.net online
ok "seen as itself" op host show web2.example.net
has "seen as itself, not as the proxy" "$w/out" "10.66.0.3"
ok "pinned" pin
script out <<<'seq 1 50000'
ok "reload" ctl reload
ok "a job with output through the reverse proxy" op run web2.example.net out
is "the output, whole" "$(seq 1 50000 | sha256sum)" "$(sha256sum <"$w/out")"
ok "a move of the allow list" op host allow web2.example.net 10.66.0.77
refused() { grep -q 'address_not_allowed' "$h/log"; }
soon "it is refused by its own address behind the proxy, and says so" refused
ok "and back" op host allow web2.example.net 10.66.0.3

# the first host calls the proxy's port 3128 only: it is no named header's proxy there, so its call is nobody's now
unknown() { grep -q 'address_unknown' "$w/web1.example.net/log"; }
soon "a named proxy that does not say whose call it is" unknown
finish
