#!/usr/bin/env bash
# Builds the Apptainer image of the checked-out commit and runs its unit tests. An existing image of the same commit is kept.
#
#   containers/build.sh [--cuda] [--base SOURCE] [--mirror URL] [--force] [IMAGE.sif] [-- OPTIONS OF apptainer build]
#   IMAGE.sif       the image to write (default: build/mambasynth.sif in the checkout, with --cuda build/mambasynth-cuda.sif)
#   --cuda          for machines with an NVIDIA GPU; building it needs neither a GPU nor a CUDA toolkit
#   --base SOURCE   the system to start from: docker://NAME from a registry, or an image file, of Debian 12, 13 or Ubuntu 24.04
#                   (default: Debian 12 from --mirror)
#   --mirror URL    the Debian archive to install from (default: https://deb.debian.org/debian)
#   --force         build even if IMAGE.sif already contains this commit
#   -- OPTIONS      e.g. --notest, --fakeroot, --bind FOLDER:/mnt (ccache keeps compiled files there)
# APPTAINER=COMMAND   instead of apptainer or singularity on PATH
# The machine's proxies, pip index and the certificates of SSL_CERT_FILE are used while building but not stored in the image.
# Needs root or permission to use Apptainer's --fakeroot, and 6 GB in TMPDIR (--cuda: 25 GB).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"

preset=cpu image='' base='' mirror='' force=false options=()
while [ $# -gt 0 ]; do
  case $1 in
    --cuda) preset=cuda ;;
    --base) base=${2:?--base needs a source} && shift ;;
    --mirror) mirror=${2:?--mirror needs a URL} && shift ;;
    --force) force=true ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --) shift; options=("$@"); break ;;
    -*) die 2 "unknown option $1 (see --help)." ;;
    *) image=$1 ;;
  esac
  shift
done

suffix=
[ $preset = cpu ] || suffix=-$preset
: "${image:=$checkout/build/mambasynth$suffix.sif}"

apptainer=${APPTAINER:-$(command -v apptainer || command -v singularity || true)}
[ -n "$apptainer" ] ||
  die 2 "neither apptainer nor singularity was found (one of them builds the image). Install Apptainer, or name its command: APPTAINER=COMMAND containers/build.sh."
command -v "$apptainer" >/dev/null ||
  die 2 "APPTAINER=$apptainer is not a command. Name one that accepts Apptainer's arguments."
case $base in
  '' | docker://?* | oras://?* | library://?*) ;;
  *://*) die 2 "--base $base is not a source that Apptainer can start from. Give docker://NAME, or an image file." ;;
  *) [ -r "$base" ] || die 2 "--base $base cannot be read. Give an image file, or docker://NAME."; base=$(realpath "$base") ;;
esac
folder=$(dirname "$image")
[ "$folder" != "$checkout/build" ] || mkdir -p "$folder"
[ -d "$folder" ] && [ -w "$folder" ] ||
  die 1 "cannot write $folder (it does not exist, or is not writable). Create it, or name another IMAGE.sif."
image=$(cd "$folder" && pwd)/$(basename "$image")
[ ! -d "$image" ] || die 2 "$image is a folder. Name a file: IMAGE.sif."

commit=$(git -C "$checkout" rev-parse --verify HEAD 2>/dev/null) ||
  die 2 "$checkout is not a git repository (the image contains a commit). Clone the repository."
[ -z "$(git -C "$checkout" status --porcelain)" ] ||
  note "the image contains commit ${commit:0:12}, without uncommitted changes"
version=$(sed -n 's/^project(mambasynth VERSION \([^ ]*\).*/\1/p' "$checkout/CMakeLists.txt")

if [ -f "$image" ] && ! $force && output_matches "$commit" "$apptainer" inspect --labels "$image"; then
  note "$image already contains commit ${commit:0:12}; --force rebuilds it"
  exit 0
fi

context=$(mktemp -d "${TMPDIR:-/tmp}/mambasynth-image.XXXXXX")
unfinished=$image.$$.unfinished
trap 'rm -rf "$context" "$unfinished"' EXIT
trap 'exit 130' INT TERM

# Not the working tree, which would include build output and uncommitted files.
git clone --quiet --depth 1 "file://$checkout" "$context/source"

# This machine's network settings for package archives and PyPI, as bash for the definition's %post.
mkdir "$context/site"
network=$context/site/network.sh
: >"$network"
give() { [ -z "$2" ] || printf 'export %s=%q\n' "$1" "$2" >>"$network"; }
for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PIP_EXTRA_INDEX_URL PIP_TRUSTED_HOST; do
  give $name "${!name:-}"
done
give PIP_INDEX_URL "${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2>/dev/null || true)}"
if [ -n "${SSL_CERT_FILE:-}" ]; then
  [ -r "$SSL_CERT_FILE" ] || die 2 "cannot read SSL_CERT_FILE=$SSL_CERT_FILE. Correct or unset it."
  cp -L "$SSL_CERT_FILE" "$context/site/certificates.crt"
  echo 'Acquire::https::CAInfo "/site/certificates.crt";' >"$context/site/apt.conf"
  give PIP_CERT /site/certificates.crt
  give APT_CONFIG /site/apt.conf
fi
# Both images, and all commits, share ccache's entries.
echo '! mountpoint -q /mnt || export CCACHE_DIR=/mnt CCACHE_BASEDIR=/opt/mambasynth CCACHE_NOHASHDIR=1' >>"$network"

step "Building $image (commit ${commit:0:12})"
dependencies=--unit-tests
[ $preset = cpu ] || dependencies+=" --cuda"
arguments=(--build-arg "CONTEXT=$context" --build-arg "COMMIT=$commit" --build-arg "VERSION=$version"
  --build-arg "PRESET=$preset" --build-arg "DEPENDENCIES=$dependencies")
case $base in
  '') ;;
  *://*) arguments+=(--build-arg "BOOTSTRAP=${base%%://*}" --build-arg "BASE=${base#*://}") ;;
  *) arguments+=(--build-arg BOOTSTRAP=localimage --build-arg "BASE=$base") ;;
esac
[ -z "$mirror" ] || arguments+=(--build-arg "MIRROR=$mirror")
"$apptainer" build "${arguments[@]}" "${options[@]}" "$unfinished" "$context/source/containers/mambasynth.def" >&2 ||
  die 1 "the image could not be built (the reason is above). Correct it and run this again."
mv "$unfinished" "$image"
note "$(du -h "$image" | cut -f 1) $(sha256sum "$image")"
echo "$image"
