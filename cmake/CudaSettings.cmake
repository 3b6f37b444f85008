# CUDA 12.8 or newer: sm_90 and sm_120, and PTX for newer GPUs.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "90-real;90-virtual;120-real" CACHE STRING "GPU architectures")
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
# Last, the compiler that jobs/install_deps.sh --cuda puts into the cache folder if the machine has no toolkit.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  file(STRINGS "${PROJECT_SOURCE_DIR}/jobs/requirements-cuda.txt" nvcc_pin REGEX "^nvidia-cuda-nvcc==")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" nvcc_pinned "${nvcc_pin}")
  find_program(MAMBASYNTH_NVCC nvcc
    PATHS "$ENV{CUDA_HOME}/bin" /usr/local/cuda/bin "${MAMBASYNTH_CACHE}/cuda-${nvcc_pinned}/bin")
  if(MAMBASYNTH_NVCC)
    set(CMAKE_CUDA_COMPILER "${MAMBASYNTH_NVCC}")
  endif()
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.8)
  message(FATAL_ERROR "CUDA ${CMAKE_CUDA_COMPILER_VERSION} is too old (sm_120 needs 12.8). "
    "Load a newer toolkit, set CUDACXX to its nvcc, or use the preset cpu.")
endif()
set(CMAKE_CUDA_STANDARD 20)
# CMake before 3.26 lacks nvcc's flag for C++20.
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
find_package(CUDAToolkit 12.8 REQUIRED)
