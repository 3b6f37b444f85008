# shellcheck shell=bash
# Sourced by the scripts of this folder and of tests/: where the checkout and its cache are, and how scripts speak.
unset CDPATH GREP_OPTIONS  # with the first, cd prints where it went
export LC_ALL=C         # what other programs say is read below, and not in every language
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${MAMBASYNTH_CACHE:=${XDG_CACHE_HOME:-${HOME:?is not set. Set HOME or MAMBASYNTH_CACHE}/.cache}/mambasynth}"
export MAMBASYNTH_CACHE

step() { printf '== %s\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
# says PATTERN COMMAND...: whether the command succeeds and what it prints matches the extended regular expression. All of it
# is read first: `| grep -q` leaves at the first match, a slow writer then dies of the closed pipe, and under pipefail that
# looks as if nothing had matched.
says() {
  local pattern=$1 text
  shift
  text=$("$@" 2>&1) && [[ $text =~ $pattern ]]
}
die() { local code=$1; shift; printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit "$code"; }

# Open MPI refuses root without both, and a laptop has fewer cores than ranks now and then.
allow_mpi_here() {
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
}

# Whether a CUDA toolkit is here that can build the GPU kernels (12.8 or newer); CMake is told which.
find_cuda_toolkit() {
  local nvcc version
  nvcc=$(command -v nvcc || echo "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc")
  version=$("$nvcc" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\)\.\([0-9]*\).*/\1 \2/p') || return 1
  [ -n "$version" ] && [ $((${version% *} * 100 + ${version#* })) -ge 1208 ] && export CUDACXX="${CUDACXX:-$nvcc}"
}
has_gpu() { says $'(^|\n)GPU' nvidia-smi -L; }

# build PRESET TARGET...: configures and builds, showing how far it is; the whole output is in build/PRESET/build.log.
build() {
  local preset=$1 log=$checkout/build/$1/build.log work
  shift
  mkdir -p "$(dirname "$log")"
  if (cd "$checkout" && cmake --preset "$preset") >"$log" 2>&1; then
    work=$(run_ninja "$preset" "$@" -- -n 2>/dev/null | sum_of_work) || work=0
    run_ninja "$preset" "$@" 2>&1 | tee -a "$log" | show_build_progress "$work" && return 0
  fi
  grep -E -A 12 'error|Error|FAILED' "$log" | sed -n 1,60p >&2 || tail -n 40 "$log" >&2
  die 1 "the build of preset $preset failed (errors above, everything in $log). Correct it and call this again."
}
# A compiler cache serves every checkout of the same files, wherever it lies.
run_ninja() { (cd "$checkout" && CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1 NINJA_STATUS='[%f/%t] ' cmake --build --preset "$1" --parallel "$(build_jobs)" --target "${@:2}"); }

# What a step of Ninja's takes, in units of a kernel's file: those with LibTorch's or CLI11's headers take ten times as
# long (measured), links hardly anything.
work_of() {
  case $1 in
    *"Building CXX object kernels/"*) work=1 ;;
    *Building*) work=10 ;;
    *) work=0 ;;
  esac
}
sum_of_work() {
  local line work sum=0
  while IFS= read -r line; do work_of "$line" && sum=$((sum + work)); done
  echo "$sum"
}

# Reads Ninja's lines "[12/345] ..." of a build with so much work: a bar with the time left on a terminal, a line every
# half minute elsewhere.
show_build_progress() {
  local all=$1 line began=$SECONDS told=$SECONDS finished total work behind=0 text bar terminal=false
  [ ! -t 2 ] || terminal=true
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    work_of "$line" && behind=$((behind + work < all ? behind + work : all))
    $terminal || [ $((SECONDS - told)) -ge 30 ] || continue
    told=$SECONDS text="$finished of $total steps"
    [ "$behind" -eq 0 ] || text+=", about $(duration $(((SECONDS - began) * (all - behind) / behind))) left"
    if $terminal; then
      bar=$(printf '%*s' $((24 * behind / (all > 0 ? all : 1))) '' | tr ' ' '#')
      printf '\r[%s] %s\033[K' "$bar$(printf '%*s' $((24 - ${#bar})) '' | tr ' ' '.')" "$text" >&2
    else note "$text"; fi
  done
  ! $terminal || printf '\r\033[K' >&2
}

# Seconds in words: "48 s", "3 min 05 s".
duration() { if [ "$1" -lt 60 ]; then echo "$1 s"; else printf '%d min %02d s\n' $(($1 / 60)) $(($1 % 60)); fi; }

# A file with LibTorch's headers takes 1.5 GB to compile.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}
