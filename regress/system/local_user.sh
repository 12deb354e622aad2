#!/bin/bash
# A local user: what anybody on the host can reach of the agent, and what a member of the admin group can ask.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
echo "admin-group reevelook" >>"$h/etc/agent.conf"
script wait <<S
echo started
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
S
start || finish
cd "$w/t" || exit 1
cp "$BUILD/reevectl" "$w/reevectl"
chmod 755 "$w/reevectl" "$w/t"

nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"; }
member() { setpriv --reuid 65534 --regid 65534 --groups 64990 -- "$@"; }
primary() { setpriv --reuid 65534 --regid 64990 --clear-groups -- "$@"; }
asks() { timeout 20 "$w/reevectl" -s "$h/run/control.sock" "$@"; }
export -f asks
export w h

ticket job script.run name=wait
chmod 644 job job.sig
ok "submit by root" submit job
id=$(id_of job)
soon "it runs" test -s "$h/state/spool/$id.out"

# ---- files: nobody but root gets a byte, and nothing is left in places that all may write ----
is "state directory" "$(stat -c '%a %U' "$h/state")" "700 root"
loose=$(find "$h/state" ! -user root -o -perm /077 ! -type d -a ! -name '*.pub' -o -type d -perm /077)
is "files of the state that others may touch" "$loose" ""
for f in ledger audit audit.key result.sec seal.sec "spool/$id.out"; do
	checks=$((checks + 1))
	[ -s "$h/state/$f" ] || fail "$f: is not there"
	no 1 "Permission denied" nobody cat "$h/state/$f"
	is "mode of $f" "$(stat -c %a "$h/state/$f")" 600
done
is "modes of the secret keys" "$(stat -c %a "$h/state"/*.sec "$h/state/audit.key" | sort -u)" 600
is "run directory" "$(ls "$h/run")" control.sock
is "the socket" "$(stat -c '%a %U %G' "$h/run/control.sock")" "660 root reevelook"

# ---- the socket ----
for v in status jobs "show $id" "submit job job.sig" "cancel $id" reload self-test "policy test job job.sig"; do
	# shellcheck disable=SC2086
	no 3 "Permission denied" nobody bash -c 'asks "$@"' asks $v
done
for who in member primary; do
	for v in status jobs "show $id"; do
		# shellcheck disable=SC2086
		ok "$who: $v" $who bash -c 'asks "$@"' asks $v
	done
	for v in "submit job job.sig" "cancel $id" reload self-test "policy test job job.sig"; do
		# shellcheck disable=SC2086
		no 4 "root" $who bash -c 'asks "$@"' asks $v
	done
done
# members who break the protocol without end get one line in the audit trail, not all of it
junk() { # CONNECTIONS
	# shellcheck disable=SC2016 # perl's
	perl -MSocket -e '
		my ($path, $n) = @ARGV;
		while ($n-- > 0) {
			socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
			connect($s, pack_sockaddr_un($path)) or die "connect: $!";
			syswrite($s, "x" x 64) == 64 or die "write: $!";
			sysread($s, my $end, 1);
		}' "$h/run/control.sock" "$1"
}
kills() { grep -c 'event=peer.kill' "$h/state/audit"; }
export -f junk
before=$(kills)
ok "junk by a member" member bash -c 'junk 50'
is "lines about members" $(($(kills) - before)) 1
before=$(kills)
ok "junk by root" junk 3
is "lines about root's clients" $(($(kills) - before)) 3
# members who take every place that there is for them do not lock root out
held=()
for _ in {1..17}; do
	member bash -c 'asks "$@"' asks wait "$id" >/dev/null 2>&1 &
	held+=($!)
done
full() { ! member bash -c 'asks status'; }
soon "the members have taken what they can" full
# and what they get hold of is none of root's inotify instances, of which a host has few
watches() { readlink /proc/[0-9]*/fd/* 2>/dev/null | grep -c "anon_inode:$1"; }
is "inotify descriptors in members' hands" "$(watches inotify)" 0
is "timers in their place" "$(watches '\[timerfd\]' | sed 's/^[1-9][0-9]*$/some/')" some
ok "root is served" ctl status
for p in "${held[@]}"; do kill "$p" 2>/dev/null; done
served() { member bash -c 'asks status'; }
soon "a member is served again" served
touch "$h/marks/go"
ended() { ctl show "$id" | grep -q finished; }
soon "it ends" ended
# a member may look at the output; the acknowledgement is root's
member bash -c 'asks "$@"' asks wait "$id" >"$w/out" 2>"$w/err"
has "a member sees the output" "$w/out" started
ok "root gets the result" ctl wait "$id"

# without the word admin-group the socket is root's alone
sed -i '/^admin-group/d' "$h/etc/agent.conf"
ok "reload" ctl reload
is "the socket" "$(stat -c '%a %U %G' "$h/run/control.sock")" "600 root root"
no 3 "Permission denied" member bash -c 'asks "$@"' asks status
# a mode that somebody widened does not help: who asks is looked at
chmod 666 "$h/run/control.sock"
no 3 "the agent" member bash -c 'asks "$@"' asks status
no 3 "the agent" nobody bash -c 'asks "$@"' asks status
ok "root is served" ctl status

# ---- the process ----
no 1 "Permission denied" nobody cat "/proc/$privd/environ"
no 2 "Permission denied" nobody ls "/proc/$privd/fd"
no 1 "not permitted" nobody kill -TERM "$privd"
checks=$((checks + 1))
alive || fail "reeve-privd is gone"
stop
finish
