#!/bin/bash
# In privd a ticket is parsed by the verifier alone, after its signatures (privd/verify.h): nobody else there may
# call the parser, and the verifier must check signatures.
set -u
cd "${TREE:-$(dirname "$0")/../..}" || exit 2
shopt -s nullglob
rc=0
for f in privd/*.[ch]; do
	[ -f "$f" ] || continue
	[ "$f" != privd/verify.c ] || continue
	if grep -nE '\bticket_parse[a-z_]*[[:blank:]]*\(' /dev/null "$f" | grep -vE '^[^:]*:[0-9]*:[[:blank:]]*/?\*'; then
		rc=1
	fi
done
if ! grep -qE '\bticket_parse[[:blank:]]*\(' privd/verify.c 2>/dev/null; then
	echo "privd/verify.c does not parse tickets: has this lint lost its object?"
	rc=1
fi
exit $rc
