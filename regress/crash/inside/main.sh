#!/bin/bash
# crash.sh's work, in the view:
#
#	main.sh all [POINT...]			every point, then random kills
#	main.sh point N PROCESS POINT [package]	one host, killed there in the middle of everything that a host
#						does, or of a job of two steps
#	main.sh random N KILLS			one host, killed KILLS times while jobs come in
set -u
[ "$(hostname)" = view ] || { echo "main.sh: run regress/crash/crash.sh" >&2; exit 2; }

export PATH=/opt/crash/bin:$PATH LC_ALL=C
top=/run/crash
tickets=$top/tickets
fleet=3b7e0c1a9d2f4e5860718293a4b5c6d7
host=5f0c2c9d8e7f40a1b2c3d4e5f6071829
name=web1.example.net
cgroup=/sys/fs/cgroup
d='' privd=0

# make_host N: a host in $d, stopped, with the state of $top/state when there is one
make_host() {
	d=$top/host.$1
	mkdir -p "$d/etc/keys" "$d/scripts" "$d/w" "$d/out" "$cgroup/host.$1"
	chown _reevescript "$d/w"
	cp "$top/ops.pub" "$d/etc/keys/ops.pub"
	cat >"$d/etc/agent.conf" <<-EOF
		fleet $fleet
		host $host $name
		script-dirs $d/scripts
		state-dir $d/state
		run-dir $d/run
		libexec-dir /opt/crash/bin
		cgroup-dir $cgroup/host.$1
	EOF
	cat >"$d/etc/policy.conf" <<-EOF
		[key ops]
		file keys/ops.pub
		role operator
		holder ops-1
		allow agent.* script.run:* pkg.install
	EOF
	script quick ''
	script slow 'sleep 0.3'
	script endless 'sleep 600'
	# one that cannot be confined: its directory is taken away when the agent has looked at it
	printf '#!/bin/sh\nexit 0\n' >"$d/scripts/unready"
	chmod 755 "$d/scripts/unready"
	echo "unready = $d/scripts/unready write=$d/gone" >>"$d/etc/scripts.conf"
	if [ -d "$top/state" ]; then cp -a "$top/state" "$d/state"; else mkdir -m 700 "$d/state"; fi
	mkdir -m 755 "$d/run"
	privd=0
}

# script NAME BODY: appends one line to the file w/ARG, then does BODY
script() {
	printf '#!/bin/sh\necho ran >>"%s/w/%s"\n%s\n' "$d" "\$1" "$2" >"$d/scripts/$1"
	chmod 755 "$d/scripts/$1"
	echo "$1 = $d/scripts/$1 write=$d/w parallel=8" >>"$d/etc/scripts.conf"
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# within SECONDS CMD...: polls until CMD succeeds; 1 when the time is over
within() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.01
	done
}

alive() { [ "$privd" != 0 ] && kill -0 "$privd" 2>/dev/null; }
dead() { ! alive; }
up_or_dead() { [ -S "$d/run/control.sock" ] || dead; }

# start [POINT]
start() {
	rm -f "$d/run/control.sock"
	[ -d "$d/gone" ] || mkdir "$d/gone"
	REEVE_CRASH=${1:-} reeve-privd -d -v -f "$d/etc/agent.conf" >>"$d/log" 2>&1 &
	privd=$!
	within 20 up_or_dead || fail "privd does not start"
	rmdir "$d/gone"
}

# stop: as a service manager does
stop() {
	local rc=0
	kill -TERM "$privd" || fail "privd was dead before it was stopped"
	within 20 dead || fail "privd does not stop"
	wait "$privd" || rc=$?
	[ $rc -eq 0 ] || fail "privd ended with $rc on SIGTERM"
	privd=0
}

ctl() { timeout 25 reevectl -s "$d/run/control.sock" "$@"; }

id_of() { sed -n 's/^id //p' "$1"; }

# ticket FILE KIND ARG...
ticket() {
	local f=$1 k=$2
	shift 2
	reeve ticket new "$k" --fleet $fleet --host "$host:$name" --requester ops-1 -o "$f" "$@" &&
	    reeve sign -s "$top/ops.sec" -x "$f.sig" "$f" >/dev/null
}

lines() { if [ -f "$1" ]; then wc -l <"$1"; else echo 0; fi; }

# judge TICKET WITNESS ENDS: its result is signed, its end one of ENDS, and it ran as often as that says.
# Sets end. WITNESS "" where nothing counts.
judge() {
	local id ran=0
	id=$(id_of "$1")
	ctl wait -k -o "$d/out/$id" "$id" >"$d/out/$id.stdout" 2>"$d/out/$id.stderr" ||
	    [ -s "$d/out/$id" ] || fail "$1: no result: $(cat "$d/out/$id.stderr")"
	reeve verify -p "$d/state/result.pub" "$d/out/$id" "$d/out/$id.sig" >/dev/null 2>&1 ||
	    fail "$1: its result does not verify"
	end=$(sed -n 's/^end \([a-z-]*\).*/\1/p' "$d/out/$id")
	case " $3 " in *" $end "*) ;; *) fail "$1: ended $(sed -n 's/^end //p' "$d/out/$id"), not one of: $3" ;; esac
	[ -n "$2" ] || return 0
	ran=$(lines "$2")
	case $end in
	ok) [ "$ran" -eq 1 ] || fail "$1: ok, and ran $ran times" ;;
	setup-failed | refused | expired) [ "$ran" -eq 0 ] || fail "$1: $end, and ran $ran times" ;;
	*) [ "$ran" -le 1 ] || fail "$1: $end, and ran $ran times" ;;
	esac
}

# story [-c]: what the ledger of the stopped host tells
story() {
	ledgercheck "$@" "$d/state" >"$d/story" 2>&1 || fail "the ledger: $(grep -v '^[0-9a-f]\{32\} ' "$d/story" | head -5)"
	[ -z "$(cat "$cgroup/${d##*/}"/*/cgroup.procs "$cgroup/${d##*/}"/*/*/cgroup.procs 2>/dev/null)" ] ||
	    fail "processes are left in its cgroups"
}

what='set-up'
fail() {
	echo "FAILED $what: $*"
	{
		echo "== $what: $*"
		tail -n 40 "$d/log"
		[ ! -f "$d/story" ] || cat "$d/story"
	} >>"$top/failures" 2>&1
	if alive; then kill -KILL "$privd"; fi
	exit 1
}

tried=() cut=() said='' process='' point='' n=0

# hit: the process that should die at the point has died
hit() {
	if [ "$process" = privd ]; then
		dead
	else
		grep -q 'status 0x8900' "$d/log"
	fi
}

# step CMD...: does it unless the crash has come
step() {
	hit && return
	"$@" >>"$d/step.log" 2>&1
	[ "$process" = privd ] || within 2 hit_or_idle
}

hit_or_idle() { hit || ! grep -q . "$cgroup/${d##*/}"/*/sup/cgroup.procs 2>/dev/null; }

submit() {
	tried+=("$1")
	ctl submit "$tickets/$1" "$tickets/$1.sig"
}

finish() { ctl wait -o "$d/out/first" "$(id_of "$tickets/$1")"; }

cancel() { ctl cancel "$(id_of "$tickets/endless")"; }
ran() { [ -s "$d/w/$1" ] || dead; }

# challenge and a ticket that uses it, signed now: an operator who waits for the nonce
fresh() {
	local nonce
	nonce=$(ctl wait -k "$(id_of "$tickets/challenge")" | sed -n 's/^challenge //p')
	[ -n "$nonce" ] || return
	ticket "$tickets/fresh.$n" script.run --fresh "$nonce" name=quick arg=fresh || return
	submit "fresh.$n"
}

everything() {
	step submit sealed
	step ctl policy test "$tickets/slow" "$tickets/slow.sig"
	step ctl submit "$tickets/slow"
	step ctl trust "$tickets/slow" "$tickets/slow.sig"
	step ctl status
	step ctl jobs
	step ctl show "$(id_of "$tickets/sealed")"
	step finish sealed
	step submit slow
	step submit unready
	step submit endless
	step within 10 ran endless
	step cancel
	step submit challenge
	step fresh
	step ctl reload
	step ctl self-test
	step finish slow
}

# The two steps of pkg.install. apt has one lock for the whole machine.
package() {
	submit "package.$n"
	finish "package.$n"
}

# again: gives every ticket a second time, as an operator would who got no answer; each is run or known
again() {
	local t rc
	for t in ${tried+"${tried[@]}"}; do
		rc=0
		ctl submit "$tickets/$t" "$tickets/$t.sig" >>"$d/step.log" 2>&1 || rc=$?
		if [ ${#cut[@]} -gt 0 ]; then
			# the cut may have been this very ticket: no older one is taken for a while
			tail -n 1 "$d/step.log" | grep -q 'ledger was cut' || fail "$t: given again after a cut, and not refused for it"
			rc=0
		elif [ $rc -eq 4 ] && [ "$t" = "fresh.$n" ]; then
			# its challenge was used up by the intake that the crash ended
			[ "$(lines "$d/w/fresh")" -eq 0 ] || fail "$t: refused now, and ran"
			said="$said $t=refused"
			continue
		fi
		[ $rc -eq 0 ] || fail "$t: given again, exit $rc: $(tail -n 1 "$d/step.log")"
		[ "$t" != endless ] || ctl cancel "$(id_of "$tickets/endless")" >>"$d/step.log" 2>&1
		judge_one "$t"
		said="$said ${t%.*}=$end"
	done
}

judge_one() {
	local ends='ok unknown'
	[ "$process" = privd ] || ends="$ends setup-failed"
	case $1 in
	sealed) judge "$tickets/$1" "$d/w/sealed" "$ends" ;;
	fresh.*) judge "$tickets/$1" "$d/w/fresh" "$ends" ;;
	endless) judge "$tickets/$1" "$d/w/endless" "cancelled unknown setup-failed" ;;
	unready) judge "$tickets/$1" '' "setup-failed $ends" ;;
	challenge) judge "$tickets/$1" '' "ok" ;;
	package.*) judge "$tickets/$1" "$top/w.$1" "$ends" ;;
	*) judge "$tickets/$1" "$d/w/$1" "$ends" ;;
	esac
}

# one host, killed at POINT, then started again. Prints "ok" or "FAILED", POINT and how each job ended.
one_point() {
	local rc=0
	n=$1 process=$2 point=$3 what="$3${4:+ of a $4}"
	make_host "$n"
	case $point in
	ledger.CUT.*)
		start
		submit quick >>"$d/step.log" 2>&1 || fail "quick: refused"
		judge_one quick
		stop
		printf 'torn' >>"$d/state/ledger"
		cut=(-c)
		;;
	start.*)
		# its very first start
		rm -rf "$d/state"
		;;
	esac
	start "$point"
	if [ -n "${4:-}" ]; then step package; else everything; fi
	hit || fail "not reached"
	if [ "$process" = privd ]; then
		wait "$privd" || rc=$?
		[ $rc -eq 137 ] || fail "privd ended with $rc at the point, not by the kill"
	else
		stop
	fi
	start
	alive || fail "privd does not start again"
	ctl --json status >"$d/status" || fail "no status"
	grep -q '"state":"running"' "$d/status" || fail "after the start: $(head -c 300 "$d/status")"
	again
	stop
	story ${cut+"${cut[@]}"}
	rm -rf "$d/state"
	echo "ok $what:$said"
}

# one host that is killed KILLS times at moments that nobody chose
random_kills() {
	local i s client ok=0 unknown=0 kills=$2 given=()
	what="random kills"
	make_host "$1"
	mkdir "$d/t"
	for ((i = 1; i <= kills; i++)); do
		start
		case $((i % 3)) in 0) s=slow ;; *) s=quick ;; esac
		ticket "$d/t/$i" script.run name=$s arg="$i" || fail "ticket $i"
		given+=("$i")
		( ctl submit "$d/t/$i" "$d/t/$i.sig" >/dev/null 2>&1 ) &
		client=$!
		sleep "0.$(printf '%03d' $((RANDOM % 120)))"
		kill -KILL "$privd"
		within 10 dead || fail "privd survives SIGKILL"
		wait "$privd" "$client" 2>/dev/null
	done
	start
	for i in "${given[@]}"; do
		ctl submit "$d/t/$i" "$d/t/$i.sig" >/dev/null 2>&1 || fail "ticket $i, given again, is refused"
		judge "$d/t/$i" "$d/w/$i" "ok unknown"
		case $end in ok) ok=$((ok + 1)) ;; *) unknown=$((unknown + 1)) ;; esac
	done
	stop
	story
	echo "ok random: privd killed $kills times; ${#given[@]} jobs, $(grep -c 'found again' "$d/log") times found in a step;" \
	    "$ok ok, $unknown unknown, none twice"
}

make_tickets() {
	ticket "$tickets/quick" script.run name=quick arg=quick &&
	    ticket "$tickets/sealed" script.run --seal-key "$top/state/seal.pub" --seal token=/dev/stdin name=quick arg=sealed <<<hush &&
	    ticket "$tickets/slow" script.run name=slow arg=slow &&
	    ticket "$tickets/endless" script.run name=endless arg=endless &&
	    ticket "$tickets/unready" script.run name=unready &&
	    ticket "$tickets/challenge" agent.challenge
}

# a package of its own for each run of the two-step kind
packages() {
	local i w repo="$top/repo"
	mkdir -p "$repo"
	while read -r i; do
		w=$(mktemp -d)
		mkdir "$w/DEBIAN"
		printf 'Package: crash-%s\nVersion: 1.0\nArchitecture: all\nMaintainer: Test <test@example.org>\nDescription: test\n' \
		    "$i" >"$w/DEBIAN/control"
		printf '#!/bin/sh\necho ran >>%s/w.package.%s\n' "$top" "$i" >"$w/DEBIAN/postinst"
		chmod 755 "$w" "$w/DEBIAN" "$w/DEBIAN/postinst"
		dpkg-deb -b --root-owner-group "$w" "$repo/crash-$i.deb" >/dev/null || return 1
		{
			cat "$w/DEBIAN/control"
			printf 'Filename: ./crash-%s.deb\nSize: %s\nSHA256: %s\n\n' "$i" \
			    "$(stat -c %s "$repo/crash-$i.deb")" "$(sha256sum "$repo/crash-$i.deb" | cut -d' ' -f1)"
		} >>"$repo/Packages"
		rm -r "$w"
		ticket "$tickets/package.$i" pkg.install name="crash-$i" || return 1
	done < <(awk '$4 == "package" { print $1 }' "$top/numbered")
	[ -f "$repo/Packages" ] || return 0
	rm -rf /etc/apt/sources.list /etc/apt/sources.list.d
	echo "deb [trusted=yes] file:$repo ./" >/etc/apt/sources.list
	apt-get update >"$top/apt.log" 2>&1
}

# the runs share nothing but the CPU; those with apt come one after the other
run_points() {
	awk '$4 == ""' "$top/numbered" | xargs -r -P "$1" -L 1 bash "$0" point
	awk '$4 != ""' "$top/numbered" | xargs -r -P 1 -L 1 bash "$0" point
}

# plan: each point; those that a job passes also for the second and the fourth job of the crowd; and those that a
# step passes for both steps of pkg.install, which alone reaches the end of a step that is not the last
plan() {
	awk '
	$3 ~ /^ledger.STEPEND/ { print $2, $3, "package"; next }
	{ print $2, $3 }
	$2 == "privd" && $3 ~ /^(ledger.(ACCEPTED|STEP|STARTED|FINISHED)|msg.EXEC_(START|READY|GO|EXIT))[.]/ {
		print $2, $3 ":2"; print $2, $3 ":4"
	}
	$3 ~ /^(ledger.(STEP|STARTED|FINISHED)|msg.EXEC_(READY|GO)|spool.EXIT)[.]/ { print $2, $3, "package" }
	$2 == "privd" && $3 ~ /^(ledger.(STEP|STARTED)|msg.EXEC_GO)[.]/ { print $2, $3 ":2", "package" }
	' "$top/run" | awk '{ print NR, $0 }'
}

all_points() {
	local began want good
	/opt/crash/src/etc/mkusers >/dev/null || fail "no users"
	chmod 755 /opt /opt/crash
	umask 022
	mkdir "$top" "$tickets"
	(cd "$top" && reeve key new -c ops ops) >/dev/null || fail "no key"

	# the first start, once: every host below is a copy of this one
	make_host first
	start
	ctl status >/dev/null || fail "the first start"
	stop
	cp -a "$d/state" "$top/state"

	make_tickets || fail "no tickets"

	points >"$top/points" || fail "points"
	grep '^run ' "$top/points" >"$top/run"
	if [ $# -gt 0 ]; then
		printf '%s\n' "$@" | grep -Fwf - "$top/run" >"$top/some"
		mv "$top/some" "$top/run"
	fi
	[ -s "$top/run" ] || fail "no such point"

	plan >"$top/numbered"
	packages || fail "packages: $(cat "$top/apt.log")"

	began=$SECONDS
	{
		run_points $(($(nproc) * 2))
		[ "${RANDOM_KILLS:-0}" -eq 0 ] || bash "$0" random random "$RANDOM_KILLS"
	} | tee "$top/report"
	want=$(($(wc -l <"$top/numbered") + (${RANDOM_KILLS:-0} > 0)))
	good=$(grep -c '^ok ' "$top/report")
	[ "$good" -eq "$want" ] || cat "$top/failures" >&2
	sed -n 's/^skip \([^ ]*\) \([^ ]*\) /not run: \2 in \1: /p' "$top/points"
	echo "crash: $(grep -c '^[0-9]* privd' "$top/numbered") kills of privd and $(grep -c '^[0-9]* execd' "$top/numbered") of execd at points, ${RANDOM_KILLS:-0} at random; $good of $want runs good; $((SECONDS - began)) s"
	[ "$good" -eq "$want" ]
}

mode=$1
shift
case $mode in
all) all_points "$@" ;;
point) one_point "$@" ;;
random) random_kills "$@" ;;
esac
