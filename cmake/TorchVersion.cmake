# Which LibTorch fits: 2.8 or newer, built for the major version of CUDA that compiles the kernels, because a process can have
# only one CUDA runtime. On PyPI, 2.8 to 2.10 are built for CUDA 12.8 and 2.11 for CUDA 13.0.

# mambasynth_check_torch(ROOT CUDA NVCC): ends configuring with one line if the LibTorch in ROOT does not fit the version CUDA of
# the compiler NVCC. CUDA is empty if the GPU is not used.
function(mambasynth_check_torch root cuda nvcc)
  set(header "${root}/include/torch/headeronly/version.h")
  if(NOT EXISTS "${header}")
    set(header "${root}/include/torch/csrc/api/include/torch/version.h")
  endif()
  file(STRINGS "${header}" lines REGEX "define TORCH_VERSION_(MAJOR|MINOR) ")
  string(REGEX REPLACE "[^0-9]*([0-9]+)[^0-9]+([0-9]+).*" "\\1.\\2" found "${lines}")
  if(found VERSION_LESS 2.8)
    message(FATAL_ERROR "LibTorch ${found} is too old (2.8 or newer is needed). "
      "Unset Torch_DIR and run jobs/install_deps.sh.")
  endif()
  if(NOT cuda)
    return()
  endif()
  set(library "${root}/lib/libc10_cuda.so")
  if(NOT EXISTS "${library}")
    message(FATAL_ERROR "LibTorch ${found} has no CUDA (${library} does not exist). "
      "Unset Torch_DIR and run jobs/install_deps.sh --cuda, or use the preset cpu.")
  endif()
  file(STRINGS "${library}" runtime REGEX "^libcudart\\.so\\.[0-9]+$" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+$" built_for "${runtime}")
  string(REGEX MATCH "^[0-9]+" compiler "${cuda}")
  if(built_for AND NOT built_for EQUAL compiler)
    message(FATAL_ERROR "LibTorch ${found} does not fit ${nvcc} (it is built for CUDA ${built_for}, the compiler is CUDA "
      "${cuda}). Use LibTorch 2.8 to 2.10 with CUDA 12.8 or 12.9, or LibTorch 2.11 with CUDA 13: jobs/install_deps.sh --cuda "
      "installs the one that fits.")
  endif()
endfunction()
