#!/bin/bash
# reeve from end to end: keys and signatures both ways with signify-openbsd, a key with a passphrase,
# modes and owners that are refused, every bad input with its message, the pages and the completion.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
reeve=$build/reeve
signify=/usr/bin/signify-openbsd
[ -x "$reeve" ] || { echo "$reeve: is not built"; exit 1; }
[ -x "$signify" ] || { echo "$signify: is not installed"; exit 1; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# ok WHAT COMMAND...: must exit 0
ok() {
	local what=$1 rc=0
	shift
	checks=$((checks + 1))
	"$@" >out 2>err </dev/null || rc=$?
	[ $rc -eq 0 ] || fail "$what: exit $rc: $(cat err)"
}

# no CODE WORDS COMMAND...: must exit CODE and say WORDS
no() {
	local code=$1 words=$2 rc=0
	shift 2
	checks=$((checks + 1))
	"$@" >out 2>err </dev/null || rc=$?
	[ $rc -eq "$code" ] || fail "$*: exit $rc, not $code: $(cat err)"
	grep -qF -- "$words" err || fail "$*: said \"$(cat err)\", not \"$words\""
}

# is WHAT A B: must be equal
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""
}

fleet=3b7e0c1a9d2f4e5860718293a4b5c6d7
id=5f0c2c9d8e7f40a1b2c3d4e5f6071829
host=$id:web1.example.net

new() {
	local kind=$1
	shift
	"$reeve" ticket new "$kind" --fleet $fleet --host $host --requester ops-1 "$@"
}

# ---- keys ----
ok "key new" "$reeve" key new -c "Anna, laptop" own
is "modes" "$(stat -c %a own.sec own.pub | tr '\n' ' ')" "600 644 "
sum=$(sha256sum own.sec own.pub)
no 3 "own.pub: is there already, and is never written over" "$reeve" key new own
rm own.pub
no 3 "own.sec: is there already, and is never written over" "$reeve" key new own
checks=$((checks + 1))
[ ! -e own.pub ] || fail "half a pair was written"
ok "key show of a secret key" "$reeve" key show --json own.sec
print=$(sed 's/.*"key":"\([^"]*\)".*/\1/' out)
printf 'untrusted comment: Anna, laptop public key\n%s\n' "$print" >own.pub
is "the same key from both files" "$sum" "$(sha256sum own.sec own.pub)"
ok "key show" "$reeve" key show own.pub
want=$(sed -n 2p own.pub | base64 -d | tail -c 32 | sha256sum | cut -d ' ' -f 1)
is "fingerprint" "$(sed -n 's/^fingerprint *sha256://p' out)" "$want"
is "comment" "$(sed -n 's/^comment *//p' out)" "Anna, laptop public key"
(umask 0 && "$reeve" key new loose >/dev/null)
is "modes without umask" "$(stat -c %a loose.sec)" 600
ln -s /nowhere/at/all dangling.sec
no 3 "dangling.sec: is there already" "$reeve" key new dangling
ok "signify makes a pair" $signify -G -n -c theirs -p theirs.pub -s theirs.sec
ok "key show of signify's" "$reeve" key show theirs.pub

# ---- tickets ----
ok "ticket new" new pkg.install name=haproxy version=1.2 --valid 30m -o t
ok "ticket_accept" sh -c "'$build'/regress/ticket_accept <t"
is "its span" "$(($(sed -n 's/^notafter //p' t) - $(sed -n 's/^issued //p' t)))" 1800
ok "another one" new pkg.install name=haproxy version=1.2 --valid 30m -o t2
checks=$((checks + 1))
[ "$(sed -n 's/^id //p' t)" != "$(sed -n 's/^id //p' t2)" ] || fail "one id for two tickets"
ok "arguments in any order" new pkg.install version=1 name=g++ mode=plan --issued 1795226400
is "the row's order" "$(grep '^arg' out | tr '\n' ' ')" "arg mode plan arg name g++ arg version 1 "
ok "values" new script.run arg=plain "arg= x" arg= arg=b64:x name=backup
is "b64 where it must be" "$(sed -n 's/^arg arg //p' out | tr '\n' ' ')" \
	"plain b64:IHg b64: b64:YjY0Ong "
ok "hosts are sorted" new agent.ping --host 4f0c2c9d8e7f40a1b2c3d4e5f6071829:web2
is "first host" "$(grep -m 1 ^host out)" "host 4f0c2c9d8e7f40a1b2c3d4e5f6071829 web2"
ok "limits and fresh" new agent.facts --limit seconds=9 --limit output=8 --limit stall=7 \
	--fresh 00112233445566778899aabbccddeeff --notbefore 4000000000 --issued 3999999999
is "their lines" "$(grep -cE '^(limit seconds 9|limit output 8|limit stall 7|fresh 0011.*)$' out)" 4
printf 'geheim\n' >secret
printf 'reeve-seal 1\n%s\n' "$(sed -n 2p own.pub | base64 -d | tail -c 32 | base64)" >seal.pub
ok "sealed" new script.run name=x --seal token=secret --seal-key seal.pub
is "its length" "$(sed -n 's/^arg token seal://p' out | tr -d '\n' | wc -c)" 72
ok "ticket show" "$reeve" ticket show t
checks=$((checks + 1))
tail -n "$(wc -l <t)" out | cmp -s - t || fail "ticket show does not end with the exact text"
ok "ticket show --json" "$reeve" ticket show --json t
is "its sha256" "$(sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' out)" "$(sha256sum <t | cut -d ' ' -f 1)"
ok "ticket show of stdin" sh -c "'$reeve' ticket show - <t"

# ---- signatures, both ways ----
for key in own theirs; do
	ok "reeve signs with $key" "$reeve" sign -s $key.sec t
	mv t.sig $key-reeve.sig
	ok "signify signs with $key" $signify -S -s $key.sec -m t -x $key-signify.sig
	ok "the same bytes" cmp $key-reeve.sig $key-signify.sig
	for by in reeve signify; do
		ok "signify verifies $by's" $signify -V -q -p $key.pub -m t -x $key-$by.sig
		ok "reeve verifies $by's" "$reeve" verify -p $key.pub t $key-$by.sig
	done
done
ok "reeve signs a text of its own naming" "$reeve" sign -s own.sec -x x.sig t
printf 'any file at all\n' >any
ok "signify signs any file" $signify -S -s own.sec -m any -x any.sig
ok "reeve verifies any file" "$reeve" verify -p own.pub any any.sig
no 1 "the signature is not this key's; it names key number" "$reeve" verify -p theirs.pub t own-reeve.sig
no 1 "the signature is not this key's over these bytes" "$reeve" verify -p own.pub t2 own-reeve.sig
no 1 "signature: line 1 must begin with" "$reeve" verify -p own.pub t t
no 1 "public key: line 1 must begin with" "$reeve" verify -p t t own-reeve.sig
printf 'untrusted comment: zero\n%s\n' "$( (printf Ed; head -c 40 /dev/zero) | base64)" >zero.pub
no 1 "not a key that anything will accept" "$reeve" verify -p zero.pub t own-reeve.sig
no 1 "not a key that anything will accept" "$reeve" key show zero.pub

# ---- a passphrase is signify's business: it asks on the terminal ----
printf 'correct horse\ncorrect horse\n' >pass
ok "signify makes a locked pair" sh -c "$signify -G -c locked -p locked.pub -s locked.sec <pass"

# asked WORDS: signs with the locked key on a terminal of its own, and types WORDS when asked
asked() {
	local deadline=$((SECONDS + 20)) pid rc=0
	rm -f keys screen
	mkfifo keys
	: >screen
	script -qefc "$reeve sign -s locked.sec t" screen <keys >/dev/null &
	pid=$!
	exec 9>keys
	until grep -q 'passphrase:' screen; do
		[ $SECONDS -lt $deadline ] || { echo "was not asked: $(cat screen)" >&2; break; }
		read -rt 0.05 <>pause || continue
	done
	printf '%s\n' "$1" >&9
	wait $pid || rc=$?
	exec 9>&-
	return $rc
}
mkfifo pause
ok "locked key" asked "correct horse"
ok "its signature" "$reeve" verify -p locked.pub t t.sig
ok "its signature, by signify" $signify -V -q -p locked.pub -m t -x t.sig
rm t.sig
checks=$((checks + 1))
if asked "wrong"; then fail "a wrong passphrase signed"; fi
{ grep -q 'signify did not sign' screen && [ ! -e t.sig ]; } || fail "wrong passphrase: $(cat screen)"
no 1 "signify did not sign" setsid -w "$reeve" sign -s locked.sec t
no 1 "protected by a passphrase" "$reeve" key show locked.sec

# ---- what is never signed ----
no 1 "any: will not be signed: neither a ticket" "$reeve" sign -s own.sec any
sed 's/^arg version .*/arg version -o/' t >bent
no 1 "bent: will not be signed: line" "$reeve" sign -s own.sec bent
printf '%s\n' "$(cat t)" x >trailing
no 1 "nothing may stand after" "$reeve" sign -s own.sec trailing
cp "$top/regress/fuzz/seeds/result/ok" result
no 1 "results are signed by their host" "$reeve" sign -s own.sec result
cp "$top/regress/fuzz/seeds/keysfile/three" store
ok "a key store" "$reeve" sign -s own.sec store
grep -q '^signing key store of fleet .*, version 2, 3 keys$' out || fail "store: $(cat out)"
cp "$top/regress/fuzz/seeds/keysfile/reset" reset
ok "a reset order" "$reeve" sign -s own.sec reset
ok "result verified" sh -c "$signify -S -s own.sec -m result -x r.sig && '$reeve' verify -p own.pub result r.sig"
grep -q '^good signature over result of job ' out || fail "result: $(cat out)"

# ---- whose key, and who may read it ----
for mode in 640 604 644 660 610; do
	chmod $mode own.sec
	no 1 "lets others at the key; chmod 0600 it" "$reeve" sign -s own.sec t
done
chmod 400 own.sec
ok "mode 0400" "$reeve" sign -s own.sec t
chmod 600 own.sec
no 1 "is not a regular file" "$reeve" sign -s . t
mkfifo -m 600 fifo
no 1 "is not a regular file" "$reeve" sign -s fifo t
no 3 "No such file or directory" "$reeve" sign -s none.sec t
no 3 "No such file or directory" "$reeve" sign -s own.sec none
no 3 "t/x: Not a directory" "$reeve" sign -s own.sec -x t/x t
no 1 "secret key: line 1 must begin with" sh -c "cp t t.sec; chmod 600 t.sec; '$reeve' sign -s t.sec t"
no 1 "secret key: line 2 must be" sh -c "cp own.pub p.sec; chmod 600 p.sec; '$reeve' sign -s p.sec t"
if [ "$(id -u)" -eq 0 ]; then
	cp own.sec foreign.sec
	chown 65534 foreign.sec
	no 1 "belongs to uid 65534, not to you" "$reeve" sign -s foreign.sec t
fi

# ---- bad command lines and values, each with its word ----
no 2 "usage: reeve VERB" "$reeve"
no 2 'there is no verb "tickets"' "$reeve" tickets
no 2 'there is no verb "ticket old"' "$reeve" ticket old
no 2 "no such option" "$reeve" sign -q
no 2 "-s KEY.sec is missing" "$reeve" sign t
no 2 "one FILE to sign is needed" "$reeve" sign -s own.sec
no 2 "-x SIGFILE is needed" "$reeve" sign -s own.sec -
no 2 "-p KEY.pub is missing" "$reeve" verify t t.sig
no 2 "FILE and SIGFILE are needed" "$reeve" verify -p own.pub t
no 2 "one NAME is needed" "$reeve" key new
no 2 "comment: must be at most" "$reeve" key new -c "$(printf 'a\nb')" nl
no 2 "a KIND is needed" "$reeve" ticket new
no 2 "--fleet is missing" "$reeve" ticket new agent.ping --host $host
no 2 "--fleet: must be 32 lower-case hex digits" "$reeve" ticket new agent.ping --host $host --fleet 3B
no 2 "--host ID:NAME is missing" "$reeve" ticket new agent.ping --fleet $fleet
no 2 "--host: must be ID:NAME" new agent.ping --host web1
no 2 "--host: the id must be 32" new agent.ping --host 5F:web1
no 2 "is not a host name in lower case" new agent.ping --host $id:Web1
no 2 "stands twice" new agent.ping --host $host
no 2 "--requester: must be" new agent.ping --requester "two words"
no 2 "--valid: must be a time like" new agent.ping --valid 8d
no 2 "--valid: must be a time like" new agent.ping --valid 0
no 2 "--valid: must be a time like" new agent.ping --valid 1w
no 2 "--valid: must be a time like" new agent.ping --valid 99999999999999999999
no 2 "--notbefore: must be seconds" new agent.ping --notbefore tomorrow
no 2 "--issued: must be seconds" new agent.ping --issued 01
no 2 "--fresh: must be 32" new agent.ping --fresh x
no 2 "--limit: must be name=value" new agent.ping --limit seconds
no 2 "--limit: must be seconds, output or stall" new agent.ping --limit memory=1
no 2 "--limit: seconds: must be a number" new agent.ping --limit seconds=1h
no 2 "argument: must be name=value" new pkg.install haproxy
no 1 "limit seconds: must be a number from 1 to 60" new agent.ping --limit seconds=61
no 1 "notbefore: must not be before issued" new agent.ping --notbefore 1000 --issued 1001
no 1 "fresh: only with exactly one host line" new agent.ping --host $id:web2 \
	--fresh 00112233445566778899aabbccddeeff
no 1 'there is no job kind "pkg.instal"' new pkg.instal name=x
no 1 'there is no job kind "x"' "$reeve" ticket new x --help
no 1 "argument nam: pkg.install has none of that name" new pkg.install nam=x
no 1 "argument name: is missing; pkg.install needs it" new pkg.install
no 1 "argument name: must be a package name" new pkg.install name=-oDebug=1
no 1 "argument mode: must not stand twice" new pkg.install mode=plan mode=plan name=cron
no 1 "argument version: only with exactly one name" new pkg.install name=cron name=at version=1
no 1 "argument weight: must be a number from 0 to 256" new haproxy.server backend=b server=s weight=257
no 1 "argument state: must be one of drain,ready,maint" new haproxy.server backend=b server=s state=up
no 1 "argument token: is a secret and must be sealed" new script.run name=x token=geheim
no 1 "argument name: must not be sealed" new script.run --seal name=secret --seal-key seal.pub
no 2 "--seal needs --seal-key" new script.run name=x --seal token=secret
no 1 "is not a host's seal key" new script.run name=x --seal token=secret --seal-key own.pub
no 1 "argument token: must be 1 to 1024 bytes" new script.run name=x --seal token=/dev/null --seal-key seal.pub
no 1 "--blob: agent.ping has no blob of a name that was given" new agent.ping --blob config=t
no 1 "longer than 8192 bytes" "$reeve" ticket show /dev/zero
no 1 "not a ticket: line 1" "$reeve" ticket show any
no 1 "/dev/null: not a ticket: ticket is empty" "$reeve" ticket show /dev/null
no 3 "none/t: No such file or directory" new agent.ping -o none/t
no 3 "standard output: No space left on device" sh -c "'$reeve' ticket show t >/dev/full"
checks=$((checks + 1))
! grep -rqF geheim out err || fail "a secret was shown"

# ---- help, completion, pages: the same table everywhere ----
for verb in "key new" "key show" "ticket new" "ticket show" sign verify; do
	# shellcheck disable=SC2086
	ok "$verb --help" "$reeve" $verb --help
	grep -q "^usage: reeve $verb " out || fail "$verb --help: $(head -1 out)"
	checks=$((checks + 1))
	grep -qE "^\.Cm $verb\$" "$top/man/reeve.1" || fail "reeve.1 lacks $verb"
done
is "-V" "$("$reeve" -V)" "$("$reeve" --version)"
"$reeve" --completion >completion
ok "etc/completions/reeve is what reeve prints" cmp completion "$top/etc/completions/reeve"
"$reeve" ticket new --help | grep -oE '^ +--?[a-z-]+' | tr -d ' ' | sort >options
while read -r option; do
	checks=$((checks + 1))
	grep -qE "^\.It Fl ${option#-}( |\$)" "$top/man/reeve.1" || fail "reeve.1 lacks $option"
done <options
"$reeve" ticket new --help | sed '1,/^KIND /d' | cut -d ' ' -f 1 >kinds
while read -r kind; do
	echo ".Ss $kind"
	"$reeve" ticket new "$kind" --help | sed '1,/^ARGUMENT /d' | sed 's/ .*//; s/^/.It Cm /'
done <kinds >table
sed -n '/^\.Sh KINDS/,/^\.Sh SEE/p' "$top/man/reeve-job.5" | grep -E '^\.(Ss|It Cm) ' >page
ok "reeve-job(5) names the table's kinds and arguments, and none else: $(diff table page | head -5)" \
	cmp table page

echo "cli: $checks checks, $bad failed"
[ $bad -eq 0 ]
