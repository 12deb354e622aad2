#!/bin/bash
# sd_notify(3)'s protocol as a service manager sees it: READY, STATUS, RELOADING, WATCHDOG, STOPPING, to a path and
# to an abstract name; and nothing of it in the environment of what reeve-privd starts.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script env <<'S'
env
S
cd "$w/t" || exit 1

# listen NAME: prints each datagram, its lines joined by spaces, to the file "got"
listen() {
	: >got
	perl -MSocket -e '
		$| = 1;
		my $n = $ARGV[0];
		$n =~ s/^@/\0/;
		socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
		bind($s, pack_sockaddr_un($n)) or die "bind: $!";
		while (defined recv($s, my $m, 4096, 0)) { $m =~ s/\n/ /g; print "$m\n"; }
	' "$1" >got 2>&1 &
	listener=$!
}
unlisten() {
	kill "$listener"
	wait "$listener" 2>/dev/null
}
bound() { [ -S "$1" ] || grep -qF "$1" /proc/net/unix; }
times() { [ "$(grep -cF "$1" got)" -ge "$2" ]; }

for sock in "$w/t/notify" "@reeve-test-$$-$RANDOM"; do
	listen "$sock"
	soon "a listener on $sock" bound "$sock"
	start NOTIFY_SOCKET="$sock" WATCHDOG_USEC=200000 WATCHDOG_PID=1 || finish
	soon "READY" times "READY=1" 1
	has "STATUS" got "STATUS=running"
	soon "WATCHDOG" times "WATCHDOG=1" 4
	kill -HUP "$privd"
	soon "RELOADING" times "RELOADING=1 MONOTONIC_USEC=" 1
	soon "READY again" times "READY=1" 2
	ok "a job" job "env${#sock}" script.run name=env
	hasnot "a tool's environment" "$w/out" NOTIFY_SOCKET
	hasnot "a tool's environment" "$w/out" WATCHDOG
	kill -STOP "$privd"
	n=$(grep -c WATCHDOG got)
	# a stopped loop feeds nothing: three intervals of it
	read -rt 0.5 <> <(:)
	checks=$((checks + 1))
	[ "$(grep -c WATCHDOG got)" -le $((n + 1)) ] || fail "the watchdog is fed by something else than the loop"
	kill -CONT "$privd"
	soon "WATCHDOG goes on" times "WATCHDOG=1" $((n + 2))
	stop
	soon "STOPPING" times "STOPPING=1" 1
	unlisten
done

for wrong in relative/path "$w/t/nobody" @ ""; do
	rc=0
	NOTIFY_SOCKET=$bad timeout 20 "$BUILD/reeve-privd" -d -f "$h/etc/agent.conf" >"$w/out" 2>&1 || rc=$?
	is "NOTIFY_SOCKET=$wrong" $rc 1
	has "NOTIFY_SOCKET=$wrong" "$w/out" NOTIFY_SOCKET
done
finish
