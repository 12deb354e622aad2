#!/bin/bash
# make install and uninstall into a folder: modes, pages, users' table, what uninstall keeps and says; etc/mkusers
# by hand on copies of passwd and group; regress/tools/need's one command; every program's -V.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
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
has() {
	checks=$((checks + 1))
	case $2 in *"$3"*) ;; *) fail "$1: no \"$3\" in: $2" ;; esac
}
mode() { stat -c '%a %u:%g' "$d/root$1"; }

# the build is there already, so that this only copies
make -s BUILD="$build" DESTDIR="$d/root" install >"$d/out" 2>&1 || fail "make install: $(cat "$d/out")"
for p in /usr/sbin/reeve-privd /usr/sbin/reevectl /usr/bin/reeve /usr/libexec/reeve/reeve-execd; do
	is "$p" "$(mode $p)" "755 0:0"
	checks=$((checks + 1))
	cmp -s "$build/${p##*/}" "$d/root$p" || fail "$p is not the one that was built"
	has "-V of $p" "$("$d/root$p" -V 2>&1)" "$(cat VERSION)"
done
is /etc/reeve/scripts "$(mode /etc/reeve/scripts)" "755 0:0"
is /var/lib/reeve "$(mode /var/lib/reeve)" "700 0:0"
is sysusers.d "$(mode /usr/lib/sysusers.d/reeve.conf)" "644 0:0"
is "rows of sysusers.d" "$(grep -c '^u _reeve' "$d/root/usr/lib/sysusers.d/reeve.conf")" "$(grep -c '^USER(' lib/users.def)"
for m in man/*.[1578]; do
	is "$m" "$(mode "/usr/share/man/man${m##*.}/${m##*/}")" "644 0:0"
done
is "writable by others" "$(find "$d/root" ! -type l -perm /022)" ""

# what a person and the agent wrote stays, and all else goes
echo x >"$d/root/etc/reeve/agent.conf"
echo x >"$d/root/etc/reeve/keys/ops.pub"
echo x >"$d/root/var/lib/reeve/ledger"
out=$(make -s BUILD="$build" DESTDIR="$d/root" uninstall 2>&1) || fail "make uninstall: $out"
is "files left" "$(cd "$d/root" && find . -type f | sort | tr '\n' ' ')" "./etc/reeve/agent.conf ./etc/reeve/keys/ops.pub ./var/lib/reeve/ledger "
has "uninstall says" "$out" "rm -rf $d/root/etc/reeve"
has "uninstall says" "$out" "rm -rf $d/root/var/lib/reeve"
has "uninstall says" "$out" "userdel _reevescript"
out=$(make -s BUILD="$build" DESTDIR="$d/root" uninstall 2>&1) || fail "a second uninstall: $out"

# install-agent leaves the operator's program out
make -s BUILD="$build" DESTDIR="$d/agent" install-agent >"$d/out" 2>&1 || fail "make install-agent: $(cat "$d/out")"
is "install-agent" "$(find "$d/agent" -name reeve -type f; find "$d/agent" -name 'reeve.1')" ""

# users by hand: no newline at the end, a group that exists, a uid that is taken
mkdir -p "$d/u/etc"
printf 'root:x:0:0:root:/root:/bin/sh\nx:x:999:999::/:/bin/sh' >"$d/u/etc/passwd"
printf 'root:x:0:\n_reeverun:x:999:\n' >"$d/u/etc/group"
printf 'root:*:1::::::\n' >"$d/u/etc/shadow"
chmod 640 "$d/u/etc/shadow"
etc/mkusers "$d/u" || fail "mkusers"
cp "$d/u/etc/passwd" "$d/passwd"
etc/mkusers "$d/u" || fail "mkusers again"
checks=$((checks + 1))
cmp -s "$d/passwd" "$d/u/etc/passwd" || fail "mkusers is not content with what it made"
is "lines" "$(wc -l <"$d/u/etc/passwd")" "$(($(grep -c '^USER(' lib/users.def) + 2))"
is "two of one uid" "$(cut -d: -f3 "$d/u/etc/passwd" | sort | uniq -d)" ""
is "two of one gid" "$(cut -d: -f3 "$d/u/etc/group" | sort | uniq -d)" ""
is "the group that was there" "$(awk -F: '$1 == "_reeverun" { print $4 }' "$d/u/etc/passwd")" 999
is "passwords" "$(grep '^_reeve' "$d/u/etc/shadow" | cut -d: -f2 | sort -u)" '!*'
is "mode of shadow" "$(stat -c %a "$d/u/etc/shadow")" 640
is "fields" "$(awk -F: 'NF != 7' "$d/u/etc/passwd")" ""
is "fields" "$(awk -F: 'NF != 9' "$d/u/etc/shadow")" ""
is "left over" "$(ls "$d/u/etc")" "$(printf 'group\npasswd\nshadow')"

# what is missing is named with the one command that helps
mkdir -p "$d/need/etc"
echo 'build apt no-such-package-of-reeve libc6' >"$d/need/etc/packages"
rc=0
out=$(cd "$d/need" && "$OLDPWD/regress/tools/need" build 2>&1) || rc=$?
is "need's status" "$rc" 1
has "need" "$out" "apt-get install -y --no-install-recommends no-such-package-of-reeve"

echo "install.sh: $checks checks, $bad failed"
[ "$bad" -eq 0 ]
