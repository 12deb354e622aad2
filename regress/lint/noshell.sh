#!/bin/bash
# No shell and no search for programs, anywhere in the product: a program is run by a checked descriptor or path.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
names='system|popen|wordexp|execvp|execvpe|execlp|posix_spawnp'
if grep -nE "(^|[^A-Za-z0-9_>.])($names)[[:blank:]]*\\(" /dev/null {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.[ch] 2>/dev/null |
    grep -vE '^[^:]*:[0-9]*:[[:blank:]]*(/?\*|//)'; then
	exit 1
fi
