# What the script of a cycle does in the guest. The world is the simulator's before its first run.
state=/run/cycle
config=/etc/zrepl/cycle.yml
export LC_ALL=C STATE_DIRECTORY=$state/kept

install_stand_in() {
  for program in zfs zpool; do
    mv /usr/sbin/$program /usr/sbin/$program.real && install -m 755 $state/zfs.sh /usr/sbin/$program || exit 1
  done
}

remove_stand_in() {
  for program in zfs zpool; do mv -f /usr/sbin/$program.real /usr/sbin/$program; done
}

destroy_world() {
  for pool in tank vault; do
    zpool.real destroy -f $pool
    rm -f /pool/$pool
  done
}

# The datasets below tank/data, as `NAME filesystem` or `NAME volume`.
make_world() {
  for pool in tank vault; do
    truncate -s 256M /pool/$pool
    zpool.real create -f -O mountpoint=/mnt/$pool -O atime=off $pool /pool/$pool || exit 1
  done
  for name in tank/data tank/database tank/other vault/backups vault/backups/other vault/unrelated; do user create $name; done
  datasets=tank/data
  for child; do
    name=tank/data/${child% *}
    if [ "${child##* }" = volume ]; then user create -V 8M -o volmode=none "$name"; else user create "$name"; fi
    datasets="$datasets
$name"
  done
  for name in tank/database tank/other vault/backups/other vault/unrelated; do user snapshot $name@zrepl_foreign; done
  for snapshot in first second; do
    echo "$datasets" | while IFS= read -r name; do
      [ "${name##*/}" = vol ] || write "$name"
      user snapshot "$name@$snapshot"
    done
  done
}

user() { zfs.real "$@" || exit 1; }

create_encrypted() {
  head -c 32 /dev/zero | tr '\0' k | zfs.real create -o encryption=on -o keyformat=raw -o keylocation=prompt "$1" || exit 1
}

unload_key() { user unmount "$1" && user unload-key "$1"; }

# Where it is not mounted, only for the moment.
write() {
  if mountpoint -q "/mnt/$1"; then mounted=yes; else mounted=; mkdir -p "/mnt/$1" && mount -t zfs -o zfsutil "$1" "/mnt/$1" || exit 1; fi
  dd if=/dev/urandom "of=/mnt/$1/file" bs=128k count=5 conv=notrunc,fsync status=none
  [ -n "$mounted" ] || umount "/mnt/$1"
  zpool.real sync "${1%%/*}"
}

# With a fault as zfs.sh reads it, or none.
run() {
  rm -rf $STATE_DIRECTORY && mkdir -m 700 $STATE_DIRECTORY
  printf '%s\n' "$1" >$state/fault
  [ -n "$1" ] || : >$state/fault
  : >$state/commands
  (cd / && exec zrepl run offsite --json --config $config >$state/report 2>$state/said)
  echo "##run $?"
  # Everything that was started has gone.
  while pgrep -x 'zrepl|zfs\.real' >/dev/null; do :; done
  [ ! -s $state/fault ] || echo '##the fault was not met'
  for part in commands report said; do
    echo "##$part"
    cat $state/$part
  done
  for pool in tank vault; do
    echo "##objects $pool"
    zfs.real list -Hp -t all -o name,type,guid,createtxg,userrefs,defer_destroy,origin,receive_resume_token,written -r $pool
    echo "##holds $pool"
    zfs.real list -Hp -t snapshot -o userrefs,name -r $pool | sed -n 's/^[1-9][0-9]*\t//p' | tr '\n' '\0' | xargs -0 -r zfs.real holds -H
    echo "##properties $pool"
    zfs.real get -Hp -r -t filesystem,volume -s local,received -o name,property,value,source all $pool
  done
}
