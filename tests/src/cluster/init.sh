# Pid 1 of a machine: NAME FOLDER HIERARCHIES. It runs in namespaces of its own; to kill it is to pull the plug.
# FOLDER is the machine's disk: etc (its own files over the host's), var, services, and stopped (names of services that shall not run).
set -eu
name=$1 folder=$2 hierarchies=$3
read -r pid _ </proc/self/stat # /proc is still the host's, and so is this number

mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for hierarchy in $hierarchies; do
    mkdir "/sys/fs/cgroup/$hierarchy"
    option=$hierarchy
    [ "$hierarchy" != systemd ] || option=none,name=systemd
    mount -t cgroup -o "$option" cgroup "/sys/fs/cgroup/$hierarchy"
done
mount -t overlay -o "lowerdir=/etc,upperdir=$folder/etc,workdir=$folder/etc.work" overlay /etc
mount --bind "$folder/var" /var
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock /run/services

# A kubelet sets these; they are the whole kernel's, so it gets some of its own.
while read -r setting value; do
    echo "$value" >"/run/${setting//\//.}"
    mount --bind "/run/${setting//\//.}" "/proc/sys/$setting"
done <<SETTINGS
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SETTINGS
hostname "$name"
mount --make-rshared / # pods see what is mounted later on

# Runs a service again and again, unless it shall be stopped.
serve() {
    local service=${1##*/}
    while :; do
        if [ ! -e "$folder/stopped/$service" ]; then
            "$1" >>"/var/log/$service.log" 2>&1 &
            echo $! >"/run/services/$service"
            wait $! || true
        fi
        sleep 0.2
    done
}
for service in "$folder"/services/*; do
    serve "$service" &
done
echo "$pid" >"$folder/booting" && mv "$folder/booting" "$folder/pid"
while :; do
    wait || true
done
