#!/bin/bash
# make install, uninstall and what make says on a machine that lacks something: installed files with their modes,
# configuration, keys and state that stay, one version everywhere, and no compiling before the packages are there.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD build=${BUILD:-build}
case $build in /*) rel=${build#"$top"/} ;; *) rel=$build ;; esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
d=$dir/root
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}
# is WHAT A B
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\" is not \"$3\""
}

make -s BUILD="$rel" DESTDIR="$d" install >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
is "users made with DESTDIR" "$(grep -c useradd "$dir/out")" 0
while read -r mode file; do
	is "$file" "$(stat -c %a "$d$file" 2>&1)" "$mode"
done <<'F'
755 /usr/sbin/reeve-privd
755 /usr/sbin/reevectl
755 /usr/libexec/reeve/reeve-execd
755 /usr/libexec/reeve/reeve-netd
755 /usr/libexec/reeve/reeve-dial
755 /usr/libexec/reeve/reeve-sign
755 /usr/sbin/reeve-ctld
755 /usr/bin/reeve
644 /usr/lib/sysusers.d/reeve.conf
644 /usr/share/man/man8/reeve-privd.8
644 /usr/share/man/man8/reeve-sign.8
644 /usr/share/man/man5/reeve-ticket.5
644 /usr/share/man/man1/reeve.1
755 /etc/reeve
755 /etc/reeve/keys
755 /etc/reeve/scripts
700 /var/lib/reeve
F
for m in man/*.[158]; do
	is "page $m" "$(cmp "$m" "$d/usr/share/man/man${m##*.}/${m##*/}" && echo same)" same
done

# one version: VERSION, and the commit unless it is released
v=$(cat VERSION)
for p in sbin/reeve-privd sbin/reevectl libexec/reeve/reeve-execd libexec/reeve/reeve-sign sbin/reeve-ctld bin/reeve; do
	said=$("$d/usr/$p" -V 2>&1)
	is "$p -V" "${said%%+*}" "${p##*/} $v"
done

# every user of the table, in sysusers.d and by mkusers
users=$(sed -n 's/^USER([A-Z]*, "\([a-z_]*\)".*/\1/p' lib/users.def)
is "sysusers.d" "$(sed -n 's/^u \([a-z_]*\) .*/\1/p' "$d/usr/lib/sysusers.d/reeve.conf")" "$users"
mkdir -p "$dir/u/etc"
cp /etc/passwd /etc/group "$dir/u/etc/"
etc/mkusers "$dir/u" || fail "mkusers: exit $?"
etc/mkusers "$dir/u" || fail "mkusers for the second time: exit $?"
for u in $users; do
	is "user $u" "$(grep -c "^$u:" "$dir/u/etc/passwd")" 1
	is "$u is not root" "$(awk -F: -v u="$u" '$1 == u && $3 > 0 && $4 > 0 { print "so" }' "$dir/u/etc/passwd")" so
done

# uninstall keeps what a person or the agent wrote
echo mine >"$d/etc/reeve/policy.conf"
echo mine >"$d/var/lib/reeve/ledger"
make -s BUILD="$rel" DESTDIR="$d" uninstall >"$dir/out" 2>&1 || fail "uninstall: $(cat "$dir/out")"
is "what is left" "$(cd "$d" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" "./etc/reeve/policy.conf ./var/lib/reeve/ledger "
is "it says how to remove the rest" "$(grep -c "rm -rf $d" "$dir/out")" 5

# a machine that lacks something: one command, and nothing is compiled
mkdir "$dir/tree"
git ls-files -z 2>/dev/null | tar --null -T - -cf - 2>/dev/null | tar -xf - -C "$dir/tree"
[ -f "$dir/tree/Makefile" ] || cp -a Makefile VERSION etc lib proto net imsg privd execd netd dial ctld sign ctl cli regress man "$dir/tree/"
sed -i 's/^build \(apt\|dnf\) .*/& no-such-package-1 no-such-package-2/' "$dir/tree/etc/packages"
rc=0
make -j4 -C "$dir/tree" >"$dir/out" 2>&1 || rc=$?
is "make without its packages fails" "$((rc != 0))" 1
is "and names the command" "$(grep -cE '^run: (apt-get|dnf) .*install.* no-such-package-1 no-such-package-2$' "$dir/out")" 1
is "before it compiles anything" "$(find "$dir/tree" -name '*.o' | wc -l)" 0

echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
