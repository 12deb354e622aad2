#!/bin/bash
# Attack steal-the-server. The thief has all of the control plane: its database (and writes in it), its server key, its CA
# key, its online key, an admin's token that he made himself. He tries to make, alter, retarget, extend and replay jobs of
# a kind that policy keeps for operators' keys, to forge results, and to lie to the operator about ids. Two real hosts:
# nothing runs that no operator signed for that host, and each try stands in a host's audit trail.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154,SC2001,SC2002
. "$(dirname "$0")/net.bash"
site_up
for n in 1 2; do
	host_up "web$n.example.net" "10.66.0.$((n + 1))"
	cp "$s/sign/online.pub" "$h/etc/keys/online.pub"
	printf '\n[key online]\nfile keys/online.pub\nrole online\nholder online\nallow agent.*\n' >>"$h/etc/policy.conf"
	script mark <<-S
		echo "\$1" >>$h/marks/ran
		echo "this is \$1"
	S
	ok "reload" ctl reload
done
id1=${hid[web1.example.net]} id2=${hid[web2.example.net]}
one=$id1:web1.example.net two=$id2:web2.example.net
ok "the genuine job" op run web1.example.net mark -- genuine
genuine=$(op job list | awk '/script.run/ { print $1; exit }')

# ---- what was stolen ----
thief=$w/thief
mkdir -m 700 "$thief"
cd "$thief" || exit 1
cp "$s/sign/online.sec" "$s/sign/ca.key" "$s/sign/ca.crt" "$s/etc/server.key" "$s/etc/server.crt" .
db=$s/state/ctld.db
sql() { sqlite3 -cmd '.timeout 5000' "$db" "$@"; }
token=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
sum=$(printf '%b' "$(sed 's/../\\x&/g' <<<"$token")" | sha256sum | cut -c1-64)
(umask 077; echo "$token" >token)
sql "insert into oper values ('thief', x'$sum', 4, 0, 0, 0)"
sed "s|^token-file .*|token-file $thief/token|; s|^requester .*|requester thief|" "$w/reeve.conf" >reeve.conf
chmod 600 reeve.conf
by_thief() { REEVE_CONF=$thief/reeve.conf timeout 60 "$BUILD/reeve" "$@"; }
ok "the thief is let in, so that what follows proves something" by_thief whoami
has "and is an admin" "$w/out" admin

# ---- what is looked at ----
audit() { grep -c "event=$2" "$w/$1.example.net/state/audit"; }
ran() { cat "$w/$1.example.net/marks/ran" 2>/dev/null | wc -l; }
all_that_ran() { echo "$(audit web1 job.start) $(audit web2 job.start) $(ran web1) $(ran web2)"; }
more() { [ "$(audit "$2" job.refuse)" -gt "$1" ]; }

# tries WHAT HOST WORDS COMMAND...: HOST refuses with WORDS in its trail, nothing runs anywhere, nobody is told it went well
tries() {
	local what=$1 at=$2 words=$3 refused before rc=0
	shift 3
	refused=$(audit "$at" job.refuse)
	before=$(all_that_ran)
	"$@" >"$w/out" 2>"$w/err" </dev/null || rc=$?
	checks=$((checks + 1))
	[ $rc -ne 0 ] || fail "$what: told to be well done: $(cat "$w/out")"
	soon "$what: stands in the trail" more "$refused" "$at"
	grep 'event=job.refuse' "$w/$at.example.net/state/audit" | tail -n 1 | sed 's/\\040/ /g' >"$w/last"
	has "$what: why" "$w/last" "$words"
	is "$what: what ran" "$(all_that_ran)" "$before"
}

# mk FILE HOST [OPTION]...: a ticket as an operator would write it; signed by ops: an operator once signed it
mk() {
	local f=$1 to=$2
	shift 2
	"$BUILD/reeve" ticket new script.run --fleet "$fleet" --host "$to" --requester ops-1 -o "$f" "$@" name=mark arg=stolen &&
	    "$BUILD/reeve" sign -s "$w/t/ops.sec" -x "$f.sig" "$f" >/dev/null
}

# plant FILE SIGFILE HOST: into the stolen database, as if it had been submitted and queued for HOST; a ping of the
# thief's own wakes the host's claim. Never well done: the host has to say so.
plant() {
	base64 -d <<<"$(sed -n 2p "$2")" | tail -c 72 >"$1.raw"
	sql "begin immediate;
	    insert or ignore into jobs select null, '$(id_of "$1")', 6, 'ops-1', 'admin', $(now), $(now) + 3600,
		cast(readfile('$1') as blob), cast(readfile('$1.raw') as blob);
	    update jobs set ticket = cast(readfile('$1') as blob), sigs = cast(readfile('$1.raw') as blob)
		where id = '$(id_of "$1")';
	    delete from runs where job_id = '$(id_of "$1")';
	    insert into runs select null, seq, id, '${3%%:*}', '${3#*:}', 6, 1, 0, 0, $(now) + 3600, null, 0, 0, 0, '', 0, 0, 0,
		0, 0, null, null, null from jobs where id = '$(id_of "$1")';
	    commit"
	by_thief ping --online --timeout 20s "${3#*:}"
	return 1
}

# ---- make ----
tries "a script by the online key" web1 "may order harmless kinds only" by_thief run -s online.sec web1.example.net mark -- x
"$BUILD/reeve" key new own >"$w/out"
tries "a script by a key of his own" web1 "unknown key" by_thief run -s own.sec web1.example.net mark -- x
sed "2s/.*/$(sed -n 2p "$w/t/ops.pub" | head -c 14)$(sed -n 2p own.pub | tail -c +15)/" own.pub >named.pub
mk plain "$one"
"$BUILD/reeve" sign -s own.sec -x own.sig plain >"$w/out"
# his signature under the operator's key number
{ head -n 1 own.sig; { base64 -d <<<"$(sed -n 2p plain.sig)" | head -c 10; base64 -d <<<"$(sed -n 2p own.sig)" | tail -c 64; } |
    base64 -w 0; echo; } >number.sig
tries "his signature under the operator's key number" web1 "not a signature" plant plain number.sig "$one"
: >none.sig
mk unsigned "$one"
tries "a ticket without a signature, in the database" web1 "not signed" plant unsigned none.sig "$one"

# ---- alter, extend ----
mk good "$one"
sed 's/^arg arg stolen/arg arg other/' good >altered
tries "an altered argument" web1 "not a signature" plant altered good.sig "$one"
mk old "$one" --issued $(($(now) - 7200)) --notbefore $(($(now) - 7200)) --valid 1h
tries "a ticket that has expired" web1 "expired" plant old old.sig "$one"
mk past "$one" --issued $(($(now) - 7200)) --notbefore $(($(now) - 7200)) --valid 1h
sed "s/^notafter .*/notafter $(($(now) + 3600))/" past >longer
tries "an expired ticket made longer" web1 "not a signature" plant longer past.sig "$one"

# ---- retarget ----
mk for1 "$one"
tries "web1's ticket, given to web2" web2 "for another host" plant for1 for1.sig "$two"
mk swapped "$one"
sed "s/^host .*/host $id2 web2.example.net/" swapped >to2
tries "web1's ticket with web2's name in it" web2 "not a signature" plant to2 swapped.sig "$two"
# an operator who signs for web1's id and another name, or the other way round, signs for neither
"$BUILD/reeve" ticket new script.run --fleet "$fleet" --host "$id2:web1.example.net" --requester ops-1 -o mixed name=mark arg=x
"$BUILD/reeve" sign -s "$w/t/ops.sec" -x mixed.sig mixed >"$w/out"
tries "web2's id under web1's name" web2 "but the name is web1" plant mixed mixed.sig "$two"
sed "s/^fleet .*/fleet $(newid)/; s/^id .*/id $(newid)/" good >fleet
"$BUILD/reeve" sign -s "$w/t/ops.sec" -x fleet.sig fleet >"$w/out"
tries "another fleet's ticket" web1 "fleet" plant fleet fleet.sig "$one"

# ---- lie to the operator: the database now says that web1 is web2's id ----
sql "update host set id = 'x' where name = 'web1.example.net'; update host set id = '$id1' where name = 'web2.example.net';
    update host set id = '$id2' where name = 'web1.example.net'"
before=$(all_that_ran)
rc=0
op run --timeout 15s web1.example.net mark -- lied >"$w/out" 2>"$w/err" || rc=$?
checks=$((checks + 1))
[ $rc -ne 0 ] || fail "an operator who was lied to about ids was told that all is well: $(cat "$w/out")"
is "lied about ids: web2 ran nothing" "$(audit web2 job.start) $(ran web2)" "$(cut -d' ' -f2,4 <<<"$before")"
hasnot "lied about ids: nothing that web2 said" "$w/out" "this is lied"
sql "update host set id = 'x' where name = 'web1.example.net'; update host set id = '$id2' where name = 'web2.example.net';
    update host set id = '$id1' where name = 'web1.example.net'"

# ---- replay ----
before=$(all_that_ran)
sql "update runs set state = 1, fence = fence + 5, due = null where job_id = '$genuine'"
ok "the thief's ping" by_thief ping --online --timeout 20s web1.example.net
again() { [ "$(sql "select state from runs where job_id = '$genuine'")" != 1 ]; }
soon "the genuine job was offered again" again
is "a replayed job: what ran" "$(all_that_ran)" "$before"
is "the genuine job ran once" "$(grep -c "event=job.start.*id=$genuine" "$w/web1.example.net/state/audit")" 1

# ---- results ----
sql "select writefile('record', record) from runs where job_id = '$genuine'" >"$w/out"
sed 's/^end .*/end exit 7/' record >forged
"$BUILD/reeve" sign -s own.sec -x forged.sig forged >"$w/out" 2>&1 || signify-openbsd -S -s own.sec -m forged -x forged.sig
base64 -d <<<"$(sed -n 2p forged.sig)" | tail -c 72 >forged.raw
sql "update runs set record = cast(readfile('forged') as blob), sig = cast(readfile('forged.raw') as blob), state = 5
    where job_id = '$genuine'"
no 125 "" op job wait "$genuine"
hasnot "a forged result is not shown as the host's" "$w/out" "exit 7"

# ---- replay, with other words ----
sql "select writefile('genuine', ticket) from jobs where id = '$genuine'" >"$w/out"
sed 's/^arg arg .*/arg arg again/' genuine >again
"$BUILD/reeve" sign -s "$w/t/ops.sec" -x again.sig again >"$w/out" # even if an operator had signed it
tries "the genuine id with other words" web1 "other" plant again again.sig "$one"

# ---- what the keys do give: a server that hosts believe; it carries, and makes nothing ----
kill -KILL "$ctld"
wait "$ctld" 2>/dev/null
openssl ecparam -name prime256v1 -genkey -noout -out fake.key 2>"$w/err"
openssl req -new -key fake.key -subj "/CN=thief" -out fake.csr 2>"$w/err"
printf 'subjectAltName=IP:10.66.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' >ext
ok "a certificate by the stolen CA" openssl x509 -req -in fake.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
    -extfile ext -out fake.crt
install -o root -g _reevectl -m 640 fake.key "$s/etc/server.key"
install -m 644 fake.crt "$s/etc/server.crt"
ctld_start
seen() { by_thief ping --online --timeout 20s web1.example.net; }
soon "the hosts call the thief's server: its certificate is the CA's" seen
tries "by the thief's own server, still" web1 "unknown key" by_thief run -s own.sec web1.example.net mark -- x

# ---- and all of it stands in the trail, unbroken ----
for n in web1 web2; do
	use "$n.example.net"
	ok "the trail of $n holds together" "$BUILD/reevectl" audit verify -k "$h/state/audit.key" "$h/state/audit"
done
is "what ran in all, on web1" "$(ran web1)" 1
is "and on web2" "$(ran web2)" 0
finish
