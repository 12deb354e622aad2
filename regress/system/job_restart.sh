#!/bin/bash
# kill -9 of reeve-ctld in the middle of everything, again and again: whatever was answered with 2xx is there
# afterwards, no run is handed out twice under one fence, nothing that a host has is offered again.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
for n in 1 2 3; do agent_new $n "web$n.example.net"; done

# worker N: goes on until "$w/stop" is there; each 2xx is a line in $w/said.N: WHAT ID [FENCE]
worker() {
	local n=$1 i=0 f id fence k
	while ! [ -e "$w/stop" ]; do
		i=$((i + 1)) f=$w/k$n.$i
		job_new "$f" agent.ping "$n"
		id=$(id_of "$f")
		op_w "$n" POST /v1/jobs --data-binary "@$f.json"
		[[ $code == 20[01] ]] || { retry; continue; }
		echo "queued $id" >>"$w/said.$n"
		claim "$n"
		[ "$code" = 200 ] || { retry; continue; }
		for ((k = 0; k < 16; k++)); do
			fence=$(jget "$w/body$n" "\$.jobs[$k].fence")
			[ -n "$fence" ] || break
			jraw "$w/body$n" "\$.jobs[$k].ticket" "$w/t.$n"
			echo "fence $(id_of "$w/t.$n") $fence" >>"$w/said.$n"
			f=$w/k$n.$i.$k
			cp "$w/t.$n" "$f"
			work "$n" "$f" "$fence"
		done
	done
}

# work N TICKET FENCE
work() {
	local n=$1 f=$2 fence=$3 id
	id=$(id_of "$f")
	state "$n" "$f" accepted "$fence"
	[ "$code" = 200 ] || { retry; return; }
	echo "accepted $id $fence" >>"$w/said.$n"
	head -c $((RANDOM + 1)) /dev/urandom >"$f.out$n"
	out "$n" "$f" 0 "$fence" "$f.out$n"
	[ "$code" = 200 ] || { retry; return; }
	echo "output $id $(jget "$w/body$n" '$.offset') $f.out$n" >>"$w/said.$n"
	record "$n" "$f"
	result "$n" "$f"
	[ "$code" = 200 ] || { retry; return; }
	echo "result $id $f.r$n" >>"$w/said.$n"
}

# op_w N ...: as op, with files of the worker's own
op_w() {
	local n=$1 m=$2 p=$3
	shift 3
	code=$(curl -sS -m 20 --cacert "$w/ca.crt" -o "$w/opbody.$n" -w '%{http_code}' -X "$m" \
	    -H "Authorization: Bearer $admin" "$@" "$url$p" 2>"$w/curl.err.$n")
}
# between a crash and the next start nothing answers: look again when it does
retry() { within 20 healthy; }

workers=()
for n in 1 2 3; do
	(trap - EXIT; worker $n) 2>"$w/worker.$n" &
	workers+=($!)
done
lines() { [ "$(cat "$w"/said.* 2>/dev/null | wc -l)" -gt "$1" ]; }
for ((round = 1; round <= 8; round++)); do
	soon "work goes on" lines $(($(cat "$w"/said.* 2>/dev/null | wc -l) + 10 + RANDOM % 20))
	ctld_crash
	ctld_start
done
: >"$w/stop"
for p in "${workers[@]}"; do wait "$p"; done

q() { sqlite3 -readonly "$s/state/ctld.db" "$1"; }
ctld_crash # and what is in the log of the database is there without its last writer
count=0
while read -r what id a b; do
	count=$((count + 1))
	case $what in
	queued) is "$id was queued" "$(q "select count(*) from jobs where id = '$id'")" 1 ;;
	fence) ok "$id was handed out under fence $a" test "$(q "select fence from runs where job_id = '$id'")" -ge "$a" ;;
	accepted) ok "$id was accepted" test "$(q "select state from runs where job_id = '$id'")" -ge 3 ;;
	output)
		ok "$a bytes of $id" test "$(cat "$s/state/output/$id".* | wc -c)" -ge "$a"
		ok "the very bytes of $id" cmp -n "$a" "$b" "$(echo "$s/state/output/$id".*)"
		;;
	result)
		is "the result of $id" "$(q "select state, record = cast(readfile('$a') as blob) from runs where job_id = '$id'")" "5|1"
		;;
	esac
done < <(cat "$w"/said.*)
ok "enough was done: $count answers, $(grep -c ^result <(cat "$w"/said.*)) results" test "$count" -gt 60
is "no fence was given twice" "$(grep -h ^fence "$w"/said.* | sort | uniq -d)" ""
is "the database is whole" "$(q 'pragma integrity_check')" ok
ctld_start
for n in 1 2 3; do
	claim $n
	[ "$code" = 200 ] || continue
	for ((k = 0; k < 16; k++)); do
		[ -n "$(jget "$w/body$n" "\$.jobs[$k].fence")" ] || break
		jraw "$w/body$n" "\$.jobs[$k].ticket" "$w/again"
		hasnot "what a host has is not offered again" <(cat "$w"/said.*) "accepted $(id_of "$w/again")"
	done
done
finish
