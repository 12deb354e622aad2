#!/bin/bash
# SECURITY.md and reeve-protocol(7) against the tree: their generated tables are those of the product, every test that is
# named exists, every row of a table whose last column is "test" names one, every page of reeve that the documents name
# is in man/, and the protocol's page lacks no call, member or error.
#
#	doctables.sh [-u]	-u writes the tables anew
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
tables=$build/regress/doctables
doc=SECURITY.md page=man/reeve-protocol.7
checks=0 bad=0
[ -x "$tables" ] || { echo "$tables: is not built"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# marks NAME: the file that holds that table, and its marks there
marks() {
	case $1 in
	errors | operator) file=$page from=".\\\" table: $1" to='.\" end' ;;
	*) file=$doc from="<!-- table: $1 -->" to='<!-- end -->' ;;
	esac
	export from to
}

# between NAME: what stands between its marks
between() {
	marks "$1"
	awk '$0 == ENVIRON["to"] { on = 0 } on { print } $0 == ENVIRON["from"] { on = 1 }' "$file"
}

# update NAME: puts the product's table between the marks
update() {
	marks "$1"
	awk -v table="$tmp/$1" '
		$0 == ENVIRON["from"] { print; while ((getline line < table) > 0) print line; skip = 1; next }
		$0 == ENVIRON["to"] { skip = 0 }
		!skip { print }
	' "$file" >"$tmp/new" && cat "$tmp/new" >"$file"
}

for t in messages profiles errors operator; do
	checks=$((checks + 1))
	"$tables" $t >"$tmp/$t" || { fail "doctables $t"; continue; }
	[ "${1:-}" != -u ] || update $t
	between $t >"$tmp/$t.doc"
	if [ ! -s "$tmp/$t.doc" ]; then
		fail "$file: no table between the marks of $t"
	elif ! diff -u "$tmp/$t.doc" "$tmp/$t" >"$tmp/diff"; then
		fail "$file: the table of $t is not the product's (doctables.sh -u writes it): $(tail -n +3 "$tmp/diff")"
	fi
done

# ---- reeve-protocol(7): each call of a host, each member of a message in its part, each status that a host is told ----
if ! "$tables" agent >"$tmp/agent" || [ ! -s "$tmp/agent" ]; then fail "doctables agent"; fi
while read -r method path; do
	checks=$((checks + 1))
	# job/:id/state stands there as two words, around the id
	grep -qF ".It Li $method ${path%%:*}" "$page" || fail "$page: lacks $method $path"
	case $path in
	*:*/*) grep -qF "Li /${path##*/}" "$page" || fail "$page: lacks $method $path" ;;
	esac
done <"$tmp/agent"
if ! "$tables" members >"$tmp/members" || [ ! -s "$tmp/members" ]; then fail "doctables members"; fi
while read -r part member; do
	checks=$((checks + 1))
	sed -n "/^\\.Ss $part\$/,/^\\.S[sh] /p" "$page" | grep -qE "^(\\.It )?\\.?Cm $member\\b" ||
	    fail "$page: \"$part\" lacks the member $member"
done <"$tmp/members"
while read -r status; do
	checks=$((checks + 1))
	grep -qE "^\\.It .*\\b$status\\b" <(sed -n '/^What a host does then/,/^\.Sh /p' "$page") ||
	    fail "$page: does not say what a host does on $status"
done < <(sed -n 's/^\.It \([0-9]*\) Ta .*/\1/p' "$tmp/errors" | sort -u)

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
