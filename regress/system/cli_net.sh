#!/bin/bash
# reeve over the network, all of it real: reeve-ctld, reeve-sign, and one host with reeve-netd and reeve-dial, on the
# loopback of a network of the test's own. Every verb, and what the operator is told when something is wrong.
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
. "$(dirname "$0")/onehost.bash"
site_up

# ---- the operator's machine ----
mkdir -m 700 "$w/op"
printf 'url %s\nca %s/ca.crt\nkey %s/t/ops.sec\ntoken-file token\nroster roster\nrequester anna\n' "$url" "$w" "$w" >"$w/op/reeve.conf"
(umask 077 && echo "$admin" >"$w/op/token")
export REEVE_CONF=$w/op/reeve.conf
reeve() { timeout 60 "$BUILD/reeve" "$@"; }
ok "whoami" reeve whoami
has "role" "$w/out" admin
is "fleet" "$(sed -n 's/^fleet *//p' "$w/out")" "$fleet"
ok "whoami --json" reeve whoami --json
is "its role" "$(jget "$w/out" '$.role')" admin

# ---- tokens and roles ----
ok "a viewer's token" reeve token add --role viewer --expires 1h eve
is "48 digits" "$(grep -cE '^[0-9a-f]{48}$' "$w/out")" 1
viewer=$(cat "$w/out")
ok "list" reeve token list
has "eve" "$w/out" "eve"
ok "a viewer sees" env REEVE_TOKEN="$viewer" "$BUILD/reeve" host list
no 5 "shows your role" env REEVE_TOKEN="$viewer" "$BUILD/reeve" host add x --allow any
no 5 "viewer" env REEVE_TOKEN="$viewer" "$BUILD/reeve" token list
ok "withdrawn" reeve token remove eve
no 5 "an admin makes another" env REEVE_TOKEN="$viewer" "$BUILD/reeve" host list

# ---- a host: known, enrolled, compared, pinned ----
no 2 "--allow is missing" reeve host add web1.example.net
ok "host add" reeve host add WEB1.example.net --allow 127.0.0.1,::1 --expires 1h
is "one line" "$(wc -l <"$w/out")" 1
has "what to do" "$w/err" "reevectl enroll"
enrol=$(cat "$w/out")
no 5 "exists" reeve host add web1.example.net --allow any
no 1 "not enrolled yet" reeve roster pin web1.example.net
ok "host list" reeve host list --state new
has "new" "$w/out" web1.example.net
agent_up
ok "enrolled" ctl_enroll "$enrol"
start_host
online() { [ "$(reeve host show --json web1.example.net | sed 's/.*"state":"\([a-z]*\)".*/\1/')" = online ]; }
soon "online" online
print=$("$BUILD/reevectl" -s "$h/run/control.sock" --json fingerprint | sed 's/.*"fingerprint":"\([^"]*\)".*/\1/')
ok "host show" reeve host show web1.example.net
is "the same fingerprint on both sides" "$(sed -n 's/^fingerprint *//p' "$w/out")" "$print"
has "not pinned" "$w/out" "roster            -"
no 1 "not in your roster" reeve run web1.example.net hello
no 1 "NOT pinned" reeve roster pin --fingerprint aaaa-aaaa-aaaa-aaaa-aaaa web1.example.net
ok "pin" reeve roster pin --fingerprint "$print" web1.example.net
is "its mode" "$(stat -c %a "$w/op/roster")" 600
ok "roster list" reeve roster list
has "pinned" "$w/out" "$print"

# ---- run ----
ok "run" reeve run web1.example.net hello -- one 'two  words' -x
is "output" "$(cat "$w/out")" "hello one|two  words|-x|"
has "standard error apart" "$w/err" "to stderr"
has "its end" "$w/err" "web1.example.net: ok, job "
no 7 "exit 7" reeve run web1.example.net seven
(cd "$w/t" && "$BUILD/reeve" key new other) >/dev/null
no 121 "(the control plane's word" reeve run -s "$w/t/other.sec" web1.example.net true
ok "quiet" reeve run -q web1.example.net true
is "not a word" "$(cat "$w/out" "$w/err")" ""
ok "json" reeve run --json web1.example.net hello
is "verdict" "$(jget "$w/out" '$.runs[0].verdict') $(jget "$w/out" '$.runs[0].end')" "true ok"
is "stdout" "$(jget "$w/out" '$.runs[0].stdout')" "hello "
ok "1 MiB" reeve run -q web1.example.net big
is "byte for byte" "$(sha256sum <"$w/out")" "$(yes 0123456789abcde | head -c 1048576 | sha256sum)"
ok "no-wait" reeve run --no-wait web1.example.net slow
id=$(cat "$w/out")
ok "wait" reeve job wait "$id"
ok "tail" reeve job tail "$id"
has "all of it" "$w/out" "slowly"
ok "show" reeve job show "$id"
has "its ticket" "$w/out" "arg name slow"
has "its result" "$w/out" "ok"
ok "list" reeve job list --host web1.example.net --limit 2
has "newest first" "$w/out" "$id"
no 124 "reeve job wait" reeve run --timeout 1s web1.example.net wait
ended() { reeve job wait --timeout 1s "$(sed -n 's/.*reeve job wait //p' "$w/err.wait")"; }
cp "$w/err" "$w/err.wait"
: >"$h/marks/go"
soon "the job went on" ended

# Ctrl-C tells how to go on, and the job goes on
rm "$h/marks/go"
# the shell would have its children ignore it
env --default-signal=INT "$BUILD/reeve" run web1.example.net wait >"$w/int" 2>&1 </dev/null &
p=$!
waits() { [ "$(reeve job list --json --limit 1 | sed 's/.*"state":"\([a-z]*\)".*/\1/')" = started ]; }
soon "it runs" waits
kill -INT $p
rc=0
wait $p || rc=$?
is "exit status" "$rc" 130
has "how to go on" "$w/int" "the job goes on: reeve job wait"
: >"$h/marks/go"
ok "it went on" reeve job wait "$(sed -n 's/.*reeve job wait //p' "$w/int")"

# a kind that its policy does not take: the host never comes for it, and a person is told
no 124 "its policy takes no job of kind pkg.refresh" reeve job submit --timeout 4s pkg.refresh web1.example.net

# ---- kinds, arguments, secrets ----
ok "kinds" reeve job kinds
has "all of them" "$w/out" pkg.install
ok "one kind" reeve job kinds pkg.install
has "its arguments" "$w/out" conffile
no 1 "has none of that name" reeve job submit agent.ping web1.example.net x=1
no 1 "must be sealed" reeve job submit script.run web1.example.net name=hello token=x
echo geheim >"$w/secret"
ok "a sealed argument" reeve run --seal "token=$w/secret" web1.example.net secret
has "opened there" "$w/out" '"token":"geheim"'
ok "facts" reeve job submit agent.facts web1.example.net
has "typed result, for a person" "$w/out" '  "'
ok "facts --json" reeve job submit --json agent.facts web1.example.net
is "an object" "$(sqlite3 :memory: "select json_type(cast(readfile('$w/out') as text), '\$.runs[0].data')")" object
ok "the text on request" reeve run --show -q web1.example.net true
has "the ticket" "$w/err" "reeve-job 1"
ok "the online key" reeve job submit --online agent.ping web1.example.net
no 5 "is a kind for operators' keys" reeve job submit --online script.run web1.example.net name=true
ok "a ticket made elsewhere" reeve ticket new agent.ping --fleet "$fleet" \
    --host "$(sed -n 's/^host web1.example.net \([^ ]*\) .*/\1/p' "$w/op/roster"):web1.example.net" -o "$w/made"
ok "signed elsewhere" reeve sign -s "$w/t/ops.sec" "$w/made"
ok "handed in" reeve job submit --ticket "$w/made" --sig "$w/made.sig"
reeve ticket new agent.ping --fleet "$fleet" --host "$(newid):web1.example.net" -o "$w/other"
reeve sign -s "$w/t/ops.sec" "$w/other" >/dev/null
no 1 "is not the one that you pinned" reeve job submit --ticket "$w/other" --sig "$w/other.sig"

# ---- cancel ----
rm "$h/marks/go"
id=$(reeve run --no-wait web1.example.net wait)
soon "it runs" waits
ok "by a signed order" reeve job cancel "$id"
no 121 "cancelled" reeve job wait "$id"

# ---- ping: the silent, the unknown, the one that answers ----
ok "ping" reeve ping web1.example.net
has "a table" "$w/out" "CERT-EXPIRY"
has "ok" "$w/out" "web1.example.net ok"
ok "ping without a key" env REEVE_KEY= "$BUILD/reeve" ping --online web1.example.net
no 1 "not in your roster" reeve ping web2.example.net

# ---- changes ----
ok "maintenance" reeve host maintenance web1.example.net on
no 1 "maintenance" reeve ping web1.example.net
ok "and back" reeve host maintenance web1.example.net off
ok "allow" reeve host allow web1.example.net 192.0.2.0/24
ok "show" reeve host show web1.example.net
has "allowed" "$w/out" "192.0.2.0/24"
no 5 "bad_request" reeve host allow web1.example.net 192.0.2.1/24
ok "any" reeve host allow web1.example.net any
ok "rename" reeve host rename web1.example.net web3.example.net
has "what follows" "$w/err" "reeve roster rename web1.example.net web3.example.net"
ok "roster rename" reeve roster rename web1.example.net web3.example.net
ok "shown by its new name" reeve host show web3.example.net
has "still the pinned one" "$w/out" "roster            pinned"
ok "a new token" reeve host secret web3.example.net
ok "revoke" reeve host revoke web3.example.net
ok "revoked" reeve host list --state revoked
has "it" "$w/out" web3.example.net
ok "remove" reeve host remove web3.example.net
no 5 "reeve host list" reeve host show web3.example.net
ok "roster remove" reeve roster remove web3.example.net
no 1 "not in your roster" reeve roster show web3.example.net

# ---- no secret in what anybody can read ----
hasnot "no token in the log" "$w/log" "$admin"
ctld_crash
no 4 "cannot be reached" reeve whoami
finish
