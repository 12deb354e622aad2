#!/bin/bash
# No notes to self are left in the tree; a file ends with a newline and no line with a blank.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0
mapfile -t files < <(find . -path ./.git -prune -o -path './build*' -prune -o -path ./regress/fuzz/seeds -prune -o \
    -path ./regress/lint -prune -o -path ./regress/mutants -prune -o -type f -size -200k -print | sed 's|^\./||' | sort)
# mktemp's row of X is no note
if grep -InE '\b(TODO|FIXME|XXX|HACK)\b' /dev/null "${files[@]}" | grep -v 'XXXXXX'; then
	rc=1
fi
for f in "${files[@]}"; do
	case $f in
	*.c | *.h | *.def | *.sh | *.mk | *.md | Makefile | etc/* | man/* | regress/tools/*) ;;
	*) continue ;;
	esac
	if grep -nE '[[:blank:]]+$' /dev/null "$f"; then
		rc=1
	fi
	[ ! -s "$f" ] || [ "$(tail -c 1 "$f" | wc -l)" -eq 1 ] || { echo "$f: no newline at its end"; rc=1; }
done
exit $rc
