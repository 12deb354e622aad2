#!/bin/bash
# Attack unauth-surface: every route, by every method, with every kind of credentials. The routes are those of the
# program itself (ctld_client routes), so that a new one is tried without anybody thinking of it.
# regress: timeout 240
# shellcheck disable=SC1091,SC2154
. "$(dirname "$0")/jobs.bash"
site_up
client=$BUILD/regress/unit/ctld_client
"$client" routes >"$w/routes" || exit 1
is "routes are listed" "$([ "$(wc -l <"$w/routes")" -ge 20 ] && echo yes)" yes

# ---- credentials ----

agent_new 1 web1.example.net
agent_new 2 web2.example.net
op POST /v1/hosts/web2.example.net/revoke -d '{}'
status "a revoked host" 200
for role in viewer operator approver admin; do
	op POST /v1/tokens -d "{\"name\":\"t-$role\",\"role\":\"$role\",\"expires\":3600}"
	status "a token for $role" 201
	jget "$w/body" '$.token' >"$w/token.$role"
done
op POST /v1/tokens -d '{"name":"t-old","role":"admin","expires":1}'
jget "$w/body" '$.token' >"$w/token.old"
op POST /v1/tokens -d '{"name":"t-gone","role":"admin","expires":3600}'
jget "$w/body" '$.token' >"$w/token.gone"
op DELETE /v1/tokens/t-gone
status "a removed token" 200
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=web1.example.net \
    -addext extendedKeyUsage=clientAuth -keyout "$w/self.key" -out "$w/self.crt" 2>/dev/null
# a certificate of the site's own CA that no host has: the server's
cp "$s/etc/server.cr"t "$w/server.crt"
cp "$s/etc/server.key" "$w/server.key"

# cred NAME: curl's options for it
cred() {
	case $1 in
	none) ;;
	junk) echo 'header = "Authorization: Bearer admin"' ;;
	basic) echo 'header = "Authorization: Basic YWRtaW46YWRtaW4="' ;;
	unknown) echo "header = \"Authorization: Bearer $(printf '%048d' 7)\"" ;;
	old | gone | viewer | operator | approver | admin) echo "header = \"Authorization: Bearer $(cat "$w/token.$1")\"" ;;
	host) printf 'cert = "%s"\nkey = "%s"\n' "$w/a1.crt" "$w/a1.key" ;;
	revoked) printf 'cert = "%s"\nkey = "%s"\n' "$w/a2.crt" "$w/a2.key" ;;
	self | server) printf 'cert = "%s"\nkey = "%s"\n' "$w/$1.crt" "$w/$1.key" ;;
	esac
}

# may NAME ACCESS: whether these credentials are enough
may() {
	case $2:$1 in
	none:* | enroll:*) return 0 ;;
	agent:host | work:host) return 0 ;;
	viewer:viewer | viewer:operator | viewer:approver | viewer:admin) return 0 ;;
	operator:operator | operator:approver | operator:admin) return 0 ;;
	approver:approver | approver:admin | admin:admin) return 0 ;;
	esac
	return 1
}

# calls NAME: every path by every method, as curl's configuration; nothing that exists is named
calls() {
	local path m real host=web1.example.net access first=1
	[ "$1" != revoked ] || host=web2.example.net
	cut -d' ' -f2 "$w/routes" | sort -u | while read -r path; do
		real=$(sed 's/:sha256/'"$(printf '%064d' 0)"'/; s/:hostid/'"$(printf '%032d' 0)"'/; s/:id/'"$(printf '%032d' 0)"'/
		    s/:name/nosuch.example.net/' <<<"$path")
		for m in GET POST PUT DELETE; do
			# a path may be another route's by its argument: /v1/jobs/online is also a job's name
			access=$(awk -v m=$m -v p="$path" '{ re = $2; gsub(/:[a-z0-9]+/, "[^/]+", re) }
			    $1 == m && p ~ "^" re "$" { print $3; exit }' "$w/routes")
			[ $first = 1 ] || echo next
			first=0
			printf 'url = "%s%s"\nrequest = "%s"\ncacert = "%s"\noutput = "/dev/null"\nmax-time = 20\n' \
			    "$url" "$real" $m "$w/ca.crt"
			printf 'header = "Reeve: 1"\nheader = "Host-Name: %s"\n' $host
			case $m in POST | PUT) echo 'data = "{}"' ;; esac
			printf 'write-out = "%%{http_code} %s %s %s\\n"\n' $m "$path" "${access:-no-method}"
			cred "$1"
		done
	done
}

sleep 1.1 # the old token's only second
for c in none junk basic unknown old gone self server revoked host viewer operator approver admin; do
	calls $c >"$w/calls"
	curl -sS -K "$w/calls" >"$w/codes" 2>"$w/curl.err" || fail "$c: $(tail -n 1 "$w/curl.err")"
	is "$c: every call is answered" "$(wc -l <"$w/codes")" "$(grep -c '^url' "$w/calls")"
	while read -r code m path access; do
		checks=$((checks + 1))
		case $access in
		no-method)
			case $code in 405 | 413) ;; *) fail "$c: $m $path: $code, not 405" ;; esac
			continue
			;;
		esac
		if may $c "$access"; then
			case $code in
			401 | 403 | 405 | 429 | 5??) fail "$c: $m $path ($access): $code, and it may" ;;
			esac
		else
			case $code in
			401 | 403 | 429) ;;
			*) fail "$c: $m $path ($access): $code, and it may not" ;;
			esac
		fi
	done <"$w/codes"
done

# what no route has, and what no method is
op GET /
status "the root" 404
op GET /v1/hosts/web1.example.net/
status "a slash more" 404
op GET //v1/hosts
status "a slash twice" 404
for m in HEAD OPTIONS PATCH TRACE FOO get; do
	code=$(curl -sS -m 5 --cacert "$w/ca.crt" -o "$w/body" -w '%{http_code}' -X $m "$url/healthz" 2>/dev/null)
	is "method $m" "$code" 400
done
ok "nothing was made or lost" op GET /v1/hosts
is "the hosts are those of before" "$(jget "$w/body" '$.hosts[0].name') $(jget "$w/body" '$.hosts[1].name') $(jget "$w/body" '$.hosts[2]')" \
    "web1.example.net web2.example.net "
hasnot "no secret in the log" "$w/log" "$admin"
finish
