# `pip install .` (pyproject.toml): the operators of the Python package and the kernels below them, nothing else; with
# GPU code where there is a CUDA compiler.
include(Cache)
if(NOT DEFINED MAMBASYNTH_CUDA_WANTED)
  find_program(MAMBASYNTH_ANY_NVCC nvcc HINTS "$ENV{CUDACXX}/.." "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin)
  if(MAMBASYNTH_ANY_NVCC OR DEFINED ENV{CUDACXX})
    set(MAMBASYNTH_CUDA ON)
  else()
    message(STATUS "No CUDA compiler: the operators are built for the CPU alone")
  endif()
endif()
if(MAMBASYNTH_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    # Each also runs on later GPUs of its generation (8.6, 8.9, 10.3); those after sm_120 compile its PTX.
    set(CMAKE_CUDA_ARCHITECTURES "80-real;90-real;100-real;120" CACHE STRING "GPU architectures")
  endif()
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    set(CMAKE_CUDA_COMPILER "${MAMBASYNTH_ANY_NVCC}")
  endif()
  include(CudaSettings)
endif()
function(mambasynth_require found what hint)
  if(NOT ${found})
    message(FATAL_ERROR "${what} was not found (${hint}). Install it and run pip again.")
  endif()
endfunction()
find_package(OpenMP QUIET COMPONENTS CXX)
mambasynth_require(OpenMP_CXX_FOUND "OpenMP" "comes with g++")
include(Package)

# PyTorch's headers: those of the environment, or of the one that pip makes for the build, or LibTorch's.
find_package(Python COMPONENTS Interpreter REQUIRED)
execute_process(COMMAND ${Python_EXECUTABLE} ${PROJECT_SOURCE_DIR}/src/python/build_backend.py
  OUTPUT_VARIABLE MAMBASYNTH_STABLE_TORCH_HINTS OUTPUT_STRIP_TRAILING_WHITESPACE)

add_subdirectory(kernels)
add_subdirectory(src/python)
