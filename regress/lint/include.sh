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
	    proto/ticket.h proto/result.h proto/signify.h proto/keysfile.h proto/frame.h proto/auditchain.h proto/token.h' ;;
	execd) echo 'lib/* execd/* imsg/imsg.h imsg/ibuf.h imsg/msg.h imsg/msg_codec.h imsg/chan_sync.h proto/job.h proto/ticket.h
	    proto/result.h proto/frame.h proto/jsonout.h' ;;
	netd) echo 'lib/* netd/* net/* imsg/* proto/*' ;;
	dial) echo 'lib/* dial/* imsg/imsg.h imsg/msg.h imsg/msg_codec.h' ;;
	ctld) echo 'lib/* ctld/* imsg/* proto/*' ;;
	sign) echo 'lib/* sign/* imsg/imsg.h imsg/msg.h imsg/msg_codec.h proto/*' ;;
	ctl) echo 'lib/* ctl/* net/* imsg/imsg.h imsg/msg.h imsg/msg_codec.h proto/*' ;;
	cli) echo 'lib/* cli/* net/* proto/*' ;;
	esac
}

# JSON is read in one file and libevent waits in one; X.509 is made by the signer
excused() {
	case $1 in
	proto/jsonin.c) grep -v '<jsmn\.h>' ;;
	imsg/chan.c) grep -v '<event' ;;
	sign/*) grep -v '<openssl/' ;;
	*) cat ;;
	esac
}

rc=0
say() {
	echo "$1"
	rc=1
}

for f in {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.{c,h,def}; do
	[ -f "$f" ] || continue
	room=${f%%/*}
	ok=$(allowed "$room")
	while IFS=: read -r line inc; do
		case $inc in
		version.h | filters.h | never.h | *_filter.h) continue ;; # made by the build
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
	lib | proto | imsg | privd | execd | dial | sign)
		while IFS= read -r l; do
			say "$f:$l: not in this room"
		done < <(grep -nE '#[[:blank:]]*include[[:blank:]]*<(tls|jsmn|event|event2/.*|openssl/.*|sqlite3)(\.h)?>' "$f" | excused "$f") ;;
	# what builds on either libtls asks neither's libcrypto for anything; events belong to netd
	net | netd | cli)
		while IFS= read -r l; do
			say "$f:$l: not in this room"
		done < <(grep -nE '#[[:blank:]]*include[[:blank:]]*<(jsmn|openssl/.*|sqlite3)(\.h)?>' "$f") ;;
	esac
done

# no cycles among headers
for f in {lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli}/*.h; do
	[ -f "$f" ] || continue
	sed -n 's/^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"\([^"]*\.h\)".*/\1/p' "$f" | sed "s|^|$f |"
done >"${TMPDIR:-/tmp}/include.$$"
cycle=$(tsort "${TMPDIR:-/tmp}/include.$$" 2>&1 >/dev/null)
rm -f "${TMPDIR:-/tmp}/include.$$"
[ -z "$cycle" ] || say "headers include each other: $cycle"
exit $rc
