#!/usr/bin/env bash
# The common part of the job scripts: finds the program and the folders, and starts `mambasynth sweep` on every task of the
# Slurm job.
#
#   run_sweep.sh SWEEP.toml [OTHER.toml] [options of mambasynth sweep]     OTHER.toml replaces SWEEP.toml
# CONTAINER=IMAGE.sif   run the program of this Apptainer image
# MAMBASYNTH_ENV=FILE   source this file first: module loads, or PATH with the bin folder of your own build
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
. "$(dirname "${BASH_SOURCE[0]}")/job.sh"

[ -n "${SLURM_JOB_ID:-}" ] ||
  die 2 "not inside a Slurm job (this starts the tasks of one). Submit it: sbatch jobs/sweep_NAME.slurm. Without Slurm: mpirun -n RANKS mambasynth sweep SWEEP.toml --out DIR."
source_site_environment

sweep=$1
shift
if [[ "${1:-}" == *.toml ]]; then
  sweep=$1
  shift
fi
# The program writes to runs/NAME here unless --out is given.
enter_submit_folder
# Relative to the submit folder, or to the checkout, so that `sweeps/smoke.toml` works from anywhere.
[ -e "$sweep" ] || sweep=$checkout/$sweep
[ -e "$sweep" ] || die 2 "no sweep file $sweep (neither under $PWD nor in the checkout). Give its path."

out= previous=
for argument in "$@"; do
  if [ "$previous" = --out ]; then out=$argument
  elif [[ $argument = --out=* ]]; then out=${argument#--out=}; fi
  previous=$argument
done
find_program mambasynth "$(dirname "$sweep")" ${out:+"$out"}

# sweep_name OPTIONS of mambasynth sweep: the name in the file, unless an option replaces it.
sweep_name() {
  "${program[@]}" sweep "$sweep" "$@" --print-config | sed -n '/^\[sweep\]/,/^\[/s/^name = "\(.*\)"$/\1/p'
}

# squeue shows the job name of the script, which is that of another sweep if OTHER.toml is given. A name that the user gave with
# sbatch --job-name stays.
name_job() {
  local name
  grep -qxF -- "#SBATCH --job-name=${SLURM_JOB_NAME:-}" "$(dirname "${BASH_SOURCE[0]}")"/sweep_*.slurm || return 0
  name=$(sweep_name "$@" 2>/dev/null) && [ -n "$name" ] && [ "$name" != "$SLURM_JOB_NAME" ] || return 0
  scontrol update JobId="$SLURM_JOB_ID" JobName="$name" || note "the job keeps the name $SLURM_JOB_NAME (see above)"
}
name_job "$@"

# make_report OPTIONS of mambasynth sweep: the report of the sweep's folder, in its subfolder `report`. The parts of an array
# have one report; the last part to finish makes it complete.
make_report() {
  local argument name folders code=0
  for argument in "$@"; do
    case $argument in --dry-run | --print-config | --help | -h) return 0 ;; esac
  done
  if [ -z "$out" ]; then
    name=$(sweep_name "$@") || return
    out=runs/$name
  fi
  folders=("$out")
  [ -e "$out/plan.csv" ] || folders=("$out"/part_*)
  [ -e "${folders[0]}/plan.csv" ] || { note "no plan.csv in $out"; return 1; }
  MAMBASYNTH_ENV='' "$(dirname "${BASH_SOURCE[0]}")/run_report.sh" "${folders[@]}" --out "$out" --report "$out/report" --format csv || code=$?
  [ "$code" = 0 ] || [ "$code" = 4 ]  # 4: trials have not run or failed, as the report shows
}

# Slurm warns only this shell (--signal=B:USR2@180, or TERM when another job takes the nodes). Both launchers forward USR2 to
# every rank, which saves and exits with 75; TERM would end the ranks before a long save completes.
#
# With an image, only one rank gets the signal and notifies the others: srun signals every process of the step, including the one
# that serves the image's files (squashfuse, if Apptainer is not installed setuid), which would be killed and take the ranks down with it.
signal_a_rank_here() {
  local process variables signaled=false
  for process in $(pgrep -u "$(id -u)" -x mambasynth); do
    variables=$'\n'$(tr '\0' '\n' 2>/dev/null <"/proc/$process/environ")$'\n' || continue
    [[ $variables == *$'\n'"SLURM_JOB_ID=$SLURM_JOB_ID"$'\n'* ]] || continue
    ! kill -USR2 "$process" 2>/dev/null || signaled=true
  done
  $signaled
}
running= warned=false early=false
signal_ranks() { { [ -n "${CONTAINER:-}" ] && signal_a_rank_here; } || kill -USR2 "$running" 2>/dev/null; }
request_save() {
  [ -n "$running" ] || { early=true; return 0; }
  $warned || { while sleep 5 && kill -0 "$running" 2>/dev/null; do signal_ranks; done; } &
  warned=true
  signal_ranks || true
}
trap request_save USR2 TERM

if output_matches '(^|[[:space:]])pmix([[:space:]]|$)' srun --mpi=list; then
  launcher=(srun --mpi=pmix)
  export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}  # not inherited since Slurm 22.05
else
  launcher=(mpirun)  # without a number, it uses what Slurm granted
  if [[ ${SLURM_NTASKS:-} =~ ^[1-9][0-9]*$ ]]; then launcher+=(-n "$SLURM_NTASKS")
  elif [ -n "${SLURM_NTASKS:-}" ]; then note "SLURM_NTASKS=$SLURM_NTASKS is ignored (not a number of tasks)"; fi
fi
[ "$(id -u)" != 0 ] || set_mpi_defaults
# A rank that is still loading its libraries has no handler yet and the signal would kill it, so the signal is ignored until
# there is one; request_save repeats it.
"${launcher[@]}" sh -c 'trap "" USR2; exec "$@"' _ "${program[@]}" sweep "$sweep" "$@" &
running=$!
! $early || request_save
while kill -0 "$running" 2>/dev/null; do
  wait "$running" || true  # also returns on a signal
done
code=0
wait "$running" || code=$?
# 0 or 4: every trial has been run. A report that cannot be made does not fail the sweep.
case $code in 0 | 4) make_report "$@" || note "the sweep's results are complete, but its report was not made (see above). Try jobs/report.slurm." ;; esac
[ "$code" = 75 ] || exit "$code"

# 75: saved, and the same command continues. A job that was too short to start anything would be requeued forever.
job="${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}"
job=${job:-$SLURM_JOB_ID}
if [ "$SECONDS" -lt 60 ] && ! $warned; then
  die 75 "the sweep stopped after $SECONDS s (the job is too short to start a trial, or it was stopped). Submit it again with more --time."
elif ! output_matches 'JobState=(RUNNING|PREEMPTED|SUSPENDED)([[:space:]]|$)' scontrol show job "$job"; then
  die 75 "the sweep was stopped and saved; the job was canceled, so it is not requeued. Submit the same command to continue."
elif scontrol requeue "$job"; then
  note "job $job goes back to the queue and continues"
  sleep 60  # Slurm ends this script; if it exited first, the job would count as failed and not be requeued
else
  die 75 "the sweep was stopped and saved, but Slurm did not requeue the job (requeueing may be disabled). Submit the same command again."
fi
exit 75
