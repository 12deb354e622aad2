#!/bin/bash
# Starting reeve-privd where something is wrong: each says what and where, exits as documented, and changes nothing.
# regress: timeout 180
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script quick <<'S'
echo quick
S
cd "$w/t" || exit 1
P=$BUILD/reeve-privd

# starts CODE WORDS: reeve-privd must not come up
starts() {
	no "$1" "$2" timeout 20 "$P" -d -f "$h/etc/agent.conf"
}

# ---- by hand ----

ok "version" "$P" -V
has "version" "$w/out" "reeve-privd $(cat "$TOP/VERSION")"
no 64 usage "$P" -x
no 64 usage "$P" surplus
no 1 "root" setpriv --reuid 65534 --clear-groups "$P" -d -f "$h/etc/agent.conf"
ok "a good configuration" "$P" -n -f "$h/etc/agent.conf"
is "-n makes nothing" "$(ls "$h")" "$(printf '%s\n' etc libexec marks run scripts)"

# ---- configuration: 78 ----

cp -a "$h/etc" "$h/good"
back() { rm -rf "${h:?}/etc" && cp -a "$h/good" "$h/etc"; }
echo "colour green" >>"$h/etc/agent.conf"
starts 78 "agent.conf:8"
no 78 "agent.conf:8" "$P" -n -f "$h/etc/agent.conf"
back
echo "[key ops]" >>"$h/etc/policy.conf"
starts 78 "policy.conf:7"
back
echo "quick = $h/scripts/quick" >>"$h/etc/scripts.conf"
starts 78 "scripts.conf:2"
back
rm "$h/etc/agent.conf"
starts 78 "agent.conf"
back
chmod 664 "$h/etc/agent.conf"
starts 78 "agent.conf"
back
chmod 777 "$h/etc"
starts 78 "etc"
back
chown 65534 "$h/etc/policy.conf"
starts 78 "policy.conf"
back
mv "$h/etc/agent.conf" "$h/etc/real" && ln -s real "$h/etc/agent.conf"
starts 78 "agent.conf"
back
mv "$h/etc/keys/ops.pub" "$h/etc/real" && ln -s ../real "$h/etc/keys/ops.pub"
starts 78 "ops.pub"
back
rm "$h/etc/keys/ops.pub" && mkfifo "$h/etc/keys/ops.pub"
starts 78 "ops.pub"
back

# ---- places ----

mv "$h/libexec/reeve-execd" "$h/libexec/away"
starts 1 "reeve-execd"
mv "$h/libexec/away" "$h/libexec/reeve-execd"
chmod 775 "$h/libexec"
starts 1 "libexec"
chmod 755 "$h/libexec"
rm -rf "$h/state" && mkdir -m 755 "$h/state"
starts 1 "state"
chmod 700 "$h/state"
chown 65534 "$h/state"
starts 1 "state"
rm -rf "$h/state" && mkdir -m 700 "$h/elsewhere" && ln -s elsewhere "$h/state"
starts 1 "state"
is "nothing was written through the link" "$(ls "$h/elsewhere")" ""
rm "$h/state"
chmod 777 "$h/run"
starts 1 "run"
chmod 755 "$h/run"
mkdir "$h/run/control.sock"
starts 1 "control.sock"
rmdir "$h/run/control.sock"
sed -i '/^cgroup-dir/d' "$h/etc/agent.conf"
echo "cgroup-dir $h/etc" >>"$h/etc/agent.conf"
starts 1 "cgroup"
back
rm -rf "$h/state"

# ---- two of them ----

start || finish
starts 1 "another reeve-privd"
ok "the first one lives" ctl status
ok "a job" job first script.run name=quick
stop

# ---- users that are missing ----

cp "$w/users/etc/passwd" passwd.good
grep -v '^_reeverun:' passwd.good >"$w/users/etc/passwd"
start || finish
ticket nouser script.run name=quick
no 4 "_reeverun" submit nouser
ok "a ping needs no user" job ping agent.ping
stop
cat passwd.good >"$w/users/etc/passwd"

# ---- the background ----

ok "in the background" timeout 20 "$P" -f "$h/etc/agent.conf"
ok "it answers at once" ctl status
privd=$(ctl --json status | sed -n 's/.*"name":"reeve-privd","pid":"\{0,1\}\([0-9]*\).*/\1/p')
is "two of them, in the background" "$(timeout 20 "$P" -f "$h/etc/agent.conf" >/dev/null 2>&1; echo $?)" 1
kill -TERM "$privd"
soon "it ends" dead
privd=0

# ---- a torn ledger: cut, and tickets of that time are refused ----

ticket torn script.run name=quick
printf 'torn' >>"$h/state/ledger"
start || finish
has "the log tells of the cut" "$h/log" "torn"
has "the audit tells of the cut" "$h/state/audit" "event=ledger.cut"
no 4 "was cut" submit torn
ok "the agent says so" ctl status
stop

# ---- damage in the middle: up, serving its status, taking no job ----

cp "$h/state/ledger" ledger.good
printf 'X' | dd of="$h/state/ledger" bs=1 seek=60 conv=notrunc 2>/dev/null
cp "$h/state/ledger" ledger.bad
start || finish
ok "status" ctl status
has "status" "$w/out" needs-rekey
no 4 "needs-rekey" submit torn
no 4 "ledger" ctl jobs
no 4 "no such job" ctl wait "$(newid)"
no 4 "no such job" ctl cancel "$(newid)"
no 4 "no such job" ctl show "$(newid)"
ok "reload" ctl reload
has "the audit tells of it" "$h/state/audit" "event=rekey.needed"
stop
is "the damaged ledger is left as it is" "$(cmp "$h/state/ledger" ledger.bad && echo same)" same
cp ledger.good "$h/state/ledger"

# ---- lost keys ----

for f in result.sec result.pub seal.sec seal.pub ledger; do
	mv "$h/state/$f" "$h/lost"
	start || finish
	ok "status without $f" ctl status
	has "status without $f" "$w/out" needs-rekey
	no 4 "$f" submit torn
	stop
	is "$f is not made anew" "$(ls "$h/state/$f" 2>/dev/null)" ""
	mv "$h/lost" "$h/state/$f"
done

# ---- a ledger of a newer version ----

sed '1s/.*/reeve-ledger 2/' ledger.good >"$h/state/ledger"
cp "$h/state/ledger" ledger.new
starts 1 "newer"
is "it is left as it is" "$(cmp "$h/state/ledger" ledger.new && echo same)" same
cp ledger.good "$h/state/ledger"
chmod 644 "$h/state/ledger"
starts 1 "ledger"
chmod 600 "$h/state/ledger"

# ---- a cgroup2 without the controllers: said without being asked, in words for the log ----

if ! grep -qw memory "$cg/cgroup.controllers"; then
	"$BUILD/reeve-privd" -d -f "$h/etc/agent.conf" >"$w/quiet" 2>&1 </dev/null &
	privd=$!
	within 20 answers || fail "reeve-privd does not start"
	has "limits that do not hold" "$w/quiet" "limits of jobs by cgroup do not hold"
	stop
fi

# ---- a full disk ----

rm -rf "$h/state" && mkdir -m 700 "$h/state"
mount -t tmpfs -o size=8m,mode=700 tmpfs "$h/state"
start || finish
ok "room enough" job room agent.ping
head -c 16000000 /dev/zero >"$h/state/filler" 2>/dev/null
ticket full script.run name=quick
no 4 "disk" submit full
ok "status" ctl status
rm "$h/state/filler"
# the spool counts its files once a second
soon "room again" submit full
ok "and it runs" ctl wait "$(id_of full)"
head -c 16000000 /dev/zero >"$h/state/filler" 2>/dev/null
stop
start || finish # a full disk is a reason to refuse jobs, not to go away
ok "status" ctl status
no 4 "" submit torn
stop
rm -rf "$h/state/spool" "$h/state/audit"* "$h/state/ledger" "$h"/state/*.sec "$h"/state/*.pub
head -c 16000000 /dev/zero >>"$h/state/filler" 2>/dev/null
starts 1 "No space left"
umount "$h/state"
finish
