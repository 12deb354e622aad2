#!/bin/bash
# Files of at most 600 lines, functions of at most 60, lines of at most 100 columns (tabs of 8); tables (*.def) may be wider.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0
for f in {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.[ch] regress/*.[ch] regress/*/*.[ch]; do
	[ -f "$f" ] || continue
	n=$(wc -l <"$f")
	[ "$n" -le 600 ] || { echo "$f: $n lines, at most 600"; rc=1; }
	long=$(expand -t 8 "$f" | awk 'length($0) > 100 { print NR; exit }')
	[ -z "$long" ] || { echo "$f:$long: longer than 100 columns"; rc=1; }
done
found=$(ctags -x --language-force=C --kinds-C=f --_xformat='%{input} %n %{end} %N' \
    {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.c regress/*.c regress/*/*.c 2>/dev/null |
    awk '{ seen++ } $3 - $2 + 1 > 60 { printf "%s:%d: %s() has %d lines, at most 60\n", $1, $2, $4, $3 - $2 + 1 } END { if (!seen) print "ctags found no function" }')
[ -z "$found" ] || { echo "$found"; rc=1; }
exit $rc
