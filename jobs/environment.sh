# shellcheck shell=bash
# Sourced by the scripts of this folder and of tests/: locations of the checkout and its cache, and common functions.
unset CDPATH GREP_OPTIONS  # with CDPATH set, cd prints the new folder
export LC_ALL=C         # the output of other programs is parsed below
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${MAMBASYNTH_CACHE:=${XDG_CACHE_HOME:-${HOME:?is not set. Set HOME or MAMBASYNTH_CACHE}/.cache}/mambasynth}"
[[ $MAMBASYNTH_CACHE = /* ]] || MAMBASYNTH_CACHE=$PWD/$MAMBASYNTH_CACHE
export MAMBASYNTH_CACHE

# Lines "NAME VERSION" of what a file in this folder pins; none where the file was not installed with the scripts.
pinned_versions() {  # FILE
  local line
  [ -r "$checkout/jobs/$1" ] || return 0
  while IFS= read -r line; do
    [[ ! $line =~ ^([A-Za-z0-9_-]+)==([^ ]+) ]] || echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
  done <"$checkout/jobs/$1"
}
# Programs that install_deps.sh takes from PyPI where it cannot use apt-get. Those of the machine and of modules come first.
add_tools_to_path() {
  local name version folder
  while read -r name version; do
    folder=$MAMBASYNTH_CACHE/tools/$name-$version/bin
    [ ! -d "$folder" ] || [[ :$PATH: = *":$folder:"* ]] || export PATH=$PATH:$folder
  done < <(pinned_versions requirements-tools.txt)
}
add_tools_to_path

step() { printf '== %s\n' "$*" >&2; }
note() { printf '   %s\n' "$*" >&2; }
# output_matches PATTERN COMMAND...: whether the command succeeds and its output matches the extended regular expression. The
# output is read completely first: `| grep -q` exits at the first match, a slow writer is then killed by SIGPIPE, which under
# pipefail looks like no match.
output_matches() {
  local pattern=$1 text
  shift
  text=$("$@" 2>&1) && [[ $text =~ $pattern ]]
}
die() { local code=$1; shift; printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit "$code"; }

# Without the first two, Open MPI refuses to run as root; a laptop may have fewer cores than ranks.
set_mpi_defaults() {
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
  export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none  # Open MPI 5
}

# Whether there is a CUDA toolkit that can build the GPU kernels (12.8 or newer), last in the cache folder, where
# install_deps.sh --cuda puts one if the machine has none; sets CUDACXX for CMake.
find_cuda_toolkit() {
  local nvcc
  for nvcc in "${CUDACXX:-}" "$(command -v nvcc)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" "$cuda_cached/bin/nvcc"; do
    if [ -n "$nvcc" ] && can_build_kernels "$nvcc"; then
      export CUDACXX=$nvcc
      return 0
    fi
  done
  return 1
}
cuda_cached=$MAMBASYNTH_CACHE/cuda-none
while read -r pinned version; do
  [ "$pinned" != nvidia-cuda-nvcc ] || cuda_cached=$MAMBASYNTH_CACHE/cuda-$version
done < <(pinned_versions requirements-cuda.txt)
can_build_kernels() {  # NVCC
  local version
  version=$("$1" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\)\.\([0-9]*\).*/\1 \2/p') || return 1
  [ -n "$version" ] && [ $((${version% *} * 100 + ${version#* })) -ge 1208 ]
}
# Whether install_deps.sh --cuda can provide a toolkit for this machine's GPU: its driver must run CUDA 13 (R580 or newer).
can_fetch_cuda_toolkit() {
  local driver
  [ "$(uname -m)" = x86_64 ] && driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null) &&
    [[ $driver =~ ^([0-9]+)\. ]] && [ "${BASH_REMATCH[1]}" -ge 580 ]
}
has_gpu() { output_matches $'(^|\n)GPU' nvidia-smi -L; }

# at_exit COMMAND: when the script ends. Not in a subshell that ends: while_waiting kills one that may not yet have reset the
# traps it got from the script, and then ran them.
at_exit() { at_exit_command=$1; trap '[ "$BASHPID" != "$$" ] || eval "$at_exit_command"' EXIT; }

# while_waiting WHAT FOLDER COMMAND...: runs the command, which prints nothing for minutes, and shows how long it has taken so
# far and, if FOLDER is not empty, how much it has put there: on a terminal in one line that is erased at the end, elsewhere in
# a line every half minute.
while_waiting() {
  local what=$1 folder=$2 ticker status=0
  shift 2
  show_waiting "$what" "$folder" &
  ticker=$!
  "$@" || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [ ! -t 2 ] || printf '\r\033[K' >&2
  return $status
}
show_waiting() {
  local what=$1 folder=$2 began=$SECONDS printed=$SECONDS terminal=false text
  [ ! -t 2 ] || terminal=true
  while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do  # as long as the script runs
    $terminal || [ $((SECONDS - printed)) -ge 30 ] || continue
    printed=$SECONDS text="$what, $(duration $((SECONDS - began)))"
    [ -z "$folder" ] || text+=", $(du -sm "$folder" 2>/dev/null | cut -f 1) MB"
    if $terminal; then printf '\r   %s\033[K' "$text" >&2; else note "$text"; fi
  done
}

# build PRESET TARGET...: configures and builds, showing progress; the full output is in build/PRESET/build.log.
build() {
  local preset=$1 log=$checkout/build/$1/build.log work
  shift
  mkdir -p "$(dirname "$log")"
  if while_waiting configuring '' configure "$preset" >"$log"; then
    work=$(run_ninja "$preset" "$@" -- -n 2>/dev/null | sum_of_work) || work=0
    run_ninja "$preset" "$@" 2>&1 | tee -a "$log" | show_build_progress "$work" && return 0
  fi
  grep -E -A 12 'error|Error|FAILED' "$log" | sed -n 1,60p >&2 || tail -n 40 "$log" >&2
  die 1 "the build of preset $preset failed (errors above, full output in $log). Correct it and run this again."
}
configure() { (cd "$checkout" && cmake --preset "$1") 2>&1; }
# With these variables, all checkouts of the same files share ccache's entries.
run_ninja() { (cd "$checkout" && CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1 NINJA_STATUS='[%f/%t] ' cmake --build --preset "$1" --parallel "$(build_jobs)" --target "${@:2}"); }

# The relative time of a Ninja step: files with LibTorch's or CLI11's headers take ten times as long as a kernel's file
# (measured); linking takes almost no time.
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

# Reads Ninja's lines "[12/345] ..." of a build with this total work. Shows a bar with the time left on a terminal, or prints
# a line every half minute.
show_build_progress() {
  local all=$1 line began=$SECONDS printed=$SECONDS finished total work completed=0 text bar terminal=false
  [ ! -t 2 ] || terminal=true
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    finished=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    work_of "$line" && completed=$((completed + work < all ? completed + work : all))
    $terminal || [ $((SECONDS - printed)) -ge 30 ] || continue
    printed=$SECONDS text="$finished of $total steps"
    [ "$completed" -eq 0 ] || text+=", about $(duration $(((SECONDS - began) * (all - completed) / completed))) left"
    if $terminal; then
      bar=$(printf '%*s' $((24 * completed / (all > 0 ? all : 1))) '' | tr ' ' '#')
      printf '\r[%s] %s\033[K' "$bar$(printf '%*s' $((24 - ${#bar})) '' | tr ' ' '.')" "$text" >&2
    else note "$text"; fi
  done
  ! $terminal || printf '\r\033[K' >&2
}

# Formats seconds: "48 s", "3 min 05 s".
duration() { if [ "$1" -lt 60 ]; then echo "$1 s"; else printf '%d min %02d s\n' $(($1 / 60)) $(($1 % 60)); fi; }

# Compiling a file with LibTorch's headers takes 1.5 GB.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ {print int($2 / 1500000)}' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}
