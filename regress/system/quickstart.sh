#!/bin/bash
# The whole way of an operator, as ./quickstart shows it: facts, a script, a real package by apt, a real HAProxy, all
# that must be refused, the audit trail. quickstart itself checks each step and ends with 0 only when all were so.
# regress: timeout 400
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
./quickstart >"$out" 2>&1 || { cat "$out"; exit 1; }
n=$(grep -c '^-- [0-9]*\. ' "$out")
[ "$n" -ge 11 ] || { cat "$out"; echo "only $n steps"; exit 1; }
grep -q '^== done: every step' "$out" || { cat "$out"; echo "no last word"; exit 1; }
echo "quickstart: $n steps"
