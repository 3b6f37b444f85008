#!/usr/bin/env bash
# Fuzzes the readers of files that others may have written, with libFuzzer under AddressSanitizer and UBSan.
#
#   tests/fuzz.sh [--minutes N] [READER...]
#
#   --minutes N   of CPU time for each reader; as many run at a time as there are cores (default: 10)
#   READER        a name from tests/fuzz/targets.cpp (default: all)
#
# A reader that crashes, hangs for 10 s, takes more than 2 GB or throws anything but an error of ours is a finding: its input
# stays in build/fuzz/findings. Correct the reader and keep the input in tests/fuzz/found/READER, where every test run reads it.
# The corpora in build/fuzz/corpus grow from run to run. Exit code: 0 no finding, 1 findings, 77 no suitable clang++.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"

minutes=10 readers=()
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=${2:?"--minutes takes a number"}; shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    -*) die 2 "unknown option $1 (see --help)." ;;
    *) readers+=("$1") ;;
  esac
  shift
done
[[ $minutes =~ ^[0-9]+$ ]] || die 2 "--minutes $minutes is not a whole number (see --help)."

# Whether it has libFuzzer, OpenMP and C++20's initialization of aggregates in parentheses (version 16).
can_fuzz() {
  "$1" -std=c++20 -fsanitize=fuzzer,address -fopenmp -x c++ - -o "$memory/probe" >/dev/null 2>&1 <<'END'
#include <omp.h>
struct Pair { int a, b; };
Pair const pair(1, omp_get_max_threads());
extern "C" int LLVMFuzzerTestOneInput(unsigned char const*, unsigned long) { return pair.b < 0; }
END
}
# Readers open their input by name, thousands of times a second.
memory=$(mktemp -d -p /dev/shm mambasynth-fuzz-XXXXXX 2>/dev/null || mktemp -d)
trap 'rm -rf "$memory"' EXIT
compiler=
for candidate in "${CXX:-clang++}" clang++ clang++-{21..16}; do
  if command -v "$candidate" >/dev/null && can_fuzz "$candidate"; then compiler=$candidate; break; fi
done
if [ -z "$compiler" ]; then
  note "No clang++ 16 or newer with libFuzzer and OpenMP was found (Debian: clang-16 libclang-rt-16-dev libomp-16-dev)."
  exit 77
fi

step "Building preset fuzz with $compiler"
CXX=$compiler build fuzz fuzzers
folder=$checkout/build/fuzz
[ ${#readers[@]} != 0 ] || mapfile -t readers < <("$folder/tests/write_seeds" "$memory/seeds")
[ -d "$memory/seeds" ] || "$folder/tests/write_seeds" "$memory/seeds" >/dev/null
mkdir -p "$folder/findings"
export TMPDIR=$memory UBSAN_OPTIONS=print_stacktrace=1
export LSAN_OPTIONS=suppressions=$checkout/tests/fuzz/leaks.supp:print_suppressions=0
# HDF5 asks for absurd sizes in damaged files and copes without; what is touched counts.
export ASAN_OPTIONS=allocator_may_return_null=1
for candidate in "${compiler/clang++/llvm-symbolizer}" llvm-symbolizer llvm-symbolizer-{21..14}; do
  if ASAN_SYMBOLIZER_PATH=$(command -v "$candidate"); then export ASAN_SYMBOLIZER_PATH; break; fi
done

# run READER LOG: until its time is over or it finds something.
run() {
  local found=$checkout/tests/fuzz/found/$1 sources=("$folder/corpus/$1" "$memory/seeds/$1")
  mkdir -p "${sources[0]}"
  [ ! -d "$found" ] || sources+=("$found")
  # The fuzzer ends itself at its limit of CPU time (fuzzer.cpp); that of elapsed time is for one that waits.
  (ulimit -S -t $((minutes * 60)); exec "$folder/tests/fuzz_$1" -max_total_time=$((minutes * 600)) -timeout=10 \
    -rss_limit_mb=2048 -malloc_limit_mb=1000000 -print_final_stats=1 -artifact_prefix="$folder/findings/$1-" \
    "${sources[@]}") >"$2" 2>&1
}
not_a_culprit='compiler-rt|__asan|__interceptor|__sanitizer|operator new|fuzzer::|LLVMFuzzer|/libc\.so'
# Whether the first function of the finding that is not the sanitizers' is HDF5's. HDF5 has defects of its own with damaged
# files (SECURITY.md), and meets one every few seconds.
is_hdf5s() {
  [[ $(grep -a -E '^ *#[0-9]+ 0x' "$1" | grep -a -v -m 1 -E "$not_a_culprit") == *libhdf5* ]]
}
# fuzz READER: prints what libFuzzer counted, or where it found something.
fuzz() {
  local reader=$1 log=$folder/findings/$1.log end=$((SECONDS + minutes * 60)) all=0 count inside=0 status input
  while :; do
    status=0
    run "$reader" "$log" || status=$?
    count=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    all=$((all + ${count:-0}))
    if [ $status = 0 ]; then break; fi
    input=$(sed -n 's/.*Test unit written to //p' "$log")
    if [ $status = 70 ] && (ulimit -t 10; exec "$folder/tests/fuzz_$reader" "$input") >/dev/null 2>&1; then
      note "$reader: it waited for more than 10 s because this machine is busy"
    elif is_hdf5s "$log"; then inside=$((inside + 1))
    else
      note "$reader: a finding (full output in $log)"
      grep -a -m 1 -A 30 -E 'ERROR|runtime error|terminate called' "$log" >&2 || tail -n 30 "$log" >&2
      touch "$memory/finding"
      return
    fi
    rm -f "$input"
    [ $SECONDS -lt $end ] || break
  done
  count=$(grep -a -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
  note "$reader: $all inputs, $count, nothing found, $inside crashes inside HDF5"
}
step "Fuzzing ${#readers[@]} readers, $minutes min of CPU time each"
for reader in "${readers[@]}"; do
  [ -x "$folder/tests/fuzz_$reader" ] || die 2 "there is no reader $reader (see tests/fuzz/targets.cpp)."
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
  fuzz "$reader" &
done
wait
[ ! -e "$memory/finding" ] || exit 1
