#!/bin/bash
# Attack strictness, from outside: json_accept reads a document from standard input, exits 0 when it is taken, and 1
# with the reason in one line when it is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
tool=${BUILD:-build}/regress/json_accept
[ -x "$tool" ] || { echo "$tool: is not built"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
checks=0 bad=0

# try STATUS REASON: what stands in $tmp/in
try() {
	checks=$((checks + 1))
	timeout 10 "$tool" <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	local rc=$? lines
	lines=$(wc -l <"$tmp/err")
	if [ $rc != "$1" ] || [ -s "$tmp/out" ] || [ "$lines" != "$1" ] || ! grep -qF -- "$2" "$tmp/err" && [ -n "$2" ]; then
		echo "failed: exit $rc, $(head -c 200 "$tmp/err")(wanted $1, \"$2\"): $(head -c 80 "$tmp/in" | tr '\0' '?')" >&2
		bad=$((bad + 1))
	fi
}

taken() { printf '%b' "$1" >"$tmp/in"; try 0 ''; }
refused() { printf '%b' "$1" >"$tmp/in"; try 1 "$2"; }

taken '{"a":[1,-0.5e+3,"\\u00e9",true,null]}'
taken ' [] \n'
taken '"x"'
taken '0'
refused '' 'byte 1: the document is empty'
refused '{"id":1,"\\u0069d":2}' 'byte 9: duplicate key'
refused '[1,]' 'byte 4: a value must stand here'
refused '[1]\0' 'byte 4: the end must stand here'
refused '"a\0b"' 'byte 3: a control character must be escaped'
refused '\xef\xbb\xbf{}' 'byte order mark'
refused '"\xc0\xaf"' 'byte 2: not UTF-8'
refused '"\\ud800"' 'high surrogate'
refused '[01]' 'byte 3'
refused '[[[[[[[[[]]]]]]]]]' 'byte 9: nested deeper than 8 levels'

head -c 65536 /dev/zero | tr '\0' '[' >"$tmp/in"
try 1 'byte 9: nested deeper'
# more than it takes, so that it is not asked to read for ever
head -c 5000000 /dev/zero | tr '\0' ' ' >"$tmp/in"
try 1 'larger than'

echo "json_accept: $checks checks, $bad failed"
[ $checks -gt 10 ] && [ $bad -eq 0 ]
