#!/bin/bash
# SECURITY.md against the tree: its generated tables are those of the product, every test that it names exists, every
# row of a table whose last column is "test" names one, and every page of reeve that the documents name is in man/.
#
#	doctables.sh [-u]	-u writes the tables anew
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
tables=$build/regress/doctables
doc=SECURITY.md
checks=0 bad=0
[ -x "$tables" ] || { echo "$tables: is not built"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# between NAME: what stands between its marks
between() {
	sed -n "/^<!-- table: $1 -->\$/,/^<!-- end -->\$/p" "$doc" | sed '1d;$d'
}

# update NAME: puts the product's table between the marks
update() {
	awk -v mark="<!-- table: $1 -->" -v file="$tmp/$1" '
		$0 == mark { print; while ((getline line < file) > 0) print line; skip = 1; next }
		$0 == "<!-- end -->" { skip = 0 }
		!skip { print }
	' "$doc" >"$tmp/new" && cat "$tmp/new" >"$doc"
}

for t in messages profiles; do
	checks=$((checks + 1))
	"$tables" $t >"$tmp/$t" || { fail "doctables $t"; continue; }
	[ "${1:-}" != -u ] || update $t
	between $t >"$tmp/$t.doc"
	if [ ! -s "$tmp/$t.doc" ]; then
		fail "$doc: no table between the marks of $t"
	elif ! diff -u "$tmp/$t.doc" "$tmp/$t" >"$tmp/diff"; then
		fail "$doc: the table of $t is not the product's (doctables.sh -u writes it): $(tail -n +3 "$tmp/diff")"
	fi
done

# ---- tests that are named ----
regress/run -l >"$tmp/tests" || fail "regress/run -l"
for f in regress/fuzz/fuzz_*.c; do echo "fuzz/$(basename "$f" .c)"; done >>"$tmp/tests"
for f in regress/mutants/*.patch; do echo "mutants/$(basename "$f" .patch)"; done >>"$tmp/tests"
names='\b(unit|ipc|sandbox|system|conf|crash|lint|fuzz|mutants)/[a-z0-9_-]+\b'
for f in SECURITY.md README.md; do
	while read -r t; do
		checks=$((checks + 1))
		grep -qxF "$t" "$tmp/tests" || fail "$f: names a test that is not there: $t"
	done < <(grep -oE "\`$names\`|$names" "$f" | tr -d '\`' | sort -u)
done

# ---- rows without a test ----
rows=$(awk -F'|' '
	/^\|/ && !table { table = 1; want = $(NF - 1) ~ /^ tests? $/; next }
	/^\| *---/ { next }
	/^\|/ { if (want) { print NR ":" $(NF - 1) } next }
	{ table = 0 }
' "$doc")
checks=$((checks + 1))
[ "$(wc -l <<<"$rows")" -ge 20 ] || fail "$doc: hardly any row names a test: has this check lost its object?"
while IFS=: read -r line cell; do
	grep -qE "$names" <<<"$cell" || fail "$doc:$line: a claim without a test"
done <<<"$rows"

# ---- pages that are named ----
while IFS=: read -r f page; do
	checks=$((checks + 1))
	name=${page%(*} sect=${page#*(}
	[ -f "man/$name.${sect%)}" ] || fail "$f: names $page, which is not in man/"
done < <(grep -oHE '\breeve[a-z.-]*\([0-9]\)' SECURITY.md README.md CONTRIBUTING.md | sort -u)

echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
