#!/usr/bin/env bash
# Tests trials of two ranks on two GPUs: the same curve as one rank; bit-identical when repeated, or stopped and continued;
# an error if the other rank dies or hangs; trials of several sizes in one sweep. Called by tests/gpu.sh.
#
#   tests/gpu_ranks.sh [--build DIR]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"

folder=$checkout/build/ci-cuda
if [ "${1:-}" = --build ]; then folder=${2:?--build needs a folder}; fi
program=$folder/bin/mambasynth
[ -x "$program" ] || die 2 "$program is missing (it is not built). Run tests/run.sh first, or give --build DIR."
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU' || true)
if [ "$gpus" -lt 2 ]; then
  step "skipped: trials of several ranks on GPUs ($gpus GPU here, two are needed)"
  exit 0
fi

set_mpi_defaults
work=$(mktemp -d)
trap 'pkill -KILL -f "$work" || true; rm -rf "$work"' EXIT
failed=0
check() { if [ "$1" = 0 ]; then note "ok      $2"; else note "FAILED  $2"; failed=1; fi; }
train() { local ranks=$1; shift; mpirun -n "$ranks" "$program" train --stride 64 "$@"; }
rows() { if [ -f "$1/log.csv" ]; then wc -l <"$1/log.csv"; else echo 0; fi; }
same() { cmp -s "$1/checkpoint.pt" "$2/checkpoint.pt" && echo 0 || echo 1; }

step "Two ranks on two GPUs"
# same_curve NAME [FLAG...]: trains with one rank and with two and compares the losses.
same_curve() {
  local name=$1 ranks difference; shift
  for ranks in 1 2; do train "$ranks" --epochs 6 "$@" --out "$work/$name$ranks" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; done
  difference=$(paste -d, <(cut -d, -f2,4 "$work/${name}1/log.csv") <(cut -d, -f2,4 "$work/${name}2/log.csv") |
    awk -F, 'NR > 1 {for (i = 1; i <= 2; ++i) {d = ($i - $(i + 2)) / $i; if (d < 0) d = -d; if (d > most) most = d}} END {print most + 0}')
  check "$(awk -v d="$difference" 'BEGIN {print !(d < 1e-4)}')" "the same curve as one rank${*:+ with $*} (largest relative difference $difference)"
}
same_curve curve
same_curve objective --slowness-lambda 0.5 --aug-rotate --aug-scale 0.2 --aug-noise 1
train 2 --epochs 6 --out "$work/again" >"$work/log" 2>&1
check "$(same "$work/curve2" "$work/again")" "another run is bit-identical"

train 2 --epochs 60 --out "$work/whole" >"$work/log" 2>&1
mpirun -n 2 "$program" train --stride 64 --epochs 60 --out "$work/stopped" >"$work/log" 2>&1 & launcher=$!
until [ "$(rows "$work/stopped")" -gt 20 ]; do sleep 0.05; done
kill -USR2 $launcher
wait $launcher && code=0 || code=$?
check "$([ $code = 75 ] && echo 0 || echo 1)" "a stopped trial exits with 75 (got $code)"
train 2 --epochs 60 --out "$work/stopped" >"$work/log" 2>&1
check "$(same "$work/whole" "$work/stopped")" "a stopped and continued trial is bit-identical"

for how in KILL STOP; do
  mpirun --enable-recovery -n 2 "$program" train --stride 64 --epochs 100000 --resume-every 1 --comm-timeout 5 --out "$work/$how" >"$work/log" 2>&1 & launcher=$!
  until [ -f "$work/$how/resume.pt" ]; do sleep 0.05; done
  pkill "-$how" -n -f "$program train .*--out $work/$how"
  begin=$SECONDS
  until grep -q 'does not respond' "$work/log" || [ $((SECONDS - begin)) -gt 60 ]; do sleep 0.1; done
  check "$(grep -q 'does not respond' "$work/log" && echo 0 || echo 1)" "$how of one rank is an error on the other, after $((SECONDS - begin)) s (train.comm_timeout = 5)"
  pkill -KILL -f "$work/$how" || true
  wait $launcher || true
done

CUDA_VISIBLE_DEVICES=0 mpirun -n 2 "$program" train --epochs 1 --out "$work/shared" >"$work/log" 2>&1 && code=0 || code=$?
check "$([ $code = 2 ] && grep -q 'have the same GPU' "$work/log" && echo 0 || echo 1)" "two ranks of a trial on one GPU are refused"

printf '%s\n' '[sweep]' 'name = "mixed"' 'seeds = [1, 2]' '[[sweep.axis]]' '"model.d_state" = [16, 32]' '"sweep.ranks_per_trial" = [1, 2]' \
  '[train]' 'epochs = 3' >"$work/mixed.toml"
mpirun -n 2 "$program" sweep "$work/mixed.toml" --out "$work/mixed" >"$work/log" 2>&1 && code=0 || code=$?
check "$([ $code = 0 ] && [ "$(ls "$work"/mixed/trials/*/trial.h5 | wc -l)" = 4 ] && echo 0 || echo 1)" "a sweep of trials of one and two ranks"
exit $failed
