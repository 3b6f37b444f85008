#!/usr/bin/env bash
# Runs a command of this checkout in a bare root file system of a Debian release, as on a new machine, to check what the README
# says about that release. Needs root, mmdebstrap and the release's archive. The file system is created once, in the cache
# folder; what a command installs or writes is discarded when it ends, except OUT.
#
#   tests/in_debian.sh RELEASE OUT COMMAND...     e.g. tests/in_debian.sh trixie /tmp/out jobs/quickstart.sh --out /out
#
# The command runs in a clone of the committed state; OUT is /out there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"

[ $# -ge 3 ] || die 2 "too few arguments (usage: in_debian.sh RELEASE OUT COMMAND...). Give a release, a folder for results and a command."
release=$1 out=$2
shift 2
[ "$(id -u)" = 0 ] || die 2 "not root (the release's file system is mounted). Run this as root."
command -v mmdebstrap >/dev/null || die 2 "mmdebstrap is not installed (it creates the file system). Run apt-get install mmdebstrap."

root=$MAMBASYNTH_CACHE/debian-$release
if [ ! -d "$root" ]; then
  step "Creating a bare Debian $release in $root"
  mkdir -p "$MAMBASYNTH_CACHE"
  rm -rf "$root.new"
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,git "$release" "$root.new"
  # This machine's network settings: mirrors, proxies, certificates.
  cp -L /etc/resolv.conf /etc/hosts "$root.new/etc/"
  cp -Ln /etc/apt/apt.conf.d/* "$root.new/etc/apt/apt.conf.d/" 2>/dev/null || true
  cp -L /etc/pip.conf "$root.new/etc/" 2>/dev/null || true
  cp -rLn /etc/ssl/certs/. "$root.new/etc/ssl/certs/" 2>/dev/null || true
  mv -T "$root.new" "$root"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{upper,work,system} "$out"
git clone --quiet "$checkout" "$scratch/upper/root/mambasynth"
# All mounts are in a separate namespace, which ends with the command.
system=$scratch/system root=$root scratch=$scratch out=$(realpath "$out") unshare --mount --propagation private bash -euc '
  mount -t overlay overlay -o "lowerdir=$root,upperdir=$scratch/upper,workdir=$scratch/work" "$system"
  mount -t proc proc "$system/proc"
  mount --rbind /dev "$system/dev"
  mkdir -p "$system/out" && mount --bind "$out" "$system/out"
  exec chroot "$system" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    sh -c "cd /root/mambasynth && exec \"\$@\"" sh "$@"' bash "$@"
