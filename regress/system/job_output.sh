#!/bin/bash
# Output: pieces at any offset, twice, over each other, out of order: what is held is the host's bytes, each once.
# Caps answer 413, gaps 416. An operator follows it live; a slow one is held back, and nobody waits for it.
# regress: timeout 180
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
agent_new 1 web1.example.net
f=$w/j1
job_new "$f" agent.ping 1
job_put "$f"
id=$(id_of "$f")
hostid=$(cat "$w/a1.id")
held="$s"/state/output/$id.$hostid
head -c 700000 /dev/urandom >"$f.out1"
size=700000

# piece OFFSET LENGTH
piece() { tail -c +$(($1 + 1)) "$f.out1" | head -c "$2" >"$w/piece"; }

piece 0 10
out 1 "$f" 0 1 "$w/piece"
status "before any lease" 409
ok "no file" test ! -e "$held"
claim 1
out 1 "$f" 0 2 "$w/piece"
status "by a fence that was never given" 409
for q in "" "?offset=0" "?fence=1" "?offset=-1&fence=1" "?offset=1e3&fence=1" "?offset=01&fence=1" "?offset=0&offset=0&fence=1" \
    "?offset=18446744073709551616&fence=1" "?offset=0x0&fence=1" "?offset=&fence=1"; do
	agent 1 PUT "/job/$id/output$q" --data-binary "@$w/piece"
	[[ $code == 400 || $code == 409 ]] || fail "output$q: $code"
	checks=$((checks + 1))
done
out 1 "$f" 1 1 "$w/piece"
status "a gap" 416
is "says how far it is" "$(jget "$w/body1" '$.offset')" 0
out 1 "$f" 9223372036854775807 1 "$w/piece"
status "a very long gap" 416
: >"$w/empty"
out 1 "$f" 0 1 "$w/empty"
status "nothing at all" 200

# a follower from the start, in the background
curl -sS -N -m 100 --cacert "$w/ca.crt" -H "Authorization: Bearer $admin" -o "$w/live" \
    "$url/v1/jobs/$id/output/$hostid?follow=1" 2>"$w/live.err" &
live=$!

# random pieces; SEED fixes them
RANDOM=$((${SEED:-4711}))
have=0 n=0
while [ $have -lt $size ] && [ $n -lt 400 ]; do
	n=$((n + 1))
	o=$(((RANDOM * 32768 + RANDOM) % (have + 1)))
	case $((n % 6)) in
	0) o=$((have + 1 + RANDOM % 20000)) ;;
	1 | 3) o=$have ;;
	2) o=$((have < 9000 ? have : have - RANDOM % 9000)) ;;
	esac
	l=$((1 + (RANDOM * 32768 + RANDOM) % 60000))
	[ $o -lt $size ] || continue
	[ $((o + l)) -le $size ] || l=$((size - o))
	piece $o $l
	out 1 "$f" $o 1 "$w/piece"
	if [ $o -gt $have ]; then
		[ "$code" = 416 ] || fail "piece at $o of $l behind $have: $code"
	else
		[ "$code" = 200 ] || fail "piece at $o of $l behind $have: $code"
		[ $((o + l)) -le $have ] || have=$((o + l))
	fi
	[ "$(jget "$w/body1" '$.offset')" = "$have" ] || fail "at $o of $l: $(cat "$w/body1"), not $have"
	checks=$((checks + 2))
done
is "all of it is there after $n pieces" "$have" $size
ok "byte for byte" cmp "$held" "$f.out1"

# every boundary around what is held
for l in 65535 65536 65537 262144; do
	piece 0 $l
	out 1 "$f" 0 1 "$w/piece"
	status "$l bytes again" 200
done
head -c 262145 "$f.out1" >"$w/piece"
out 1 "$f" 0 1 "$w/piece"
status "a piece larger than is taken" 413
ok "still byte for byte" cmp "$held" "$f.out1"

record 1 "$f"
result 1 "$f"
status "result" 200
ok "the follower ends" wait "$live"
wait "$live"
is "as it should" "$?" 0
ok "and has all of it, each byte once" cmp "$w/live" "$f.out1"
piece 0 100
out 1 "$f" 0 1 "$w/piece"
status "what is there may be sent after the result" 200
out 1 "$f" $size 1 "$w/piece"
status "more may not" 409
op GET "/v1/jobs/$id/output/$hostid?offset=$((size + 5))"
status "from behind the end" 200
ok "is nothing" test ! -s "$w/body"
op GET "/v1/jobs/$id/output/$(newid)"
status "of a host that has no such run" 404

# a small output is in the database with its result, and survives a file that a power cut took
f=$w/j0
job_new "$f" agent.ping 1
job_put "$f"
claim 1
for l in 16384 16385; do
	[ $l = 16384 ] || { f=$w/j00; job_new "$f" agent.ping 1; job_put "$f"; claim 1; }
	head -c $l /dev/urandom >"$f.out1"
	out 1 "$f" 0 1 "$f.out1"
	record 1 "$f"
	result 1 "$f"
	status "result with $l bytes of output" 200
	is "held" "$(run_of 1 "$f" output)" $l
	if [ $l = 16384 ]; then : >"$s/state/output/$(id_of "$f").$hostid"; fi
	op GET "/v1/jobs/$(id_of "$f")/output/$hostid?offset=7&follow=1"
	tail -c +8 "$f.out1" >"$w/part"
	ok "$l bytes, all but 7" cmp "$w/part" "$w/body"
	out 1 "$f" 0 1 "$f.out1"
	status "the same again" 200
	out 1 "$f" 1 1 "$f.out1"
	status "more than was there" 409
done

# the cap of one run: agent.ping keeps 4096 bytes, and 8 MiB of frames around them
f=$w/j2
job_new "$f" agent.ping 1
job_put "$f"
claim 1
head -c 262144 /dev/zero >"$w/piece"
for ((o = 0; o < 32; o++)); do
	out 1 "$f" $((o * 262144)) 1 "$w/piece"
	[ "$code" = 200 ] || fail "piece $o: $code"
done
out 1 "$f" $((32 * 262144)) 1 "$w/piece"
status "over the cap of a run" 413
is "says so" "$(jget "$w/body1" '$.error.code')" too_large
is "and keeps what it had" "$(run_of 1 "$f" output)" $((32 * 262144))

# a reader that takes nothing: ctld's memory stays, and others are answered
curl -sS -N --limit-rate 1k -m 100 --cacert "$w/ca.crt" -H "Authorization: Bearer $admin" -o "$w/slow" \
    "$url/v1/jobs/$(id_of "$f")/output/$hostid" 2>"$w/slow.err" &
slow=$!
rss() { sed -n 's/^VmRSS:[[:blank:]]*\([0-9]*\).*/\1/p' "/proc/$ctld/status"; }
r0=$(rss)
soon "it reads" test -s "$w/slow"
for ((i = 0; i < 20; i++)); do healthy || fail "not healthy beside a slow reader"; done
r1=$(rss)
ok "no more than 4 MiB for it: $r0, $r1 KiB" test $((r1 - r0)) -lt 4096
kill "$slow"
wait "$slow" 2>/dev/null

# a slow one, but not that slow: every byte, however long the backlog stays full
curl -sS --limit-rate 4m -m 100 --cacert "$w/ca.crt" -H "Authorization: Bearer $admin" -o "$w/slow" \
    "$url/v1/jobs/$(id_of "$f")/output/$hostid" 2>"$w/slow.err" || fail "a slow reader: $(cat "$w/slow.err")"
is "a slow reader's bytes" "$(wc -c <"$w/slow")" $((32 * 262144))

# the cap of all: 413 for everybody
sed -i '/^output-max/d' "$s/etc/ctld.conf"
echo "output-max 9437184" >>"$s/etc/ctld.conf"
kill -HUP "$ctld"
soon "reloaded" grep -q reloaded "$w/log"
f=$w/j3
job_new "$f" agent.facts 1
job_put "$f"
claim 1
out 1 "$f" 0 1 "$w/piece"
status "some room is left" 200
out 1 "$f" 262144 1 "$w/piece"
status "now none is" 413

# a job that is forgotten frees its room
sed -i '/^keep-days/d' "$s/etc/ctld.conf"
state 1 "$w/j2" refused 1 "no"
sqlite3 -cmd '.timeout 5000' "$s/state/ctld.db" "update jobs set submitted = 1 where id = '$(id_of "$w/j2")';
    update runs set finished_at = 1 where job_id = '$(id_of "$w/j2")'"
ctld_crash
ctld_start
gone() { ! [ -e "$s/state/output/$(id_of "$w/j2").$hostid" ]; }
soon "the old job's output is gone" gone
op GET "/v1/jobs/$(id_of "$w/j2")"
status "and the job" 404
out 1 "$f" 262144 1 "$w/piece"
status "its room is free" 200
finish
