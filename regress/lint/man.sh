#!/bin/bash
# Every page is sound mdoc, names its own file, and the pages that it points to exist.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0 n=0
for f in man/*.[1578]; do
	[ -f "$f" ] || continue
	n=$((n + 1))
	mandoc -Tlint -W warning "$f" || rc=1
	b=$(basename "$f")
	title=$(sed -n 's/^\.Dt \([^ ]*\) \([0-9]\).*/\1.\2/p' "$f" | tr '[:upper:]' '[:lower:]')
	[ "$title" = "$(echo "$b" | tr '[:upper:]' '[:lower:]')" ] || { echo "$f: .Dt says $title"; rc=1; }
	while read -r name sect; do
		[ -f "man/$name.$sect" ] || { echo "$f: points to $name($sect), which is not in man/"; rc=1; }
	done < <(sed -n 's/^\.Xr \(reeve[^ ]*\) \([0-9]\).*/\1 \2/p' "$f" | sort -u)
done
[ $n -gt 0 ] || { echo "man/ holds no page"; rc=1; }
exit $rc
