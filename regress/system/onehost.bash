# shellcheck shell=bash disable=SC2034,SC2154
# A real host beside a site of jobs.bash, on the same loopback: agent_up, ctl_enroll TOKEN, start_host. Its directory
# is $h, its scripts hello, true, seven, big, slow, wait (for $h/marks/go) and secret (what it was told).

onehost_cleanup() {
	[ "$privd" = 0 ] || kill -KILL "$privd" 2>/dev/null
	[ -z "${cg:-}" ] || within 10 cgroup_gone || echo "cgroup $cg stays" >&2
	if [ "$bad" -ne 0 ] && [ -s "$h/log" ]; then
		echo "---- the end of reeve-privd's log:" >&2
		tail -n 40 "$h/log" >&2
	fi
	! mountpoint -q "$w/cg" || umount "$w/cg"
	jobs_cleanup
}

agent_up() {
	h=$w/host
	trap onehost_cleanup EXIT
	mkdir -m 755 "$h" "$h/etc" "$h/etc/keys" "$h/run" "$h/libexec" "$h/scripts"
	mkdir -m 1777 "$h/marks"
	cgroup_make
	install -m 755 "$BUILD"/reeve-{execd,netd,dial} "$h/libexec/"
	install -m 644 "$w/t/ops.pub" "$h/etc/keys/ops.pub"
	printf '%s\n' "hostname web1.example.net" "script-dirs $h/scripts" "state-dir $h/state" "run-dir $h/run" \
	    "libexec-dir $h/libexec" "cgroup-dir $cg" "heartbeat 1" >"$h/etc/agent.conf"
	policy_conf
	{ echo "untrusted comment: online"; reeve whoami --json | sed 's/.*"online_key":"\([^"]*\)".*/\1/'; } >"$h/etc/keys/online.pub"
	printf '%s\n' "[key online]" "file keys/online.pub" "role online" "holder online" "allow agent.*" >>"$h/etc/policy.conf"
	: >"$h/etc/scripts.conf"
	script hello <<'END'
printf 'hello '; for a; do printf '%s|' "$a"; done; echo "to stderr" >&2
END
	script true <<<"exit 0"
	script seven <<<"exit 7"
	script big <<<"yes 0123456789abcde | head -c 1048576"
	script slow <<<"for i in 1 2 3; do echo slowly \$i; done"
	script wait <<<"until [ -e $h/marks/go ]; do sleep 0.05; done"
	script secret <<<"cat"
	start_host
}

start_host() {
	[ "$privd" = 0 ] || stop
	start
}

# ctl_enroll TOKEN
ctl_enroll() { "$BUILD/reevectl" -s "$h/run/control.sock" enroll -f "$h/etc/agent.conf" "$1"; }
