# NCCL's header and library: next to LibTorch (NCCL's wheel contains both), in NCCL_HOME, or in the CUDA toolkit.
set(nccl_hints "${MAMBASYNTH_TORCH_ROOT}/../nvidia/nccl" "$ENV{NCCL_HOME}" "${NCCL_HOME}" ${CUDAToolkit_LIBRARY_ROOT}
  "${CUDAToolkit_INCLUDE_DIRS}/.." "${CUDAToolkit_LIBRARY_DIR}/..")
find_path(MAMBASYNTH_NCCL_INCLUDE nccl.h HINTS ${nccl_hints} PATH_SUFFIXES include)
find_library(MAMBASYNTH_NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${nccl_hints} PATH_SUFFIXES lib lib64)
if(NOT MAMBASYNTH_NCCL_INCLUDE OR NOT MAMBASYNTH_NCCL_LIBRARY)
  message(FATAL_ERROR "NCCL was not found (looked in ${nccl_hints}). "
    "Run jobs/install_deps.sh --cuda, load a module with NCCL, or set NCCL_HOME.")
endif()
message(STATUS "NCCL: ${MAMBASYNTH_NCCL_LIBRARY}")
add_library(mambasynth_nccl INTERFACE)
target_include_directories(mambasynth_nccl SYSTEM INTERFACE "${MAMBASYNTH_NCCL_INCLUDE}")
target_link_libraries(mambasynth_nccl INTERFACE "${MAMBASYNTH_NCCL_LIBRARY}")
