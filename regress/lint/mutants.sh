#!/bin/bash
# Every mutant still applies to the tree, says why it is there, and names tests that exist; whether they kill it,
# make mutants tells.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
rc=0
for p in regress/mutants/*.patch; do
	grep -q '^# why: .' "$p" || { echo "$p: no \"# why:\" line"; rc=1; }
	tests=$(sed -n 's/^# test: *//p' "$p")
	[ -n "$tests" ] || { echo "$p: no \"# test:\" line"; rc=1; }
	for t in $tests; do
		src=regress/${t/-san\//\/}
		[ -f "$src.c" ] || [ -f "$src.sh" ] || { echo "$p: no test is called $t"; rc=1; }
	done
	out=$(patch -p1 -s -F0 -f --dry-run <"$p" 2>&1) || { echo "$p: does not apply: $out"; rc=1; }
done
exit $rc
