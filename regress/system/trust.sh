#!/bin/bash
# reevectl trust: a key store that admin keys signed replaces the present one; whatever else is refused and changes
# nothing. A key that it revokes signs no job any more, also none that is queued, and also after a restart.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script quick <<'S'
echo quick
S
cd "$w/t" || exit 1
for k in adm1 adm2; do
	"$BUILD/reeve" key new -c "admin $k" $k >/dev/null || exit 1
	install -m 644 $k.pub "$h/etc/keys/$k.pub"
	printf '[key %s]\nfile keys/%s.pub\nrole admin\nholder %s\n' $k $k $k >>"$h/etc/policy.conf"
done
start || finish

# store VERSION THRESHOLD [REVOKED-NAME]: a key store with adm1, adm2 and ops, into keys.VERSION
store() {
	local n role rev
	{
		printf 'reeve-keys 1\nfleet %s\nversion %s\nthreshold %s\n' "$fleet" "$1" "$2"
		for n in adm1 adm2 ops; do
			role=admin rev=0
			[ $n != ops ] || role=operator
			[ $n != "${3:-}" ] || rev=1795226400
			printf '%s %s %s %s\n' "$(sed -n 2p $n.pub)" $role "$(if [ $n = ops ]; then echo ops-1; else echo $n; fi)" $rev
		done | LC_ALL=C sort | while read -r k r ho re; do
			printf 'key %s\nrole %s\nholder %s\nnotafter 0\nrevoked %s\n' "$k" "$r" "$ho" "$re"
		done
		echo end
	} >"keys.$1"
}
# signed VERSION KEY...: signs it with each; the signatures' names on standard output
signed() {
	local v=$1 k
	shift
	for k in "$@"; do
		"$BUILD/reeve" sign -s "$k.sec" -x "keys.$v.$k" "keys.$v" >/dev/null 2>&1 || echo "cannot sign" >&2
		echo "keys.$v.$k"
	done
}

ok "before any key store" job first script.run name=quick
store 1 1
no 4 "" ctl trust keys.1 "$(signed 1 ops)"
no 4 "" ctl trust keys.1 "$(signed 1 other)"
ok "version 1" ctl trust keys.1 "$(signed 1 adm1)"
has "what it said" "$w/out" "key store version 1"
has "audit" "$h/state/audit" "event=key.load"
has "audit of what was refused" "$h/state/audit" "event=key.refuse"
ok "a job by a key of the store" job second script.run name=quick
no 4 "version 1 does not follow 1" ctl trust keys.1 keys.1.adm1
store 3 2
no 4 "version 3 does not follow 1" ctl trust keys.3 "$(signed 3 adm1)"
store 2 2
no 4 "" ctl trust keys.2 "$(signed 2 adm1)"
# shellcheck disable=SC2046
ok "version 2, which asks for two" ctl trust keys.2 $(signed 2 adm1 adm2)
store 3 2 ops
# shellcheck disable=SC2046
no 4 "" ctl trust keys.3 $(signed 3 adm1) keys.3.adm1
# shellcheck disable=SC2046
ok "version 3 revokes the operator" ctl trust keys.3 $(signed 3 adm1 adm2)
ticket third script.run name=quick
no 4 "revoked" submit third
store 4 2
# shellcheck disable=SC2046
no 4 "" ctl trust keys.4 $(signed 4 adm1 adm2)
stop
start || finish
no 4 "revoked" submit third
is "the store on disk" "$(sha256sum <"$h/state/keystore")" "$(sha256sum <keys.3)"
is "its mode" "$(stat -c %a "$h/state/keystore")" 600
no 3 "not a regular file" ctl trust /dev/null keys.3.adm1
: >empty
no 3 "is empty" ctl trust empty keys.3.adm1
finish
