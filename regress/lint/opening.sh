#!/bin/bash
# Every source file opens with a comment that says what it is for.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0
for f in {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.[ch] regress/*/*.[ch]; do
	[ -f "$f" ] || continue
	read -r first <"$f"
	case $first in
	'/*'*) ;;
	*) echo "$f:1: does not begin with a comment that says what it is for"; rc=1 ;;
	esac
done
exit $rc
