#!/bin/bash
# Who may include whom (STYLE's matrix), and how an include is written. A room is a trust level: privd must
# not see JSON, nobody sees another room, and the one exception, privd and execd/profile.h, stands in a row here.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2

# room: the headers that it may include besides its own, as patterns on "dir/file.h"
allowed() {
	case $1 in
	lib) echo 'lib/*' ;;
	proto) echo 'lib/* proto/*' ;;
	net) echo 'lib/* net/*' ;;
	imsg) echo 'lib/* imsg/* proto/job.h proto/ticket.h proto/result.h proto/signify.h proto/keysfile.h' ;;
	privd) echo 'lib/* privd/* imsg/imsg.h imsg/ibuf.h imsg/msg.h imsg/msg_codec.h execd/profile.h proto/job.h proto/kinds.def
	    proto/ticket.h proto/result.h proto/signify.h proto/keysfile.h proto/frame.h proto/auditchain.h' ;;
	execd) echo 'lib/* execd/* imsg/imsg.h imsg/ibuf.h imsg/msg.h imsg/msg_codec.h imsg/chan_sync.h proto/job.h proto/ticket.h
	    proto/result.h proto/frame.h proto/jsonout.h' ;;
	ctl) echo 'lib/* ctl/* imsg/* proto/*' ;;
	cli) echo 'lib/* cli/* proto/*' ;;
	esac
}

rc=0
say() {
	echo "$1"
	rc=1
}

for f in lib/*.[ch] lib/*.def proto/*.[ch] proto/*.def net/*.[ch] imsg/*.[ch] privd/*.[ch] execd/*.[ch] execd/*.def ctl/*.[ch] cli/*.[ch]; do
	[ -f "$f" ] || continue
	room=${f%%/*}
	ok=$(allowed "$room")
	while IFS=: read -r line inc; do
		case $inc in
		version.h | filters.h | never.h) continue ;; # made by the build
		*/*) ;;
		*) say "$f:$line: \"$inc\" is not written \"room/file.h\""; continue ;;
		esac
		[ -f "$inc" ] || { say "$f:$line: $inc does not exist"; continue; }
		hit=0
		set -f
		for p in $ok; do
			# shellcheck disable=SC2254
			case $inc in $p) hit=1 ;; esac
		done
		set +f
		[ $hit = 1 ] || say "$f:$line: $room may not include $inc"
	done < <(sed -n '/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"/{=;s/^[^"]*"\([^"]*\)".*/\1/p}' "$f" | paste -d: - -)
	# JSON and TLS libraries by their own headers too
	case $room in
	lib | proto | imsg | privd | execd)
		while IFS= read -r l; do
			say "$f:$l: not in this room"
		done < <(grep -nE '#[[:blank:]]*include[[:blank:]]*<(tls|jsmn|event|event2/.*|openssl/.*|sqlite3)\.?h?>' "$f") ;;
	esac
done

# no cycles among headers
for f in lib/*.h proto/*.h imsg/*.h privd/*.h execd/*.h ctl/*.h cli/*.h; do
	[ -f "$f" ] || continue
	sed -n 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"\([^"]*\.h\)".*/\1/p' "$f" | sed "s|^|$f |"
done >"${TMPDIR:-/tmp}/include.$$"
cycle=$(tsort "${TMPDIR:-/tmp}/include.$$" 2>&1 >/dev/null)
rm -f "${TMPDIR:-/tmp}/include.$$"
[ -z "$cycle" ] || say "headers include each other: $cycle"
exit $rc
