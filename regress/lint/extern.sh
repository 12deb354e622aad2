#!/bin/bash
# No variable is shared between files: no "extern", and no global that is not static.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
build=${BUILD:-build}
rc=0
if grep -nE '^[[:blank:]]*extern\b' /dev/null {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.[ch] 2>/dev/null; then
	rc=1
fi
# what the objects export is functions only
seen=0
for a in "$build"/{lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}.a; do
	[ -f "$a" ] || continue
	seen=1
	if nm -A --defined-only "$a" | grep -E ' [BCDRSV] '; then
		rc=1
	fi
done
[ $seen = 1 ] || { echo "$build holds no archive: is not built"; rc=1; }
exit $rc
