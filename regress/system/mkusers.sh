#!/bin/bash
# etc/mkusers by hand on copies of passwd, group and shadow that are not as one would wish: no newline at the end,
# a group that exists without its user, an id that is taken; and what it must not touch.
set -u
cd "$(dirname "$0")/../.." || exit 1
d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""
}

rows=$(grep -c '^USER(' lib/users.def)
mkdir "$d/etc"
printf 'root:x:0:0:root:/root:/bin/sh\nx:x:999:999::/:/bin/sh' >"$d/etc/passwd"
printf 'root:x:0:\n_reeverun:x:999:\n' >"$d/etc/group"
printf 'root:*:1::::::\n' >"$d/etc/shadow"
chmod 640 "$d/etc/shadow"
etc/mkusers "$d" || fail "mkusers: exit $?"
cp "$d/etc/passwd" "$d/once"
etc/mkusers "$d" || fail "mkusers for the second time: exit $?"
is "a second time changes nothing" "$(cmp "$d/once" "$d/etc/passwd" && echo same)" same
is "lines" "$(wc -l <"$d/etc/passwd")" $((rows + 2))
is "what was there" "$(head -n 2 "$d/etc/passwd")" "$(printf 'root:x:0:0:root:/root:/bin/sh\nx:x:999:999::/:/bin/sh')"
is "two of one uid" "$(cut -d: -f3 "$d/etc/passwd" | sort | uniq -d)" ""
is "two of one gid" "$(cut -d: -f3 "$d/etc/group" | sort | uniq -d)" ""
is "the group that was there" "$(awk -F: '$1 == "_reeverun" { print $4 }' "$d/etc/passwd")" 999
is "nobody can log in" "$(grep '^_reeve' "$d/etc/shadow" | cut -d: -f2 | sort | uniq -c | tr -s ' ')" " $rows !*"
is "shells" "$(grep '^_reeve' "$d/etc/passwd" | cut -d: -f7 | sort -u)" /usr/sbin/nologin
is "mode of shadow" "$(stat -c %a "$d/etc/shadow")" 640
is "fields of passwd" "$(awk -F: 'NF != 7' "$d/etc/passwd")" ""
is "fields of shadow" "$(awk -F: 'NF != 9' "$d/etc/shadow")" ""
is "left over" "$(ls "$d/etc")" "$(printf 'group\npasswd\nshadow')"
rm "$d/etc/group"
rc=0
out=$(etc/mkusers "$d" 2>&1) || rc=$?
is "without a group file" "$rc" 1
is "and it says so" "$out" "mkusers: $d/etc/group: no such file"

echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
