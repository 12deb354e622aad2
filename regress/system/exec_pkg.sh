#!/bin/bash
# The package steps through the real executor: real apt and dpkg, a file: repository of hand-made
# packages, in a throw-away view of this machine.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ "${1:-}" != inside ]; then
	build=${BUILD:-build}
	case $build in /*) ;; *) build=$PWD/$build ;; esac
	[ "$(id -u)" -eq 0 ] || { echo "skipped: needs root"; exit 77; }
	[ -x "$build/regress/sandbox/execstep" ] || { echo "$build/regress/sandbox/execstep: is not built"; exit 1; }
	exec regress/tools/view -v "${REEVE_EXECD:-$build/reeve-execd}:/opt/t/reeve-execd" \
	    -v "$build/regress/sandbox/execstep:/opt/t/regress/sandbox/execstep" \
	    -v "$PWD/regress/system:/opt/t/regress/system" -- bash /opt/t/regress/system/exec_pkg.sh inside
fi

unset REEVE_EXECD
step=/opt/t/regress/sandbox/execstep
repo=/opt/repo
dir=$(mktemp -d)
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# mk NAME VERSION [DEPENDS [POSTINST]]: a package into the repository
mk() {
	local d=$dir/$1-$2
	mkdir -p "$d/DEBIAN" "$d/usr/share/$1" "$d/etc/$1"
	echo "$2" >"$d/usr/share/$1/version"
	echo "conf $2" >"$d/etc/$1/$1.conf"
	echo "/etc/$1/$1.conf" >"$d/DEBIAN/conffiles"
	printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Test <test@example.org>\n' "$1" "$2" >"$d/DEBIAN/control"
	[ -z "${3:-}" ] || echo "$3" >>"$d/DEBIAN/control"
	echo "Description: test package" >>"$d/DEBIAN/control"
	if [ -n "${4:-}" ]; then
		printf '#!/bin/sh\n%s\n' "$4" >"$d/DEBIAN/postinst"
		chmod 755 "$d/DEBIAN/postinst"
	fi
	dpkg-deb -b --root-owner-group "$d" "$repo/" >/dev/null
}

index() {
	local f
	for f in "$repo"/*.deb; do
		dpkg-deb -f "$f"
		printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${f##*/}" "$(stat -c %s "$f")" "$(sha256sum "$f" | cut -d' ' -f1)"
	done >"$repo/Packages"
}

# want CODE WORDS ARGS...: execstep exits CODE and prints a line with WORDS
want() {
	local code=$1 words=$2 rc=0
	shift 2
	checks=$((checks + 1))
	timeout 120 "$step" "$@" >"$dir/out" 2>&1 || rc=$?
	if [ $rc -ne "$code" ] || ! grep -qF -- "$words" "$dir/out"; then
		fail "$*: exit $rc, not $code with \"$words\": $(head -c 900 "$dir/out")"
	fi
}

# is WHAT A B
is() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""
}

status_of() { dpkg-query -W -f '${Status} ${Version}' "$1" 2>/dev/null; }

mkdir -p "$repo"
chmod 755 /opt /opt/t "$repo"
mk hello-agent 1.0
mk hello-agent 1.1
mk hello-lib 2.0
mk hello-app 1.0 'Depends: hello-lib (>= 2.0)'
mk hello-rival 1.0 'Conflicts: hello-lib'
mk hello-flaky 1.0 '' 'test ! -e /etc/flaky'
mk hello-slow 1.0 '' 'sleep 4'
mk hello-virtual 1.0 'Provides: hello-thing'
index
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
echo "deb [trusted=yes] file:$repo ./" >/etc/apt/sources.list
# a plain Debian links to the lists of file: sources; images with compressed lists copy them
echo 'Acquire::GzipIndexes "false";' >/etc/apt/apt.conf.d/zz-plain
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

want 0 '{"fetched":' pkg.refresh
want 0 'ok 0 effect none' pkg.refresh
echo "deb [trusted=yes] file:/nonexistent ./" >/etc/apt/sources.list.d/bad.list
want 1 'exit 100' pkg.refresh
rm /etc/apt/sources.list.d/bad.list
want 0 'ok 0 effect none' pkg.refresh

# the plan: canonical, sorted, with a digest that anybody can make again
want 0 'install hello-app 1.0' pkg.install "arg mode plan" "arg name hello-app"
is plan "$(sed -n '/^\[stdout\]/,/^plan /p' "$dir/out" | grep -v '^\[\|^plan ')" "$(printf 'install hello-app 1.0\ninstall hello-lib 2.0')"
plan=$(sed -n 's/^plan //p' "$dir/out")
is digest "$plan" "sha256:$(printf 'install hello-app 1.0\ninstall hello-lib 2.0\n' | sha256sum | cut -d' ' -f1)"
is unchanged "$(status_of hello-app)" ""
want 0 'ok 0' pkg.install "arg plan $plan" "arg name hello-app"
want 1 'refused 0 effect none: plan: it is now' pkg.install "arg plan sha256:$(printf %064d 0)" "arg name hello-app"

# apply: progress, the list of changes, the effect
want 0 '"changes":[{"action":"install","name":"hello-app","new":"1.0"},{"action":"install","name":"hello-lib","new":"2.0"}]' -n 1 pkg.install "arg name hello-app"
grep -q '^\[progress\]' "$dir/out" || fail "no progress"
grep -q 'ok 0 effect ok' "$dir/out" || fail "no effect"
is installed "$(status_of hello-app)" "install ok installed 1.0"
want 0 '"changes":[]' -n 1 pkg.install "arg name hello-app"
want 1 'refused 0 effect none: plan: it is now' pkg.install "arg plan $plan" "arg name hello-app"

# versions, configuration files, downgrade
want 0 'effect ok' -n 1 pkg.install "arg name hello-agent" "arg version 1.0"
want 0 '"name":"hello-agent","version":"1.0","arch":"all","held":false,"upgradable":"1.1"' pkg.list "arg filter hello-*"
is filtered "$(grep -o '"name":"[^"]*"' "$dir/out" | sort | tr -d '\n')" '"name":"hello-agent""name":"hello-app""name":"hello-lib"'
apt-mark hold hello-agent >/dev/null
want 0 '"name":"hello-agent","version":"1.0","arch":"all","held":true' pkg.list "arg filter hello-agent"
want 1 'exit 100' -n 1 pkg.install "arg name hello-agent"
apt-mark unhold hello-agent >/dev/null
echo mine >/etc/hello-agent/hello-agent.conf
want 0 'upgrade hello-agent 1.0 1.1' pkg.install "arg mode plan" "arg name hello-agent"
want 0 'effect ok' -n 1 pkg.install "arg name hello-agent" "arg version 1.1"
is keep "$(cat /etc/hello-agent/hello-agent.conf)" mine
want 0 '"action":"upgrade","name":"hello-agent","old":"1.1","new":"1.0"' -n 1 pkg.install "arg name hello-agent" "arg version 1.0" "arg conffile new"
is new "$(cat /etc/hello-agent/hello-agent.conf)" "conf 1.0"
want 1 'exit 100' pkg.install "arg name hello-agent" "arg version 9.9"

# names that apt would take for something else
want 1 'refused 0 effect none: hello-thing: no package of exactly that name' pkg.install "arg name hello-thing"
want 1 'refused 0 effect none: hello-.gent: no package of exactly that name' pkg.install "arg mode plan" "arg name hello-.gent"
want 1 'exit 100' pkg.install "arg name no-such-package"

# the file's digest, by the lists
sha=$(sha256sum "$repo"/hello-virtual_1.0_all.deb | cut -d' ' -f1)
want 0 'install hello-virtual 1.0' pkg.install "arg name hello-virtual" "arg sha256 sha256:$sha"
want 0 'install hello-virtual 1.0' pkg.install "arg name hello-virtual" "arg version 1.0" "arg sha256 sha256:$sha"
want 1 "hello-virtual: the package lists give version 1.0 sha256:$sha" pkg.install "arg name hello-virtual" "arg sha256 sha256:$(printf %064d 1)"

# nothing is removed that nobody approved
want 1 'exit 100' pkg.install "arg name hello-rival"
want 1 'exit 100' -n 1 pkg.install "arg name hello-rival"
is kept "$(status_of hello-lib)" "install ok installed 2.0"
want 0 'remove hello-lib 2.0' pkg.install "arg mode plan" "arg name hello-rival"
plan=$(sed -n 's/^plan //p' "$dir/out")
want 0 '{"action":"remove","name":"hello-lib","old":"2.0"}' -n 1 pkg.install "arg plan $plan" "arg name hello-rival"

# a failing maintainer script, and the next job that heals what it left
touch /etc/flaky
want 1 'exit 100' -n 1 pkg.install "arg name hello-flaky"
is broken "$(status_of hello-flaky)" "install ok half-configured 1.0"
want 0 '"name":"hello-flaky","version":"1.0","arch":"all","held":false,"broken":true' pkg.list "arg filter hello-flaky"
rm /etc/flaky
want 0 'dpkg was interrupted: what it left is configured first' -n 1 pkg.install "arg name hello-virtual"
is healed "$(status_of hello-flaky)" "install ok installed 1.0"
dpkg -s hello-agent >/var/lib/dpkg/updates/0000
want 0 'effect ok' -n 1 pkg.install "arg name hello-agent"
is journal "$(ls /var/lib/dpkg/updates)" ""

# the lock: waited for, but not for ever
perl -e 'use Fcntl; open my $f, "+>", "/var/lib/dpkg/lock-frontend" or die; my $l = pack "s s l! l! i x4", F_WRLCK, 0, 0, 0, 0;
	fcntl $f, F_SETLK, $l or die; open my $r, ">", $ARGV[0]; close $r; sleep 30' "$dir/locked" &
locker=$!
for _ in $(seq 200); do [ -e "$dir/locked" ] && break; read -rt 0.05 <> <(:); done
want 1 'exit 100' -l 2 -n 1 pkg.install "arg name hello-slow"
kill $locker
wait $locker 2>/dev/null

# time is up in the middle: dpkg may end in order within the grace
want 1 'timeout 0' -n 1 pkg.install "arg name hello-slow" "limit seconds 2"
want 0 'effect ok' -n 1 pkg.install "arg name hello-slow"

# an apt-get that says yes and does nothing
apt-get purge -y -qq hello-app >/dev/null 2>&1
cp /bin/true /usr/bin/apt-get
want 1 'effect-failed 0 effect failed: hello-app is not installed' -n 1 pkg.install "arg name hello-app"
want 1 'effect-failed 0 effect failed: hello-agent is installed at version 1.1' -n 1 pkg.install "arg name hello-agent" "arg version 1.0"
# and one that is not root's
chown 1000 /usr/bin/apt-get
want 2 '/usr/bin/apt-get' -n 1 pkg.install "arg name hello-app"

rm -rf "$dir"
echo "exec_pkg: $checks checks, $bad failed"
[ "$checks" -gt 0 ] && [ $bad -eq 0 ]
