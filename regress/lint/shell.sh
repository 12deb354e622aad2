#!/bin/bash
# What shellcheck says of every shell script of the tree, found by its first line; and no check that cannot fail.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0
mapfile -t scripts < <(find . -path ./.git -prune -o -path './build*' -prune -o -path ./regress/fuzz/seeds -prune -o -type f -print |
    while IFS= read -r f; do
	read -r first <"$f" 2>/dev/null
	case $first in '#!'*/sh* | '#!'*/bash*) echo "${f#./}" ;; esac
    done 2>/dev/null | sort)
[ ${#scripts[@]} -gt 0 ] || { echo "no shell script found"; exit 1; }
shellcheck "${scripts[@]}" || rc=1
# a check whose failure is thrown away is none; where a status is really of no interest, say "if" or test for it
if grep -nE '\|\|[[:blank:]]*(true|:)([[:blank:];)"]|$)' /dev/null "${scripts[@]}" | grep -v '^regress/lint/'; then
	rc=1
fi
# what another user's process owns is not ours to end
if grep -nE '(^|[[:blank:];|&(])(pkill|killall)([[:blank:]]|$)' /dev/null "${scripts[@]}" | grep -v '^regress/lint/'; then
	rc=1
fi
exit $rc
