#!/bin/bash
# Attack cross-process. The processes as the kernel shows them while a script runs: reeve-privd, its supervisor, its tool. Who they are,
# what they may, and what root's process has mapped.
# shellcheck disable=SC1091,SC2154 # lib.bash sets them
. "$(dirname "$0")/lib.bash"
host_new
script wait <<S
echo started
while [ ! -e "$h/marks/go" ]; do read -rt 0.05 x <>"$h/marks/never"; done
exit 0
S
script root user=root root-equivalent <<S
echo started
while [ ! -e "$h/marks/go" ]; do sleep 0.05; done
S
mkfifo -m 666 "$h/marks/never"
sed -i '1s|.*|#!/bin/bash|' "$h/scripts/wait"
start || finish
cd "$w/t" || exit 1

# of PID KEY: a line of /proc/PID/status, its blanks made one
of() { sed -n "s/^$2:[[:blank:]]*//p" "/proc/$1/status" | tr '\t' ' '; }
uid_of() { awk -F: -v n="$1" '$1 == n { print $3 }' /etc/passwd; }
# caps NAME...: their mask
caps() {
	local n mask=0 bit
	for n in "$@"; do
		bit=$(awk -v n="CAP_$n" '$1 == "#define" && $2 == n { print $3 }' /usr/include/linux/capability.h)
		mask=$((mask | 1 << bit))
	done
	printf '%016x' $mask
}
none=0000000000000000

ticket wait script.run name=wait
ok "submit" submit wait
soon "the script itself runs" grep -q started "$h/state/spool/$(id_of wait).out"
sup=$(head -n 1 "$cg/$(id_of wait)-0/sup/cgroup.procs")
tool=$(head -n 1 "$cg/$(id_of wait)-0/tool/cgroup.procs")

# ---- reeve-privd: root, without what no step and it itself need ----
is "privd's uids" "$(of "$privd" Uid)" "0 0 0 0"
is "privd's filter" "$(of "$privd" Seccomp)" 2
bnd=$(of "$privd" CapBnd)
want=$(caps CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP SYS_CHROOT SYS_ADMIN SYS_RESOURCE \
    MKNOD AUDIT_WRITE SETFCAP)
# a container may have given some of them up before
want=$(printf '%016x' $((0x$want & 0x$(of $$ CapBnd))))
is "privd's bounding set" "$bnd" "$want"
is "privd's inheritable and ambient" "$(of "$privd" CapInh) $(of "$privd" CapAmb)" "$none $none"
# the process is not dumpable: its proc files are root's even for a process of its own uid without rights
no 1 "Permission denied" setpriv --bounding-set -all --inh-caps -all -- cat "/proc/$privd/environ"
is "what privd has mapped" "$(awk '$6 ~ /^\// { n = $6; sub(".*/", "", n); print n }' "/proc/$privd/maps" | sort -u |
    sed 's/\.so.*//' | tr '\n' ' ')" "ld-linux-x86-64 libc libsodium reeve-privd "

# ---- the supervisor: a uid of its own, no right ----
u=$(uid_of _reeverun)
is "the supervisor's uids" "$(of "$sup" Uid)" "$u $u $u $u"
is "its groups" "$(of "$sup" Groups)" ""
is "its capabilities" "$(of "$sup" CapPrm) $(of "$sup" CapEff) $(of "$sup" CapBnd) $(of "$sup" CapAmb)" "$none $none $none $none"
is "its filter" "$(of "$sup" NoNewPrivs) $(of "$sup" Seccomp)" "1 2"

# ---- the tool ----
u=$(uid_of _reevescript)
is "the tool's uids" "$(of "$tool" Uid)" "$u $u $u $u"
is "its groups" "$(of "$tool" Groups)" ""
is "its capabilities" "$(of "$tool" CapPrm) $(of "$tool" CapEff) $(of "$tool" CapBnd) $(of "$tool" CapAmb)" "$none $none $none $none"
is "its filter" "$(of "$tool" NoNewPrivs) $(of "$tool" Seccomp)" "1 2"
checks=$((checks + 1))
[ "$(stat -Lc %i "/proc/$tool/ns/pid")" != "$(stat -Lc %i "/proc/$privd/ns/pid")" ] || fail "the tool has no PID namespace of its own"
checks=$((checks + 1))
[ "$(stat -Lc %i "/proc/$tool/ns/mnt")" != "$(stat -Lc %i "/proc/$privd/ns/mnt")" ] || fail "the tool has no mount namespace of its own"
# as another process of the tool's uid, from outside all its namespaces
for p in "$sup" "$privd"; do
	no 1 "not permitted" setpriv --reuid "$u" --regid "$u" --clear-groups -- kill -TERM "$p"
	no 1 "Permission denied" setpriv --reuid "$u" --regid "$u" --clear-groups -- cat "/proc/$p/environ"
done
ok "status" ctl status
has "status shows the supervisor" "$w/out" _reeverun
has "status shows the tool" "$w/out" _reevescript

# ---- a script that is root-equivalent is root, and status says so ----
ticket root script.run name=root
ok "submit" submit root
soon "the script itself runs" grep -q started "$h/state/spool/$(id_of root).out"
tool=$(head -n 1 "$cg/$(id_of root)-0/tool/cgroup.procs")
sup=$(head -n 1 "$cg/$(id_of root)-0/sup/cgroup.procs")
is "its uids" "$(of "$tool" Uid)" "0 0 0 0"
is "its capabilities" "$(of "$tool" CapBnd)" "$(caps CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID \
    SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP)"
is "its filter" "$(of "$tool" NoNewPrivs) $(of "$tool" Seccomp)" "1 2"
is "its supervisor's uid" "$(of "$sup" Uid | cut -d' ' -f1)" "$(uid_of _reeverun)"
ok "status" ctl --json status
has "status says so" "$w/out" '"name":"root","user":"root","root-equivalent":"yes"'
has "the audit trail says so" "$h/state/audit" "event=script.root"
touch "$h/marks/go"
ok "the end" ctl wait "$(id_of root)"
ok "the end" ctl wait "$(id_of wait)"
stop
finish
