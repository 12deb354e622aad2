#!/bin/bash
# regress/attacks against the suite: each attack of the list has tests that exist and that name it, or says why not.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0 rows=0 held=0
list=$(regress/run -l)
while read -r name rest; do
	case $name in '' | '#'*) continue ;; esac
	rows=$((rows + 1))
	case $rest in
	'- '?*) continue ;;
	'' | -*) echo "$name: neither a test nor a reason"; bad=1; continue ;;
	esac
	for t in $rest; do
		held=$((held + 1))
		# the test's source, or a kit that it includes from its own folder
		src=regress/$t.c
		[ -f "$src" ] || src=regress/$t.sh
		if ! grep -qx -- "$t" <<<"$list"; then
			echo "$name: there is no test $t"; bad=1; continue
		fi
		mapfile -t kits < <(sed -n 's/^#include "\(regress\/[a-z]*\/[a-z_]*\.h\)"$/\1/p' "$src")
		grep -q -- "$name" "$src" "${kits[@]}" || { echo "$name: $src does not name it"; bad=1; }
	done
done <regress/attacks
echo "attacks: $rows rows, $held tests"
[ $rows -gt 0 ] && [ $bad = 0 ]
