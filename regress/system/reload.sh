#!/bin/bash
# Attack reload-races. SIGHUP and reevectl reload: all or nothing.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script quick <<'S'
echo quick
S
start || finish
cd "$w/t" || exit 1

reloads() { grep -c "event=$1" "$h/state/audit"; }
# hup EVENT: sends SIGHUP and waits for the line that it must leave
hup() {
	local n
	n=$(reloads "$1")
	kill -HUP "$privd"
	more() { [ "$(reloads "$1")" -gt "$2" ]; }
	soon "SIGHUP leaves $1" more "$1" "$n"
}

# ---- good ----

ticket before script.run name=second
no 4 "second" submit before
script second <<'S'
echo second
S
hup conf.reload
ok "a script of the new scripts.conf" job after script.run name=second
sed -i '/script.run/d' "$h/etc/policy.conf"
ok "reload by reevectl" ctl reload
ticket denied script.run name=second
no 4 "policy.conf" submit denied
policy_conf
ok "reload by reevectl" ctl reload
ok "allowed again" submit denied

# ---- bad: the old set stays, whole, and the words say file and line ----

cp -r "$h/etc" "$h/good"
back() { rm -rf "${h:?}/etc" && cp -r "$h/good" "$h/etc"; }

echo "nonsense 1" >>"$h/etc/policy.conf"
hup conf.refuse
has "the log names the file" "$h/log" "policy.conf:7"
no 4 "policy.conf:7" ctl reload
ok "the old policy works" job still1 agent.ping
back

# a good scripts.conf beside a bad agent.conf: none of it is taken
script third <<'S'
echo third
S
echo "max-jobs lots" >>"$h/etc/agent.conf"
no 4 "agent.conf:8" ctl reload
ticket third script.run name=third
no 4 "third" submit third
back

chmod 666 "$h/etc/policy.conf"
no 4 "policy.conf" ctl reload
chmod 644 "$h/etc/policy.conf"
mv "$h/etc/policy.conf" "$h/etc/policy.real" && ln -s policy.real "$h/etc/policy.conf"
no 4 "policy.conf" ctl reload
back
rm "$h/etc/keys/ops.pub"
no 4 "ops.pub" ctl reload
back
chmod 777 "$h/scripts/quick"
no 4 "quick" ctl reload
chmod 755 "$h/scripts/quick"

# ---- what a running agent cannot change ----

for line in "fleet $(newid)" "host $(newid) $name" "host $host web9.example.net" "state-dir $h/elsewhere" \
    "run-dir $h/elsewhere" "cgroup-dir $h/elsewhere"; do
	sed -i "/^${line%% *} /d" "$h/etc/agent.conf"
	echo "$line" >>"$h/etc/agent.conf"
	no 4 "restart it" ctl reload
	back
done
echo "odd = $h/scripts/quick caps=CAP_NET_BROADCAST" >>"$h/etc/scripts.conf"
no 4 "restart it" ctl reload
back
ok "reload after all of it" ctl reload
ok "and a job" job still2 script.run name=quick

# ---- a running job keeps what it was started with ----

script waits <<S
echo ran >"$h/marks/waits"
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
echo done
S
ok "reload" ctl reload
ticket waits script.run name=waits
ok "submit" submit waits
soon "it runs" test -s "$h/marks/waits"
sed -i '/waits/d' "$h/etc/scripts.conf"
sed -i '/script.run/d' "$h/etc/policy.conf"
ok "reload" ctl reload
touch "$h/marks/go"
ok "it ends well" ctl wait "$(id_of waits)"
has "it ends well" "$w/out" "done"
stop
finish
