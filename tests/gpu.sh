#!/usr/bin/env bash
# Runs the tests that need a GPU, and CUDA's checkers on the kernels. Builds nothing: the preset ci-cuda must be built first
# (tests/run.sh does so if it finds a CUDA toolkit), here or on a machine with the same system.
#
#   tests/gpu.sh [--build DIR] [--no-checkers]
#
#   --build DIR     the build folder of the test programs (default: build/ci-cuda)
#   --no-checkers   skip compute-sanitizer (it takes minutes)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"

folder=$checkout/build/ci-cuda checkers=true
while [ $# -gt 0 ]; do
  case $1 in
    --build) folder=${2:?--build needs a folder} && shift ;;
    --no-checkers) checkers=false ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) die 2 "unknown option $1 (see --help)." ;;
  esac
  shift
done
programs=("$folder"/tests/kernels_cuda_test "$folder"/tests/kernels_cuda_golden_test "$folder"/tests/generate_gpu_test
  "$folder"/tests/gpu_test)
for program in "${programs[@]}"; do
  [ -x "$program" ] || die 2 "$program is missing (it is not built). Run tests/run.sh first, or give --build DIR."
done
has_gpu || die 2 "no GPU was found (nvidia-smi shows none). Run this on a machine with one."

failed=0
for program in "${programs[@]}"; do
  step "$(basename "$program")"
  "$program" || failed=1
done
"$checkout/tests/gpu_ranks.sh" --build "$folder" || failed=1
if $checkers; then
  command -v compute-sanitizer >/dev/null || die 2 "compute-sanitizer was not found (it comes with the CUDA toolkit). Put it on PATH, or give --no-checkers."
  # The tests cover shapes beyond every chunk and off every boundary; the golden arrays would only take longer.
  for tool in memcheck racecheck; do
    step "compute-sanitizer $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 1 --print-limit 20 "${programs[0]}" || failed=1
  done
  for tool in memcheck racecheck; do
    step "compute-sanitizer $tool, neighbors"
    for case in "the GPU can return all other points as neighbors" "points within the temporal window are not neighbors on the GPU"; do
      compute-sanitizer --tool "$tool" --error-exitcode 1 --print-limit 20 "${programs[3]}" "$case" || failed=1
    done
  done
  # memcheck only: racecheck's report would be full of cuBLAS's kernels.
  step "compute-sanitizer memcheck, training steps"
  for case in "Frozen gates stay bit for bit unchanged on the GPU" "An objective's steps are bit-identical in every run*"; do
    compute-sanitizer --tool memcheck --error-exitcode 1 --print-limit 20 "${programs[3]}" "$case" || failed=1
  done
fi
exit $failed
