#!/bin/bash
# Every lint says no: a small sound tree passes each lint, and one fault at a time makes the lint that is made
# for it fail. A lint without a fault here fails this test.
set -u
cd "$(dirname "$0")" || exit 2
here=$PWD
top=$(cd ../.. && pwd)
good=$(mktemp -d)
bad=$(mktemp -d)
trap 'rm -rf "$good" "$bad"' EXIT
n=0 rc=0 tried=' '

sound() {
	mkdir -p "$good"/{lib,proto,net,imsg,privd,execd,netd,dial,ctld,sign,ctl,cli,man,regress/unit,build}
	cp "$top/.clang-format" "$good/"
	cd "$good" || exit 2
	printf '/* A number. */\n#ifndef LIB_A_H\n#define LIB_A_H\n\nint a(void);\n\n#endif\n' >lib/a.h
	printf '/* A number. */\n#include "lib/a.h"\n\nint\na(void)\n{\n\treturn 1;\n}\n' >lib/a.c
	printf '/* Checks. */\n#include "lib/a.h"\n\nint ticket_parse(int);\n\nint\nverify(void)\n{\n\treturn ticket_parse(a());\n}\n' >privd/verify.c
	printf '.Dd November 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n.Sh DESCRIPTION\nNothing.\n' >man/x.1
	printf '/* Routes. */\nROUTE(GET, "/v1/x", ADMIN, 0, on_x,\n    "x")\nROUTE(POST, "/agent/v1/y", WORK, 0, on_y, "y")\n' >ctld/routes.def
	printf '.Dd November 1, 2026\n.Dt REEVE-API 7\n.Os\n.Sh NAME\n.Nm reeve-api\n.Nd a page\n.Sh DESCRIPTION\n.Bl -tag -width Ds\n.It Cm GET /v1/x Pq admin\nX.\n.El\n' >man/reeve-api.7
	sed 's/API/PROTOCOL/;s/reeve-api/reeve-protocol/;s/It Cm.*/It Li POST \/agent\/v1\/y/' man/reeve-api.7 >man/reeve-protocol.7
	printf '#!/bin/sh\necho tool\n' >tool
	printf '#include <stdlib.h>\nint main(int c, char **v) { (void)v; return malloc((size_t)c) == NULL; }\n' >build/m.c
	cc -c -o build/a.o -I. lib/a.c && ar rcs build/lib.a build/a.o || exit 2
	for p in reeve-privd reeve-execd reeve-netd reeve-dial reeve-ctld reeve-sign reevectl reeve; do
		cc -fPIE -pie -Wl,-z,now -o "build/$p" build/m.c || exit 2
	done
}

# lint NAME TREE: its verdict
lint() {
	TREE=$2 BUILD=$2/build "$here/$1.sh" >"$good/../lint.out.$$" 2>&1
}

# no NAME WHAT: the present state of $bad must fail NAME
no() {
	n=$((n + 1))
	tried="$tried$1 "
	if lint "$1" "$bad"; then
		echo "$1 accepts: $2"
		rc=1
	fi
	fresh
}

fresh() {
	rm -rf "$bad"
	cp -a "$good" "$bad"
	cd "$bad" || exit 2
}

# put FILE TEXT: a whole file that opens as it should
put() {
	mkdir -p "$(dirname "$1")"
	printf '/* Something. */\n%b' "$2" >"$1"
}

program() {
	# shellcheck disable=SC2086
	printf '%b' "$2" | cc -x c -fPIE -pie -Wl,-z,now -Wl,--no-as-needed -o "build/$1" - ${3:-} || exit 2
}

sound
fresh
for f in "$here"/*.sh; do
	l=$(basename "$f" .sh)
	[ "$l" != selftest ] || continue
	n=$((n + 1))
	if ! lint "$l" "$good"; then
		echo "$l refuses the sound tree:"
		cat "$good/../lint.out.$$"
		rc=1
	fi
done

put proto/jsonout.h ''; put privd/x.c '#include "proto/jsonout.h"\n'; no include 'privd includes JSON'
for h in jsonin json_gate api; do
	for r in privd execd dial; do
		put proto/$h.h ''; put $r/x.c "#include \"proto/$h.h\"\n"; no include "$r includes $h"
	done
done
put proto/x.c '#include <jsmn.h>\n'; no include 'the tokenizer outside its one file'
put ctl/x.h ''; put cli/x.c '#include "ctl/x.h"\n'; no include 'a room includes another room'
put execd/run.h ''; put privd/x.c '#include "execd/run.h"\n'; no include 'privd includes more of execd than the profile table'
put privd/x.h ''; put lib/x.c '#include "privd/x.h"\n'; no include 'lib includes a room'
put lib/x.c '#include "a.h"\n'; no include 'an include without its folder'
put lib/x.c '#include "lib/none.h"\n'; no include 'a header that does not exist'
put execd/x.c '#include <tls.h>\n'; no include 'execd includes TLS'
put net/x.c '#include <openssl/ssl.h>\n'; no include 'net includes one library of TLS beneath libtls'
put lib/x.h '#include "lib/y.h"\n'; put lib/y.h '#include "lib/x.h"\n'; no include 'headers in a circle'

main='int main(void) { return 0; }\n'
program reeve-privd "$main" -lcrypt; no links 'a library that privd may not have'
program reeve-execd "$main" -lcrypt; no links 'a library that execd may not have'
program reeve "$main" -lseccomp; no links 'a library that the command line may not have'
printf '%b' "$main" | cc -x c -no-pie -Wl,-z,now -o build/reeve-privd -; no links 'a program that is not position independent'
printf '%b' "$main" | cc -x c -fPIE -pie -Wl,-z,lazy -o build/reeve-privd -; no links 'lazy binding'
printf '%b' "$main" | cc -x c -fPIE -pie -Wl,-z,now -Wl,-z,execstack -o build/reeve-privd -; no links 'an executable stack'
for p in reeve-privd reeve-execd reeve-dial; do
	program $p 'int json_gate(void) { return 0; }\nint main(void) { return json_gate(); }\n'; no links "$p reads JSON"
done
program reeve-privd 'int jo_obj(void) { return 0; }\nint main(void) { return jo_obj(); }\n'; no links 'privd writes JSON'
rm build/reevectl; no links 'a program that is missing'

put privd/x.c '#include <pwd.h>\nvoid *f(void) { return getpwnam("root"); }\n'; no nss 'getpwnam in the source'
put lib/x.c 'int f(void) { return initgroups("root", 0); }\n'; no nss 'initgroups in lib'
program reeve-execd '#include <netdb.h>\nint main(int c, char **v) { struct addrinfo *r; return getaddrinfo(v[0], v[c - 1], 0, &r); }\n'
no nss 'getaddrinfo in the program'
rm build/reeve-privd; no nss 'a program that is missing'

put ctl/x.c '#include <stdlib.h>\nint f(void) { return system("ls"); }\n'; no noshell 'system()'
put cli/x.c '#include <stdio.h>\nvoid *f(void) { return popen("ls", "r"); }\n'; no noshell 'popen()'
put execd/x.c '#include <unistd.h>\nint f(char **a) { return execvp(a[0], a); }\n'; no noshell 'execvp()'
put execd/x.c '#include <unistd.h>\nint f(void) { return execlp("ls", "ls", NULL); }\n'; no noshell 'execlp()'
put lib/x.c 'int posix_spawnp(int);\nint f(void) { return posix_spawnp(1); }\n'; no noshell 'posix_spawnp()'

put privd/jobs.c 'int f(void) { return ticket_parse(1); }\n'; no verifyfirst 'another file of privd parses tickets'
put privd/verify.c 'int f(void) { return 1; }\n'; no verifyfirst 'a verifier that parses none'

put lib/x.c "$(printf '\\n%.0s' {1..601})"; no sizes 'a file of 602 lines'
put lib/x.c "int\nf(void)\n{\n$(printf '\\t;\\n%.0s' {1..58})}\n"; no sizes 'a function of 62 lines'
put lib/x.c "/* $(printf 'x%.0s' {1..100}) */\n"; no sizes 'a line of 106 columns'

put lib/x.h 'extern int x;\n'; no extern 'an extern variable'
printf 'int counter;\n' | cc -x c -c -o build/x.o -; ar rcs build/lib.a build/x.o; no extern 'a global variable'

put lib/x.c 'int f(void) { return 1; }\n'; no format 'a function on one line'

put lib/x.c '#include <stdlib.h>\nint\nf(void)\n{\n\tchar *p = malloc(1);\n\n\treturn p == NULL;\n}\n'; no static 'memory that is lost'
put lib/x.c 'int\nf(void)\n{\n\tint a[2] = {0, 0};\n\n\treturn a[2];\n}\n'; no static 'a read past an array'

printf '.Dd November 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n.Sh DESCRIPTION\n.Foo bar\n' >man/x.1; no man 'an unknown macro'
mv man/x.1 man/y.1; no man 'a page under another name'
echo '.Xr reeve-none 8' >>man/x.1; no man 'a page that points to none'
rm man/*; no man 'no page at all'

# shellcheck disable=SC2016
printf '#!/bin/sh\nrm -r $1\n' >tool; no shell 'a word without quotes'
printf '#!/bin/sh\nfalse |%s true\n' '|' >tool; no shell 'a check that cannot fail'
printf '#!/bin/sh\npk%s reeve\n' ill >tool; no shell 'processes ended by name'

put lib/x.c "/* TO""DO: all of it */\n"; no words 'a note to self'
put lib/x.c 'int x; \n'; no words 'a blank at the end of a line'
printf '/* x */' >lib/x.c; no words 'no newline at the end'

sed -i 's/v1.x/v1\/z/' ctld/routes.def; no routes 'an operator route without its words'
sed -i 's/v1.y/v1\/z/' ctld/routes.def; no routes 'a route of hosts without its words'
sed -i 's/ADMIN/VIEWER/' ctld/routes.def; no routes 'a route that the page gives to others'
echo '.It Cm GET /v1/gone Pq admin' >>man/reeve-api.7; no routes 'words without a route'
rm ctld/routes.def; no routes 'no route at all'

printf 'int x;\n' >lib/x.c; no opening 'a file that does not say what it is for'

mutant='--- a/lib/a.c\n+++ b/lib/a.c\n@@ -6,3 +6,3 @@\n {\n-\treturn %s;\n+\treturn 2;\n }\n'
mkdir -p regress/mutants
# shellcheck disable=SC2059
{
	touch regress/unit/t_a.c
	printf "# why: x\n# test: unit/t_a\n$mutant" 1 >regress/mutants/a.patch
	lint mutants "$bad" || { echo "mutants refuses a sound one"; cat "$good/../lint.out.$$"; rc=1; }
	printf "# why: x\n# test: unit/t_a\n$mutant" 7 >regress/mutants/a.patch
	no mutants 'a patch that does not apply'
	mkdir -p regress/mutants
	printf "# why: x\n# test: unit/t_b\n$mutant" 1 >regress/mutants/a.patch
	no mutants 'a test that does not exist'
}

for f in "$here"/*.sh; do
	l=$(basename "$f" .sh)
	case "$tried selftest " in *" $l "*) ;; *) echo "no fault here makes $l fail"; rc=1 ;; esac
done
rm -f "$good/../lint.out.$$"
echo "$n tries"
exit $rc
