#!/bin/bash
# haproxy.show and haproxy.server through the real executor against a real HAProxy, run in a
# directory of the test's own; then against impostors that answer late, never, or nonsense.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
step=$build/regress/sandbox/execstep
[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
[ -x "$step" ] || { echo "$step: is not built"; exit 1; }
[ -x /usr/sbin/haproxy ] || { echo "/usr/sbin/haproxy: is not installed"; exit 1; }

dir=$(mktemp -d /run/reeve-hap-XXXXXX)
pids=()
cleanup() {
	local p
	for p in "${pids[@]}"; do kill -KILL "$p" 2>/dev/null; wait "$p" 2>/dev/null; done
	rm -rf "$dir"
}
trap cleanup EXIT
checks=0 bad=0

# want CODE WORDS ARGS...: execstep exits CODE and prints WORDS
want() {
	local code=$1 words=$2 rc=0
	shift 2
	checks=$((checks + 1))
	timeout 60 "$step" -s "$dir/adm.sock" "$@" >"$dir/out" 2>&1 || rc=$?
	if [ $rc -ne "$code" ] || ! grep -qF -- "$words" "$dir/out"; then
		bad=$((bad + 1))
		echo "failed: $*: exit $rc, not $code with \"$words\": $(head -c 600 "$dir/out")" >&2
	fi
}

cat >"$dir/h.cfg" <<CONF
global
	stats socket $dir/adm.sock mode 600 level admin
	log 127.0.0.1:9 local0
defaults
	mode http
	timeout connect 1s
	timeout client 1s
	timeout server 1s
frontend fe
	bind unix@$dir/fe.sock
	default_backend be
backend be
	balance roundrobin
	server s1 127.0.0.1:9
	server s2 127.0.0.1:9 weight 50
backend static
	balance source
	server s1 127.0.0.1:9
CONF
/usr/sbin/haproxy -db -f "$dir/h.cfg" >"$dir/log" 2>&1 &
pids+=($!)
for _ in $(seq 200); do [ -S "$dir/adm.sock" ] && break; read -rt 0.05 <> <(:) ; done
[ -S "$dir/adm.sock" ] || { echo "haproxy did not start: $(cat "$dir/log")"; exit 1; }

want 0 '"pxname":"be","svname":"s1"' haproxy.show "arg what stat"
want 0 '"Name":"HAProxy"' haproxy.show "arg what info"
want 0 '"srv_name":"s2"' haproxy.show "arg what servers"
want 0 '{"errors":["Total events captured' haproxy.show "arg what errors"
want 0 '{"sess":["0x' haproxy.show "arg what sess"

# plan: prints the change and its digest, changes nothing
want 0 'state be/s1 ready drain' haproxy.server "arg mode plan" "arg backend be" "arg server s1" "arg state drain"
plan=$(sed -n 's/^plan //p' "$dir/out")
want 0 '"srv_admin_state":0' haproxy.show "arg what servers"
want 1 'refused 0 effect none: plan: it is now' haproxy.server "arg plan sha256:$(printf %064d 0)" "arg backend be" "arg server s1" "arg state drain"
want 0 'ok 0 effect ok' haproxy.server "arg plan $plan" "arg backend be" "arg server s1" "arg state drain"
want 0 '"after":{"state":"drain","weight":1}' haproxy.server "arg backend be" "arg server s1" "arg state drain"
want 0 '"status":"DRAIN"' haproxy.show "arg what stat"
want 1 'refused' haproxy.server "arg plan $plan" "arg backend be" "arg server s1" "arg state drain"
want 0 '"after":{"state":"maint","weight":7}' haproxy.server "arg backend be" "arg server s1" "arg state maint" "arg weight 7"
want 0 '"after":{"state":"ready","weight":7}' haproxy.server "arg backend be" "arg server s1" "arg state ready"
want 0 'weight be/s2 50 0' haproxy.server "arg backend be" "arg server s2" "arg weight 0"
want 1 'effect-failed 0 effect failed: No such server.' haproxy.server "arg backend be" "arg server s9" "arg state drain"
want 1 "effect-failed 0 effect failed: HAProxy: Can't find backend." haproxy.server "arg backend nope" "arg server s1" "arg state drain"
want 1 'effect-failed 0 effect failed: Backend is using a static LB algorithm' haproxy.server "arg backend static" "arg server s1" "arg weight 100"
want 1 'refused 0 effect none: neither state nor weight' haproxy.server "arg backend be" "arg server s1"

# who is not there, and who is not a socket
mv "$dir/adm.sock" "$dir/real.sock"
want 2 'No such file' haproxy.show "arg what info"
echo no >"$dir/adm.sock"
want 2 'is not a socket' haproxy.show "arg what info"
rm "$dir/adm.sock"
ln -s real.sock "$dir/adm.sock"
want 2 'is not a socket' haproxy.show "arg what info"
rm "$dir/adm.sock"

# impostors
impostor() {
	rm -f "$dir/adm.sock"
	perl "$dir/impostor.pl" "$dir/adm.sock" "$1" &
	pids+=($!)
	for _ in $(seq 200); do [ -S "$dir/adm.sock" ] && break; read -rt 0.05 <> <(:) ; done
}
cat >"$dir/impostor.pl" <<'PL'
use IO::Socket::UNIX;
$SIG{PIPE} = 'IGNORE';
my ($path, $what) = @ARGV;
my $l = IO::Socket::UNIX->new(Local => $path, Listen => 4) or die;
my $c = $l->accept;
sysread $c, my $buf, 100;
my $say = sub { defined syswrite $c, $_[0] };
if ($what eq 'silent') { sleep 30 }
elsif ($what eq 'half') { $say->("# pxname,svname\nbe,s1"); sleep 30 }
elsif ($what eq 'nonsense') { $say->(join '', map { chr } 0 .. 255) for 1 .. 100 }
elsif ($what eq 'endless') { 1 while $say->("Name: value\n" x 1000) }
elsif ($what eq 'columns') { $say->('# ' . 'a,' x 5000 . "\n" . '1,' x 5000) }
elsif ($what eq 'drip') { for (1 .. 300) { $say->('x') or last; select undef, undef, undef, 0.1 } }
PL
impostor silent
want 1 'effect-failed 0 effect failed: HAProxy does not answer in time' haproxy.show "arg what info" "limit seconds 2"
impostor half
want 1 'in time' haproxy.show "arg what stat" "limit seconds 2"
impostor nonsense
want 1 'effect-failed 0 effect failed: HAProxy:' haproxy.show "arg what stat"
impostor endless
want 1 'an answer over 16777216 bytes' haproxy.show "arg what info"
impostor columns
want 1 'more than 256 columns' haproxy.show "arg what stat"
impostor drip
want 1 'in time' haproxy.server "arg backend be" "arg server s1" "arg state drain" "limit seconds 2"

echo "exec_haproxy: $checks checks, $bad failed"
[ "$checks" -gt 0 ] && [ $bad -eq 0 ]
