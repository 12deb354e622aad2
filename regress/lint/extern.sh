#!/bin/bash
# No variable is shared between files: no "extern", and no global that is not static.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
rc=0
if grep -nE '^[[:blank:]]*extern\b' /dev/null {lib,proto,net,imsg,privd,execd,ctl,cli}/*.[ch] 2>/dev/null; then
	rc=1
fi
# file-level variables that are not static (ctags marks the static ones with "file")
if ctags -x --language-force=C --kinds-C=v --_xformat='%{input}:%n: %N is global%{file}' \
    {lib,proto,net,imsg,privd,execd,ctl,cli}/*.c 2>/dev/null | grep 'global-$'; then
	rc=1
fi
exit $rc
