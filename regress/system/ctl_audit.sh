#!/bin/bash
# reevectl audit verify: trails written by another program from reeve-audit(5)'s words alone, then damaged.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
build=${BUILD:-build}
case $build in /*) ;; *) build=$top/$build ;; esac
ctl=$build/reevectl
[ -x "$ctl" ] || { echo "$ctl: is not built"; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0 bad=0

fail() {
	bad=$((bad + 1))
	echo "failed: $*" >&2
}

# verify CODE WORDS ARG...: must exit CODE, and say WORDS on stdout (CODE 0) or stderr
verify() {
	local code=$1 words=$2 rc=0 said=err
	shift 2
	checks=$((checks + 1))
	"$ctl" audit verify "$@" >out 2>err </dev/null || rc=$?
	[ "$code" != 0 ] || said=out
	[ $rc -eq "$code" ] || fail "$*: exit $rc, not $code: $(cat out err)"
	grep -qF -- "$words" $said || fail "$*: said \"$(cat out err)\", not \"$words\""
}

# three files as rotation leaves them: audit.2 is the oldest; prints the last chain
cat >make.py <<'P'
import hashlib, os
key = os.urandom(32)
def hmac(text):
    pad = lambda x: bytes(b ^ x for b in key.ljust(64, b"\0"))
    return hashlib.sha256(pad(0x5c) + hashlib.sha256(pad(0x36) + text).digest()).hexdigest()[:32]
chain, seq = "0" * 32, 0
for name, n in (("audit.2", 3), ("audit.1", 2000), ("audit", 3)):
    with open(name, "w") as f:
        for i in range(n):
            seq += 1
            line = f"event=job.refuse seq={seq} time={1795226400 + seq} reason=x\\040{i}"
            if i == 0 and seq > 1:
                line = f"event=audit.rotate seq={seq} time={1795226400 + seq} previous={chain}"
            chain = hmac((chain + line).encode())
            f.write(f"{line} chain={chain}\n")
with open("audit.key", "wb") as f:
    f.write(key)
print(chain)
P
chain=$(python3 make.py) || { echo "cannot make a trail"; exit 1; }

verify 0 "ok: 3 lines, seq 1 to 3, chain " audit.2
verify 0 "ok: 2006 lines, seq 1 to 2006, chain $chain" audit.2 audit.1 audit
verify 0 "ok: 2003 lines, seq 4 to 2006, chain $chain" audit.1 audit
verify 0 "ok: 3 lines, seq 2004 to 2006, chain $chain" audit
verify 0 "ok: 3 lines, seq 2004 to 2006, chain $chain" "$dir/audit"
mkdir elsewhere
cp audit elsewhere/
mv audit.key elsewhere/key
verify 3 "audit.key: No such file or directory" audit
verify 0 "ok: 3 lines" -k elsewhere/key audit
verify 3 "elsewhere/audit.key: No such file or directory" elsewhere/audit
cp elsewhere/key audit.key
checks=$((checks + 1))
"$ctl" --json audit verify audit.2 audit.1 audit >out 2>err
[ "$(cat out)" = "{\"ok\":true,\"lines\":2006,\"first\":1,\"last\":2006,\"chain\":\"$chain\"}" ] || fail "--json: $(cat out err)"
: >empty
verify 0 "ok: 0 lines" empty
verify 0 "ok: 3 lines, seq 1 to 3" empty audit.2

# ---- damage: status 1, file and line ----
verify 1 "audit.2: line 1: seq 1 follows 2003" audit.1 audit.2
verify 1 "audit: line 1: seq 2004 follows 3: lines are missing" audit.2 audit
verify 1 "audit.2: line 1: seq 1 follows 3" audit.2 audit.2
sed '2d' audit.1 >b && verify 1 "b: line 2: seq 6 follows 4: lines are missing or moved" audit.2 b
sed '1d' audit.2 >b && verify 1 "b: line 1: starts with seq 2: lines before it are missing" b
sed '1000{h;d};1001{G}' audit.1 >b && verify 1 "b: line 1000: seq 1004 follows 1002" b
sed '1500s/x.0401/x\\0402/' audit.1 >b && verify 1 "b: line 1500: the chain does not hold" b
sed '3s/event=job.refuse/event=job.accept/' audit.2 >b && verify 1 "b: line 3: the chain does not hold" b
head -c -1 audit >b && verify 1 "b: line 3: torn" b
head -c -20 audit >b && verify 1 "b: line 3: torn" b
{ cat audit.2; echo; } >b && verify 1 "b: line 4: not an audit line" b
{ cat audit.2; printf 'x\0y\n'; } >b && verify 1 "b: line 4: not an audit line" b
sed '2s/chain=./chain=g/' audit.2 >b && verify 1 "b: line 2: not an audit line" b
head -c 32 /dev/urandom >other.key
verify 1 "audit.2: line 1: the chain does not hold" -k other.key audit.2
checks=$((checks + 1))
rc=0
"$ctl" audit verify audit.2 b --json >out 2>err || rc=$?
if [ $rc -ne 1 ] || ! grep -qF '{"ok":false,"file":"b","reason":"line 1: seq 1 follows 3' out; then
	fail "--json of damage: $rc $(cat out err)"
fi
# what ends early is whole in itself: its last seq and chain differ from those of "reevectl status"
head -n 2 audit >b && verify 0 "ok: 2 lines, seq 2004 to 2005" b

# ---- what cannot be read is no damage: status 3 ----
verify 3 "nosuch: No such file or directory" -k audit.key nosuch
verify 3 "audit: has " -k audit audit
verify 3 "nokey: No such file or directory" -k nokey audit
verify 3 "elsewhere: is not a regular file" elsewhere
mkfifo pipe
verify 3 "pipe: is not a regular file" pipe
truncate -s 300M huge
verify 3 "huge: has 314572800 bytes; too large for an audit file" huge

echo "$(basename "$0"): $checks checks, $bad failed"
[ $checks -gt 0 ] && [ $bad -eq 0 ]
