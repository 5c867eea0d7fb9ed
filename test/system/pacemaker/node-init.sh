#!/bin/bash
# PID 1 of a cluster node (node.ts), in mount, UTS, IPC and PID namespaces of its own. When it is killed, so is every process of the node.
# argv: pcm-init NAME FOLDER HOSTS CHECKOUT COMMAND; COMMAND is `member` or the path of pacemaker-remoted.
set -e
name=$2 folder=$3 hosts=$4 checkout=$5 command=$6
read -r outer_pid _ </proc/self/stat # /proc is still the outer one: this is our pid out there
hostname "$name"
mount --bind "$folder/log" /var/log
mkdir -p /etc/corosync /etc/pacemaker /var/lib/corosync /var/lib/pacemaker
mount --bind "$folder/etc-corosync" /etc/corosync
mount --bind "$folder/etc-pacemaker" /etc/pacemaker
mount --bind "$folder/var-lib-corosync" /var/lib/corosync
mount --bind "$folder/var-lib-pacemaker" /var/lib/pacemaker
mount --bind "$folder/sudoers.d" /etc/sudoers.d
[ -e /etc/hosts ] || : >/etc/hosts
mount --bind "$hosts" /etc/hosts
# Before /run, which the folder may not be under, and from which the checkout is reachable for every user of the node.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/user /run/dbus /run/crm /run/resource-agents /run/heartbeat/rsctmp /run/checkout
chown hacluster:haclient /run/crm
chmod 750 /run/crm
mount --bind "$checkout" /run/checkout
if [ -e "$folder/shm" ]; then mount --bind "$folder/shm" /dev/shm; else mount -t tmpfs -o mode=1777 tmpfs /dev/shm; fi
mount -t proc proc /proc
set +e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export PCMK_logfile=/var/log/pacemaker/pacemaker.log
echo "$outer_pid" >"$folder/init.pid.new" && mv "$folder/init.pid.new" "$folder/init.pid"
if [ "$command" = member ]; then
  corosync >>/var/log/corosync/corosync.out 2>&1 # it returns once it is up
  for _ in $(seq 200); do corosync-cfgtool -s >/dev/null 2>&1 && break; sleep 0.05; done
  pacemakerd -f >>/var/log/pacemaker/pacemakerd.out 2>&1 &
else
  "$command" >>/var/log/pacemaker/remoted.out 2>&1 &
fi
trap 'exit 0' TERM
while :; do sleep 3600 & wait $!; done # bash as PID 1 also reaps what is orphaned here
