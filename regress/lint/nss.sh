#!/bin/bash
# No NSS in root's programs: a user or host lookup by glibc's switch would load modules into root's memory.
# Users come from /etc/passwd and /etc/group themselves (lib/users.c). Source and finished programs are looked at.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
build=${BUILD:-build}
names='getpwnam|getpwnam_r|getpwuid|getpwuid_r|getpwent|getpwent_r|setpwent|getgrnam|getgrnam_r|getgrgid|getgrgid_r|getgrent|getgrent_r|setgrent|initgroups|getgrouplist|getaddrinfo|getnameinfo|gethostbyname|gethostbyname2|gethostbyaddr|getservbyname|getservbyport|getprotobyname|getspnam|user_from_uid|uid_from_user|group_from_gid|gid_from_group|dlopen|iconv_open'

rc=0
if grep -nE "\\b($names)[[:blank:]]*\\(" /dev/null lib/*.[ch] proto/*.[ch] imsg/*.[ch] privd/*.[ch] execd/*.[ch] 2>/dev/null; then
	rc=1
fi
for p in reeve-privd reeve-execd; do
	syms=$(nm -D --undefined-only "$build/$p" 2>/dev/null)
	if [ -z "$syms" ]; then
		echo "$build/$p: is not built"
		rc=1
	elif echo "$syms" | grep -E " ($names)(@|\$)" | sed "s/^ */$p calls /"| grep .; then
		rc=1
	fi
done
exit $rc
