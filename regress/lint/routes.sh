#!/bin/bash
# Every route of ctld/routes.def stands in a page, with its access: an operator's in reeve-api(7), a host's in
# reeve-protocol(7); and reeve-api(7) has no route that ctld has not.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
rc=0 n=0
say() {
	echo "$1"
	rc=1
}

# "METHOD PATH access" of each row, whatever its line breaks
routes() {
	tr '\n' ' ' <ctld/routes.def | grep -oE 'ROUTE\([A-Z]+, "[^"]*", *[A-Z]+' |
	    sed -E 's/ROUTE\(([A-Z]+), "([^"]*)", *([A-Z]+)/\1 \2 \L\3/'
}

while read -r method path access; do
	n=$((n + 1))
	case $path in
	/agent/*)
		# an argument is a word of its own there
		part=${path%%:*}
		grep -qF "$method $part" man/reeve-protocol.7 || say "man/reeve-protocol.7: nothing of $method $path"
		;;
	*)
		line=$(grep -E "^\\.It Cm $method $path([ ?]|\$)" man/reeve-api.7)
		[ -n "$line" ] || say "man/reeve-api.7: nothing of $method $path"
		case $line in
		*"Pq $access") ;;
		"") ;;
		*) [ "$access" = none ] || say "man/reeve-api.7: $method $path takes $access, not what this says: $line" ;;
		esac
		;;
	esac
done < <(routes)
[ $n -gt 0 ] || say "ctld/routes.def: no route was read"
while read -r method path; do
	routes | grep -q "^$method $path " || say "man/reeve-api.7: ctld has no $method $path"
done < <(sed -nE 's/^\.It Cm ([A-Z]+) ([^ ?]*).*/\1 \2/p' man/reeve-api.7)
exit $rc
