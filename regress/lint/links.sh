#!/bin/bash
# What each program links (readelf -d, nm): root's programs need few libraries, and no TLS, JSON or event library.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
build=${BUILD:-build}

rc=0
# only PROGRAM LIBRARY...: PROGRAM needs no other
only() {
	local prog=$1 need lib
	shift
	need=$(readelf -dW "$build/$prog" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p')
	if [ -z "$need" ]; then
		echo "$build/$prog: is not built, or needs nothing"
		rc=1
		return
	fi
	for lib in $need; do
		case " $* " in
		*" ${lib%%.so*} "*) ;;
		*) echo "$prog links $lib, and may only link: $*"; rc=1 ;;
		esac
	done
}

only reeve-privd libc libsodium
only reeve-execd libc libsodium
only reeve-netd libc libtls libevent_core-2.1 libsodium
only reeve-dial libc libsodium
only reeve-ctld libc libevent_openssl-2.1 libevent_extra-2.1 libevent_core-2.1 libssl libcrypto libsqlite3 libsodium
only reeve-sign libc libcrypto libsodium
only reevectl libc libtls libcrypto libbsd libmd libsodium libsmartcols
only reeve libc libtls libbsd libmd libsodium libsmartcols
for p in reeve-privd reeve-execd reeve-netd reeve-dial reeve-ctld reeve-sign reevectl reeve; do
	dyn=$(readelf -dW "$build/$p" 2>/dev/null)
	case $dyn in *BIND_NOW*) ;; *) echo "$p: not linked with -z now"; rc=1 ;; esac
	case $dyn in *PIE*) ;; *) echo "$p: not position independent"; rc=1 ;; esac
	case $dyn in *RPATH* | *RUNPATH*) echo "$p: has a library path of its own"; rc=1 ;; esac
	if readelf -lW "$build/$p" 2>/dev/null | grep -q 'GNU_STACK.*E'; then
		case $(readelf -lW "$build/$p" | grep GNU_STACK) in *RWE*) echo "$p: executable stack"; rc=1 ;; esac
	fi
done

# JSON is poison where root works, whatever header it might come by: not one function of its reader, of the messages
# or of the tokenizer is linked in, and privd has none of the writer either.
without() {
	local hit
	hit=$(nm "$build/$1" 2>/dev/null | sed -n "s/^[0-9a-f]* [A-Za-z] \(\($2\)_[a-z0-9_]*\)\$/\1/p" | head -n 1)
	[ -z "$hit" ] || { echo "$1 holds $hit(): JSON must not be in it"; rc=1; }
}
without reeve-privd 'json\|jsmn\|api\|jo'
without reeve-execd 'json\|jsmn\|api'
without reeve-dial 'json\|jsmn\|api\|jo'
exit $rc
