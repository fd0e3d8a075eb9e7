/**
 * PID 1 of a kernel that runs as a process: inside user-mode-linux, whose root is the host's file system, read-only. From
 * the kernel command line: umlctl=DIR, a directory that both sides can write.
 *
 * For a line "ID" from ttyS0: run DIR/req.ID in a subshell (which needs no further program), write DIR/out.ID and DIR/err.ID,
 * reply "ID STATUS". When the other end of ttyS0 closes, the kernel halts.
 */
export const INIT = `#!/bin/dash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8
mount -n -t proc proc /proc
mount -n -t sysfs sysfs /sys
mount -n -t tmpfs tmpfs /run
umlctl=
for word in $(cat /proc/cmdline); do
  case $word in umlctl=*) umlctl=\${word#*=} ;; esac
done
mkdir -p "$umlctl"
mount -n -t hostfs -o "$umlctl" none "$umlctl"
# modprobe looks for lib/modules below this directory, so that the machine's own /lib/modules need not exist.
mkdir -p /run/uml/lib
ln -s /usr/lib/uml/modules /run/uml/lib/modules
ip link set lo up
exec 3<>/dev/ttyS0
stty raw -echo <&3
echo ready >&3
while read -r id <&3; do
  [ "$id" = poweroff ] && break
  [ "$id" ] || continue
  (. "$umlctl/req.$id") </dev/null >"$umlctl/out.$id" 2>"$umlctl/err.$id" 3>&-
  echo "$id $?" >&3
done
rm -rf "$umlctl"/*
echo o >/proc/sysrq-trigger
sleep 60
`
