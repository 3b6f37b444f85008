#!/usr/bin/env bash
# Goes from a fresh machine to a table and a figure: installs what is missing, builds, runs a small sweep over two MPI ranks
# (series, training, measurements) and collates it. Run it again to continue; finished trials are skipped.
#
#   jobs/quickstart.sh [--out DIR] [--preset NAME] [--no-install]
#   --out DIR      folder of the sweep (default: quickstart in the checkout)
#   --preset NAME  the CMake preset to build (default: what this machine can run)
#   --no-install   install nothing; modules or a container provide everything
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

# The only place that decides between CPU and GPU.
preset_for_this_machine() {
  if has_gpu && { find_cuda_toolkit || { [ ${#install[@]} = 0 ] && can_fetch_cuda_toolkit; }; }; then echo cuda; else echo cpu; fi
}

out=$checkout/quickstart preset='' install=()
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?--out needs a folder} && shift ;;
    --preset) preset=${2:?--preset needs a name} && shift ;;
    --no-install) install=(--no-install) ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) die 2 "unknown option $1 (see --help)." ;;
  esac
  shift
done
[ -n "$preset" ] || preset=$(preset_for_this_machine)
if [ "$preset" = cuda ]; then
  [ ${#install[@]} = 0 ] || find_cuda_toolkit || die 2 "preset cuda needs a CUDA toolkit 12.8 or newer (nvcc was not found in PATH, CUDA_HOME, /usr/local/cuda or $cuda_cached). Load its module, use --preset cpu, or leave out --no-install, which brings a compiler."
  install+=(--cuda)
fi

# The time of each stage, for the summary.
took=() stage_began=$SECONDS
stage_done() { took+=("$1 $(duration $((SECONDS - stage_began)))") && stage_began=$SECONDS; }

if [[ " ${install[*]} " == *" --no-install "* ]]; then
  "$checkout/jobs/install_deps.sh" "${install[@]}" || note "Continuing anyway; CMake will report what is missing."
else
  "$checkout/jobs/install_deps.sh" "${install[@]}"
fi
[ "$preset" != cuda ] || find_cuda_toolkit || die 2 "CUDA's compiler was not found (install_deps.sh --cuda has not installed it). Load a CUDA toolkit 12.8 or newer, or use --preset cpu."

stage_done installing
step "Building preset $preset"
build "$preset" mambasynth mambasynth-collate
bin=$checkout/build/$preset/bin

stage_done building
step "Running sweeps/quickstart.toml over two MPI ranks into $out"
set_mpi_defaults
status=0
mpirun -n 2 "$bin/mambasynth" sweep "$checkout/sweeps/quickstart.toml" --out "$out" || status=$?
# 4: complete, but some trials failed or diverged; the table says which.
case $status in
  0 | 4) ;;
  75) die 75 "stopped on request. The same command continues." ;;
  *) die "$status" "the sweep ended with exit code $status (its message is above). The same command continues it." ;;
esac

stage_done sweep
step "Collating"
"$bin/mambasynth-collate" --figures "$out" || status=$?
stage_done "table and figures"
printf -v time '%s, ' "${took[@]}"
figure="$out/sweep_summary.png, .svg, .pdf"
[ -e "$out/sweep_summary.png" ] || figure="not drawn; with gnuplot: gnuplot -d $out/plots/sweep_summary.gp"
cat <<END

train.gate_lr_factor: learning rate of the gates (x_proj, dt_proj) relative to that of all other parameters; 0 freezes them.

Results, one per trial    $out/trials/*/trial.h5
Their best models         $out/trials/*/checkpoint.pt
The generated series      $out/data/*/series.h5
The programs              $bin
The whole experiment      mpirun -n RANKS $bin/mambasynth sweep $checkout/sweeps/gate_lr.toml --out runs/gate_lr
                          on a cluster: sbatch jobs/sweep_gate_lr.slurm
Time                      ${time%, }
The figure                $figure
END
exit $status
