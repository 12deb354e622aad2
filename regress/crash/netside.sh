#!/bin/bash
# regress: timeout 300
# kill-everywhere, at each message between reeve-privd and its network processes: regress/crash/netcrash.c plays those.
# Builds with CRASH=1 into CRASHBUILD.
set -eu
cd "$(dirname "$0")/../.."
[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
b=${CRASHBUILD:-${BUILD:-build}-crash}
make -s BUILD="$b" CRASH=1 "$b/reeve-privd" "$b/reeve-execd" "$b/regress/ipc/relay" "$b/regress/crash/netcrash"
exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$b/regress/crash/netcrash"
