#!/usr/bin/env bash
# Collates folders of sweeps and makes their report, in a Slurm job or outside of one.
#
#   run_report.sh DIR... [options of mambasynth-collate]     without --report FOLDER: into the first DIR's subfolder `report`
# CONTAINER=IMAGE.sif   run the program of this Apptainer image
# MAMBASYNTH_ENV=FILE   source this file first: module loads, or PATH with the bin folder of your own build
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
. "$(dirname "${BASH_SOURCE[0]}")/job.sh"

[ $# -gt 0 ] && [ "${1#-}" = "$1" ] ||
  die 2 "no folder of a sweep named (the first argument is one). Use: sbatch jobs/report.slurm DIR... [options of mambasynth-collate]."
source_site_environment
enter_submit_folder
# The folders come first; those of --out and --report are written.
folders=() named=false options=false previous=
for argument in "$@"; do
  [[ $argument != -* ]] || options=true
  [[ $argument != --report* ]] || named=true
  if ! $options || [[ $previous = --out || $previous = --report ]]; then folders+=("$argument"); fi
  previous=$argument
done
find_program mambasynth-collate "${folders[@]}"
$named || set -- "$@" --report "$1/report"
exec "${program[@]}" "$@"
