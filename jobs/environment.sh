# shellcheck shell=bash
# Sourced by the scripts of this folder and of tests/: where the checkout and its cache are, and how scripts speak.
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${MAMBASYNTH_CACHE:=${XDG_CACHE_HOME:-${HOME:?is not set. Set HOME or MAMBASYNTH_CACHE}/.cache}/mambasynth}"
export MAMBASYNTH_CACHE

step() { printf '== %s\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
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
has_gpu() { nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

# build PRESET TARGET...: configures and builds, showing how far it is; the whole output is in build/PRESET/build.log.
build() {
  local preset=$1 log=$checkout/build/$1/build.log
  shift
  mkdir -p "$(dirname "$log")"
  (cd "$checkout" && cmake --preset "$preset" &&
    NINJA_STATUS='[%f/%t] ' cmake --build --preset "$preset" --parallel "$(build_jobs)" --target "$@") 2>&1 |
    tee "$log" | show_build_progress && return 0
  grep -E -A 12 'error|Error|FAILED' "$log" | head -n 60 >&2 || tail -n 40 "$log" >&2
  die 1 "the build of preset $preset failed (errors above, everything in $log). Correct it and call this again."
}

# Reads Ninja's lines "[12/345] ...": a bar with the time left on a terminal, a line every half minute elsewhere.
show_build_progress() {
  local line began=$SECONDS told=$SECONDS finished total text bar terminal=false
  [ ! -t 2 ] || terminal=true
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    $terminal || [ $((SECONDS - told)) -ge 30 ] || continue
    told=$SECONDS text="$finished of $total steps"
    [ "$finished" -eq 0 ] || text+=", about $(duration $(((SECONDS - began) * (total - finished) / finished))) left"
    if $terminal; then
      bar=$(printf '%*s' $((24 * finished / total)) '' | tr ' ' '#')
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
