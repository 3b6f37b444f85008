#!/usr/bin/env bash
# Installs what MambaSynth needs: system packages (Debian 12, 13, Ubuntu 24.04; root or sudo), LibTorch and the headers of
# umappp (into the cache folder, without root). Prints nothing if nothing is missing.
#
#   jobs/install_deps.sh [--tests] [--cuda] [--no-install]
#
#   --tests        also what tests/run.sh needs: Catch2 version 3, Slurm, munge
#   --cuda         LibTorch with its CUDA libraries (needs a CUDA toolkit 12.8 or newer)
#   --no-install   change nothing: report what is missing and what to load or install; exit 2 if anything is missing
#
# Torch_DIR=FOLDER   use this LibTorch instead of downloading one
# MAMBASYNTH_HEADERS_DIR=FOLDER   use this folder with include/umappp and what it includes instead of downloading them
# MAMBASYNTH_CACHE   folder for LibTorch and the headers (default ~/.cache/mambasynth)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

kind=cpu tests=false install=true
for argument in "$@"; do
  case $argument in
    --tests) tests=true ;;
    --cuda) kind=cuda ;;
    --no-install) install=false ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) die 2 "unknown option $argument (see --help)." ;;
  esac
done

# Each package, and how to detect it if it was installed some other way (a module, a container).
packages='
build-essential     command make
g++                 command g++
cmake               command cmake
ninja-build         command ninja
pkg-config          command pkg-config
ca-certificates     always
git                 command git
unzip               command unzip
python3             command python3
python3-pip         pip
libopenmpi-dev      command mpicxx
openmpi-bin         command mpirun
libhdf5-dev         hdf5
libcli11-dev        header CLI/CLI.hpp
libtoml11-dev       toml11
nlohmann-json3-dev  header nlohmann/json.hpp
libfmt-dev          header fmt/format.h
libzip-dev          pkg libzip
libssl-dev          header openssl/evp.h
libeigen3-dev       pkg eigen3
libboost-dev        header boost/math/distributions/students_t.hpp
gnuplot-nox         command gnuplot
ccache              optional
mold                optional
'
test_packages='
catch2              catch2
python3-venv        venv
hdf5-tools          command h5dump
slurm-wlm           command slurmctld
slurm-client        command sbatch
munge               command munged
texlive-latex-recommended  optional
texlive-science     optional
chromium            optional
'
$tests && packages+=$test_packages

includes() { echo "#include <$1>" | "${CXX:-g++}" -std=c++20 -x c++ -E - >/dev/null 2>&1; }
macro_is() {  # HEADER MACRO VALUE
  printf '#include <%s>\n#if !defined(%s) || %s != %s\n#error\n#endif\n' "$1" "$2" "$2" "$3" |
    "${CXX:-g++}" -std=c++20 -x c++ -E - >/dev/null 2>&1
}
offered() {  # KIND NAME: whether it is available, however it was installed
  case $1 in
    command) command -v "$2" >/dev/null ;;
    header) includes "$2" ;;
    pkg) pkg-config --exists "$2" 2>/dev/null ;;
    pip) python3 -m pip --version >/dev/null 2>&1 ;;
    venv) python3 -c 'import venv, ensurepip' 2>/dev/null ;;
    hdf5) pkg-config --exists hdf5 2>/dev/null || command -v h5cc >/dev/null || [ -n "${HDF5_ROOT:-}${HDF5_DIR:-}" ] ;;
    catch2) includes catch2/catch_version_macros.hpp ;;
    toml11) [ -d "$toml11_cached" ] || macro_is toml.hpp TOML11_VERSION_MAJOR 3 || includes toml/parser.hpp ;;
    always | optional) true ;;
  esac
}

# toml11 version 4 has a different interface. If the distribution has it, Debian 12's package of version 3 (headers only) is
# unpacked here, where cmake/Dependencies.cmake finds it.
toml11_cached=$MAMBASYNTH_CACHE/toml11-3

installed_version() { dpkg-query -W -f='${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }
at_least() { dpkg --compare-versions "$1" ge "$2"; }
installed() {
  local version
  case $1 in
    libtoml11-dev) [ -d "$toml11_cached" ] && return 0 ;;
    chromium) grep -qx 'ID=ubuntu' /etc/os-release && return 0 ;;  # has it only as a snap; tests in a browser skip
  esac
  version=$(installed_version "$1")
  [ -n "$version" ] || return 1
  case $1 in
    catch2) at_least "$version" 3 ;;
    libtoml11-dev) ! at_least "$version" 4 ;;
  esac
}

as_root=
if [ "$(id -u)" != 0 ]; then
  as_root=no
  if $install && command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then as_root=sudo; fi
fi
can_install=false
$install && [ "$as_root" != no ] && command -v apt-get >/dev/null && can_install=true

missing=()
while read -r package probe name; do
  [ -n "$package" ] || continue
  if $can_install; then installed "$package" || missing+=("$package")
  else offered "$probe" "$name" || missing+=("$package"); fi
done <<<"$packages"

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}
apt_install() { apt install -y --no-install-recommends --no-remove "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }; }

# Runs an apt command that can also use SUITE of this machine's Debian archive, without changing the machine's sources.
with_suite() {  # SUITE COMMAND...
  local suite=$1 uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg here=$scratch/$1
  shift
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $VERSION_CODENAME" 'Component: main' | sed -n 1p)
  [ -n "$uri" ] || { note "no archive of $VERSION_CODENAME in this machine's sources"; return 1; }
  mkdir -p "$here/lists/partial" "$here/parts"
  cp -L /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$here/parts" 2>/dev/null || true
  [ -r $keyring ] && keyring="[signed-by=$keyring] " || keyring=
  echo "deb $keyring$uri $suite main" >"$here/parts/mambasynth-$suite.list"
  local view=(-o "Dir::Etc::SourceParts=$here/parts" -o "Dir::State::Lists=$here/lists")
  apt "${view[@]}" update && "$@" "${view[@]}"
}
install_catch2() { apt_install "$@" -t "$VERSION_CODENAME-backports" catch2; }
fetch_toml11() {
  (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root "$@" download libtoml11-dev/bookworm) || return 1
  mkdir -p "$MAMBASYNTH_CACHE"
  dpkg-deb -x "$scratch"/libtoml11-dev_*.deb "$scratch/toml11"
  mv -T "$scratch/toml11/usr" "$toml11_cached"
}

install_packages() {
  local plain=() package candidate
  . /etc/os-release
  step "Installing ${missing[*]}"
  while_waiting "reading package lists" '' apt update || note "apt-get update failed; continuing with the existing lists"
  for package in "${missing[@]}"; do
    candidate=$(apt-cache policy "$package" | awk '/Candidate:/ {print $2}')
    case $package in
      catch2) at_least "$candidate" 3 || { late+=(catch2); continue; } ;;
      libtoml11-dev) at_least "$candidate" 4 && { late+=(toml11); continue; } ;;
    esac
    plain+=("$package")
  done
  [ ${#plain[@]} = 0 ] || while_waiting "installing ${#plain[@]} packages" '' apt_install "${plain[@]}" || die 1 "apt-get could not install ${plain[*]} (the end of its output is above). Install them manually and run this again."
  for package in "${late[@]}"; do
    case $package in
      catch2) with_suite "$VERSION_CODENAME-backports" install_catch2 || die 1 "Catch2 version 3 could not be installed from $VERSION_CODENAME-backports. Install it manually, or build without tests." ;;
      toml11) with_suite bookworm fetch_toml11 || die 1 "toml11 version 3 could not be downloaded from Debian 12's archive. Install its headers manually." ;;
    esac
  done
}

# ---- system packages
late=()
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
temporary=$scratch/temporary  # where pip puts files until they are complete
mkdir "$temporary"
chmod 755 "$scratch"  # apt downloads as another user
log=$scratch/log
problems=()
if [ ${#missing[@]} != 0 ]; then
  if $can_install; then install_packages
  else
    if ! $install; then why="--no-install was given"
    elif ! command -v apt-get >/dev/null; then why="this is not Debian or Ubuntu"
    else why="installing needs root or sudo"; fi
    problems+=("system packages are missing ($why). Load modules that provide them, or have them installed: apt-get install ${missing[*]}")
  fi
fi

# ---- LibTorch
requirements=$checkout/jobs/requirements-libtorch
torch_version=$(sed -n 's/^torch==\([^ ]*\).*/\1/p' "$requirements.txt")
torch_folder=$MAMBASYNTH_CACHE/torch-$torch_version-$kind
downloads=$MAMBASYNTH_CACHE/downloads

download_libtorch() {
  # Only the C++ part is used, so a wheel for one version of CPython works with any Python.
  TMPDIR=$temporary python3 -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes --dest "$downloads" \
    --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 \
    --platform manylinux2014_x86_64 \
    -r "$requirements.txt" -r "$requirements-$kind.txt"
}
unpack_libtorch() {  # FOLDER
  local parts=('torch/include/*' "torch-$torch_version*.dist-info/*")
  if [ $kind = cpu ]; then parts+=('torch/lib/libtorch_cpu.so' 'torch/lib/libc10.so' 'torch/lib/libgomp*')
  else parts+=('torch/lib/*.so*'); fi
  unzip -q "$downloads/torch-$torch_version"-cp311-*.whl "${parts[@]}" -d "$1"
  local name
  # shellcheck disable=SC2013
  for name in $(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' "$requirements-cpu.txt" "$requirements-$kind.txt" | sort -u); do
    unzip -qn "$downloads/${name//-/_}"-*.whl -x '*/include/*' -d "$1"
  done
}
install_libtorch() {
  step "Downloading LibTorch $torch_version ($kind) into $MAMBASYNTH_CACHE"
  [ "$(uname -m)" = x86_64 ] || die 2 "no pinned LibTorch for $(uname -m) (x86_64 only). Set Torch_DIR=FOLDER to your own."
  mkdir -p "$downloads" || die 1 "cannot write $MAMBASYNTH_CACHE. Set MAMBASYNTH_CACHE to a writable folder."
  while_waiting downloading "$temporary" download_libtorch || die 1 "LibTorch could not be downloaded (pip's output is above). Set Torch_DIR=FOLDER to your own."
  local unpacked
  unpacked=$(mktemp -d "$torch_folder.XXXXXX")
  if ! while_waiting unpacking "$unpacked" unpack_libtorch "$unpacked"; then
    rm -rf "$unpacked"
    die 1 "LibTorch could not be unpacked into $MAMBASYNTH_CACHE (is the disk full?). It takes 1.1 GB with its download."
  fi
  chmod 755 "$unpacked"
  # A concurrent installer may have finished first; the result is the same.
  mv -T "$unpacked" "$torch_folder" 2>/dev/null || rm -rf "$unpacked"
}

# ---- headers
headers=$checkout/jobs/requirements-headers
headers_version=$(sed -n 's/^assorthead==\([^ ]*\).*/\1/p' "$headers.txt")
headers_folder=$MAMBASYNTH_CACHE/assorthead-$headers_version

download_headers() {
  local pip=(env TMPDIR="$temporary" python3 -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes --dest "$downloads")
  # A source package: pip runs its setup to get its metadata, with our own pinned build tools.
  "${pip[@]}" --only-binary=:all: -r "$headers-tools.txt" || return 1
  mkdir -p "$scratch/tools"
  local name
  for name in $(sed -n 's/^\([a-z_-]*\)==\([^ ]*\).*/\1-\2/p' "$headers-tools.txt"); do
    unzip -q "$downloads/$name"-*.whl -d "$scratch/tools"
  done
  PYTHONPATH=$scratch/tools "${pip[@]}" --no-binary=:all: --no-build-isolation -r "$headers.txt"
}
unpack_headers() {  # FOLDER
  local root=assorthead-$headers_version/src/assorthead names=() library
  for library in umappp knncolle irlba aarand subpar sanisizer Eigen; do
    names+=("$root/include/$library" "$root/licenses/$library")
  done
  tar -xzf "$downloads/assorthead-$headers_version.tar.gz" -C "$1" --strip-components=3 --no-same-owner "${names[@]}"
}
install_headers() {
  step "Downloading headers (assorthead $headers_version) into $MAMBASYNTH_CACHE"
  mkdir -p "$downloads" || die 1 "cannot write $MAMBASYNTH_CACHE. Set MAMBASYNTH_CACHE to a writable folder."
  while_waiting downloading "$temporary" download_headers || die 1 "the headers could not be downloaded (pip's output is above). Set MAMBASYNTH_HEADERS_DIR=FOLDER to your own."
  local unpacked
  unpacked=$(mktemp -d "$headers_folder.XXXXXX")
  if ! unpack_headers "$unpacked"; then
    rm -rf "$unpacked"
    die 1 "the headers could not be unpacked into $MAMBASYNTH_CACHE (is the disk full?). They take 12 MB."
  fi
  chmod 755 "$unpacked"
  mv -T "$unpacked" "$headers_folder" 2>/dev/null || rm -rf "$unpacked"
}

if [ $kind = cuda ]; then
  command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ] ||
    problems+=("no CUDA toolkit was found (nvcc is not on PATH). Install or load CUDA 12.8 or newer, or build the preset cpu")
fi
if [ -z "${Torch_DIR:-}" ] && [ ! -d "$torch_folder" ]; then
  if ! $install; then
    problems+=("LibTorch is not in $MAMBASYNTH_CACHE (--no-install was given). Set Torch_DIR to a LibTorch $torch_version folder, or run jobs/install_deps.sh")
  elif [ ${#problems[@]} = 0 ]; then install_libtorch; fi
fi

if [ -z "${MAMBASYNTH_HEADERS_DIR:-}" ] && [ ! -d "$headers_folder" ]; then
  if ! $install; then
    problems+=("the headers of umappp are not in $MAMBASYNTH_CACHE (--no-install was given). Set MAMBASYNTH_HEADERS_DIR to a folder with include/umappp and what it includes, or run jobs/install_deps.sh")
  elif [ ${#problems[@]} = 0 ]; then install_headers; fi
fi

if [ ${#problems[@]} != 0 ]; then
  for line in "${problems[@]}"; do printf '%s: %s.\n' "$(basename "$0")" "$line" >&2; done
  $install && note "If these are provided in another way, use --no-install."
  exit 2
fi
