#!/bin/bash
# regress: timeout 400
# kill-everywhere: kill -9 of reeve-privd and of reeve-execd at each point of a list that is generated from
# the ledger's table and the message table, then at random moments. After each: never two executions, a
# signed result or "unknown", a ledger that replays. A point that is not reached fails the run.
#
#	crash.sh [-n RANDOM] [POINT...]		all points, or those given; RANDOM kills (50), 0 for none
#
# Builds with CRASH=1 into CRASHBUILD, and runs in a throw-away view of this machine (regress/tools/view).
set -eu
cd "$(dirname "$0")/../.."
random=50
while getopts n: o; do
	case $o in
	n) random=$OPTARG ;;
	*) echo "usage: crash.sh [-n RANDOM] [POINT...]" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
b=${CRASHBUILD:-${BUILD:-build}-crash}
make -s BUILD="$b" CRASH=1 "$b/reeve-privd" "$b/reeve-execd" "$b/reevectl" "$b/reeve" \
    "$b/regress/crash/points" "$b/regress/crash/ledgercheck"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir "$stage/bin" "$stage/src"
cp "$b"/reeve-privd "$b"/reeve-execd "$b"/reevectl "$b"/reeve "$b"/regress/crash/points \
    "$b"/regress/crash/ledgercheck "$stage/bin/"
cp -r --parents etc/mkusers lib/users.def regress/crash/inside "$stage/src/"
# every place in the source that can be a crash point belongs to a table that points.c walks
if grep -rnE 'crash_point\("' --include='*.c' imsg privd execd | grep -vE '"(ledger|msg|spool|start)"'; then
	echo "crash: a crash point of a table that regress/crash/points.c does not know" >&2
	exit 1
fi
rc=0
regress/tools/view -v "$stage:/opt/crash" -- env RANDOM_KILLS="$random" bash /opt/crash/src/regress/crash/inside/main.sh all "$@" || rc=$?
exit $rc
