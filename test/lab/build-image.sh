#!/bin/sh
# Builds a bootable Debian image with real OpenZFS: kernel, initrd and root file system for qemu.
#   build-image.sh VERSION OUT_DIR
# VERSION is 2.3 (bookworm-backports) or 2.1 (bookworm). OUT_DIR must not exist; it appears whole or not at all.
# Needs root, debootstrap, busybox-static, cpio, e2fsprogs. Takes about six minutes, mostly the kernel module.
set -eu

version=$1
out=$2
work="$out.building.$$"
root="$work/root"
started=$(date +%s)

say() { echo "lab image $version: $* ($(($(date +%s) - started)) s)" >&2; }

cleanup() {
  for mount in "$root/proc" "$root/sys"; do
    if mountpoint -q "$mount"; then umount "$mount"; fi
  done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# The mirror is the one this machine installs from.
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 2>/dev/null | awk '$2 ~ /^bookworm$/ {print $1; exit}')
if [ -z "$mirror" ]; then
  mirror=$(apt-get indextargets --format '$(SITE) $(LABEL)' 2>/dev/null | awk '$2 == "Debian" {print $1; exit}')
fi
[ -n "$mirror" ] || { echo "lab image: no Debian mirror in this machine's apt sources" >&2; exit 1; }

mkdir -p "$work"
say "installing a minimal Debian"
debootstrap --variant=minbase --components=main,contrib --include=ca-certificates bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail -n 20 "$work/debootstrap.log" >&2; exit 1; }

printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
{
  echo "deb $mirror bookworm main contrib"
  echo "deb $mirror bookworm-updates main contrib"
  [ "$version" = 2.3 ] && echo "deb $mirror bookworm-backports main contrib"
} >"$root/etc/apt/sources.list"
# Proxies and trust settings of this machine apply inside as well.
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
for conf in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do
  [ -f "$conf" ] && cp "$conf" "$root/etc/apt/apt.conf.d/"
done

mount -t proc proc "$root/proc"
inside() { DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$root" "$@" >>"$work/chroot.log" 2>&1 || { tail -n 30 "$work/chroot.log" >&2; exit 1; }; }
suite=bookworm
[ "$version" = 2.3 ] && suite=bookworm-backports

say "installing the kernel"
inside apt-get update -q
inside apt-get install -y -q --no-install-recommends linux-image-cloud-amd64 linux-headers-cloud-amd64 kmod udev
inside apt-get install -y -q --no-install-recommends dkms
say "building OpenZFS for it"
inside apt-get install -y -q --no-install-recommends -t "$suite" zfs-dkms zfsutils-linux
inside apt-get install -y -q --no-install-recommends openssh-server openssh-client iproute2 procps util-linux strace zstd
umount "$root/proc"

installed=$(chroot "$root" dpkg-query -W -f '${Version}' zfsutils-linux)
case $installed in
  "$version".*) ;;
  *) echo "lab image: wanted OpenZFS $version, the archive has $installed" >&2; exit 1 ;;
esac
echo "$installed" >"$work/zfs-version"

say "making the image"
kernel=$(basename "$root"/lib/modules/*-cloud-amd64)
cp "$root/boot/vmlinuz-$kernel" "$work/vmlinuz"

initrd="$work/initrd"
mkdir -p "$initrd/bin" "$initrd/modules" "$initrd/proc" "$initrd/dev" "$initrd/newroot"
cp "$(command -v busybox)" "$initrd/bin/busybox"
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
  found=$(find "$root/lib/modules/$kernel" -name "$module.ko*" | head -n 1)
  [ -n "$found" ] && cp "$found" "$initrd/modules/$module.ko"
done
cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
  [ -f /modules/$module.ko ] && /bin/busybox insmod /modules/$module.ko
done
until /bin/busybox mount -t ext4 /dev/vda /newroot 2>/dev/null; do :; done
/bin/busybox mount --move /dev /newroot/dev
/bin/busybox umount /proc
exec /bin/busybox switch_root /newroot /lab-init
INIT
chmod 755 "$initrd/init"
(cd "$initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

cat >"$root/lab-init" <<'INIT'
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o size=2g pool /pool
mount -o remount,rw /
hostname lab
modprobe virtio_net
modprobe zfs
ip link set lo up
device=$(ls /sys/class/net | grep -v lo | head -n 1)
ip addr add 10.0.2.15/24 dev "$device"
ip link set "$device" up
/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1 || /usr/lib/systemd/systemd-udevd --daemon >/dev/null 2>&1
mkdir -p /run/sshd
/usr/sbin/sshd
echo lab-ready >/dev/console
while :; do wait; sleep 3600; done
INIT
chmod 755 "$root/lab-init"

mkdir -p "$root/pool" "$root/root/.ssh"
ssh-keygen -q -t ed25519 -N '' -C lab -f "$work/id"
cp "$work/id.pub" "$root/root/.ssh/authorized_keys"
chmod 700 "$root/root/.ssh"
chmod 600 "$root/root/.ssh/authorized_keys"
: >"$root/root/.bashrc"
: >"$root/root/.profile"
: >"$root/etc/motd"
rm -f "$root/etc/update-motd.d/"*
chroot "$root" useradd --create-home --shell /bin/sh zrepl
chroot "$root" usermod -p '*' zrepl
cat >"$root/etc/ssh/sshd_config.d/lab.conf" <<'SSHD'
PermitRootLogin prohibit-password
PrintMotd no
UsePAM no
MaxStartups 100
MaxSessions 100
UseDNS no
SSHD
for key in "$root"/etc/ssh/ssh_host_*_key; do [ -f "$key" ] || chroot "$root" ssh-keygen -A; done >/dev/null 2>&1
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/src/linux-headers-* "$root"/usr/share/doc "$root"/usr/share/locale "$root"/var/lib/dkms
rm -f "$root/usr/sbin/policy-rc.d"

size=$(($(du -sm "$root" | cut -f1) + 400))
mke2fs -q -F -t ext4 -d "$root" "$work/root.img" "${size}m" >"$work/mke2fs.log"
rm -rf "$root" "$initrd"
mv "$work" "$out"
trap - EXIT
say "done: OpenZFS $installed, kernel $kernel"
