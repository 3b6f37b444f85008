# shellcheck shell=bash
# Sourced after environment.sh by the scripts that run inside a Slurm job: where they run, and the program that they run.

source_site_environment() {
  if [ -n "${MAMBASYNTH_ENV:-}" ]; then
    [ -r "$MAMBASYNTH_ENV" ] || die 2 "cannot read MAMBASYNTH_ENV=$MAMBASYNTH_ENV. Give the full path of a file to source."
    set +u  # module functions use unset variables
    # shellcheck disable=SC1090
    . "$MAMBASYNTH_ENV"
    set -u
  fi
}

enter_submit_folder() {
  if [ -d "${SLURM_SUBMIT_DIR:-.}" ]; then cd "${SLURM_SUBMIT_DIR:-.}"
  else note "SLURM_SUBMIT_DIR=$SLURM_SUBMIT_DIR is ignored (no such folder here); staying in $PWD"; fi
}

# Sets `program` to NAME in the image $CONTAINER, and binds the folders that it reads and writes.
use_container() {  # NAME FOLDER...
  local runner end folder name=$1 folders=("$checkout" "$PWD" "${@:2}")
  local -A shown=()
  [ -f "$CONTAINER" ] && [ -r "$CONTAINER" ] ||
    die 2 "cannot read CONTAINER=$CONTAINER (no readable file, relative to $PWD). Give the full path of an image; containers/build.sh makes one."
  # The SIF magic number follows the line that makes the image executable.
  [ "$(head -c 41 "$CONTAINER" | tail -c 9 | tr -d '\0')" = SIF_MAGIC ] ||
    die 2 "CONTAINER=$CONTAINER is not an Apptainer image (it is not a SIF file). Give the path of an image; containers/build.sh makes one."
  runner=$(command -v apptainer || command -v singularity) ||
    die 2 "CONTAINER is set but neither apptainer nor singularity was found. Load its module in MAMBASYNTH_ENV."
  MAMBASYNTH_IMAGE_HASH=$(sha256sum "$CONTAINER" | cut -c 1-64)  # for the provenance of each trial
  export MAMBASYNTH_IMAGE_HASH
  # The image has no squeue to determine when the job ends; since version 23.02, Slurm sets the variable itself.
  if [ -z "${SLURM_JOB_END_TIME:-}" ] && end=$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%e 2>/dev/null) &&
    end=$(date -d "$end" +%s 2>/dev/null); then export SLURM_JOB_END_TIME=$end; fi

  program=("$runner" exec)
  [ ! -e /dev/nvidiactl ] || program+=(--nv)
  for folder in "${folders[@]}"; do
    until [ -d "$folder" ]; do folder=$(dirname "$folder"); done  # the program creates missing folders below it
    folder=$(cd "$folder" && pwd)
    [[ $folder = / || -n ${shown[$folder]:-} ]] || program+=(--bind "$folder")
    shown[$folder]=yes
  done
  program+=("$CONTAINER" "$name")
}

# find_program NAME FOLDER...: sets `program` to the one in the image $CONTAINER, on PATH, in the checkout's build folders, or in
# bin, if these scripts are installed (in share/mambasynth).
find_program() {
  local found preset
  if [ -n "${CONTAINER:-}" ]; then use_container "$@"
  elif found=$(command -v "$1"); then program=("$found")
  else
    for preset in cuda cpu ci; do
      program=("$checkout/build/$preset/bin/$1")
      [ ! -x "${program[0]}" ] || break
    done
    [[ $checkout != */share/mambasynth ]] || program=("${checkout%/share/mambasynth}/bin/$1")
    [ -x "${program[0]}" ] ||
      die 2 "$1 is not built (no build/cuda or build/cpu in $checkout). On a login node: jobs/install_deps.sh, cmake --preset cpu, cmake --build --preset cpu."
  fi
}
