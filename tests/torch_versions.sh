#!/usr/bin/env bash
# Compiles the code that uses LibTorch with the headers of each older LibTorch that we support, without linking it.
#
#   tests/torch_versions.sh PRESET [VERSION...]     default: each version of tests/requirements-libtorch-versions.txt
#
# The wheels (0.9 GB each) are downloaded into MAMBASYNTH_CACHE; only their headers are kept.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"
. "$checkout/jobs/install/pins.sh"

preset=${1:?name a preset}
shift
requirements=$checkout/tests/requirements-libtorch-versions.txt
[ $# != 0 ] || set -- $(pins "$requirements" | cut -d ' ' -f 2)
temporary=$(mktemp -d)
at_exit 'rm -rf "$temporary"'

fetch_headers() {  # VERSION
  local folder=$MAMBASYNTH_CACHE/torch-$1-headers downloads=$temporary/wheels
  [ ! -d "$folder" ] || return 0
  grep "^torch==$1 " "$requirements" >"$temporary/pin.txt" || die 2 "LibTorch $1 is not pinned. Add it to $requirements."
  mkdir -p "$downloads" "$MAMBASYNTH_CACHE"
  while_waiting "downloading LibTorch $1" "$downloads" download_wheels "$temporary/pin.txt" || die 1 "LibTorch $1 could not be downloaded (pip's output is above)."
  unzip -q "$downloads/torch-$1"-*.whl 'torch/include/*' -d "$temporary/$1"
  rm -r "$downloads"
  mkdir "$temporary/$1/torch/lib"
  # Nothing is linked: the libraries must exist, and one says which CUDA it loads.
  touch "$temporary/$1"/torch/lib/lib{c10,torch_cpu,torch_cuda}.so
  printf 'libcudart.so.%s\n' "$(toolkit_major)" >"$temporary/$1/torch/lib/libc10_cuda.so"
  mv -T "$temporary/$1" "$folder"
}
toolkit_major() { "${CUDACXX:-nvcc}" --version 2>/dev/null | sed -n 's/.*release \([0-9]*\)\..*/\1/p'; }

find_cuda_toolkit || true
failed=()
for version; do
  fetch_headers "$version"
  step "Compiling with the headers of LibTorch $version"
  folder=$checkout/build/torch-$version
  mkdir -p "$folder"
  if cmake --preset "$preset" -S "$checkout" -B "$folder" -DTorch_DIR="$MAMBASYNTH_CACHE/torch-$version-headers/torch" -DMAMBASYNTH_TESTS=OFF -DCMAKE_CUDA_ARCHITECTURES=90-virtual \
    >"$folder/build.log" 2>&1 &&
    CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1 cmake --build "$folder" --parallel "$(build_jobs)" --target mambasynth_commands -- -k 0 >>"$folder/build.log" 2>&1
  then note "LibTorch $version: all compiled"
  else
    grep -A 3 -E 'error|Error' "$folder/build.log" | sed -n 1,40p >&2
    failed+=("$version")
  fi
done
[ ${#failed[@]} = 0 ] || die 1 "does not compile with LibTorch ${failed[*]} (errors above, full output in build/torch-VERSION/build.log)."
