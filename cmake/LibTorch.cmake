# LibTorch as plain imported targets over <root>/include and <root>/lib. The wheel's own TorchConfig.cmake
# needs a CUDA toolkit even for a CPU build, disables CMAKE_CUDA_ARCHITECTURES and leaks flags.
#
# If -DTorch_DIR=... or the environment variable Torch_DIR is given (a LibTorch folder, or its share/cmake/Torch),
# only that is searched; otherwise the cache folder of jobs/install_deps.sh is.

# Sets `version` to the LibTorch that jobs/FILE pins.
function(mambasynth_pinned_torch version file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/jobs/${file}")
  file(STRINGS "${PROJECT_SOURCE_DIR}/jobs/${file}" pin REGEX "^torch==")
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" found "${pin}")
  set(${version} "${found}" PARENT_SCOPE)
endfunction()

if(Torch_DIR)
  set(torch_given "${Torch_DIR}")
elseif(DEFINED ENV{Torch_DIR})
  set(torch_given "$ENV{Torch_DIR}")
endif()
if(torch_given)
  set(torch_hints "${torch_given}" "${torch_given}/../../..")
else()
  set(torch_kinds cpu)
  set(torch_pins requirements-libtorch.txt)
  if(MAMBASYNTH_CUDA)
    set(torch_kinds cuda-complete cuda)  # with all of CUDA's libraries, or for machines with a toolkit
    if(CUDAToolkit_VERSION VERSION_LESS 13)
      set(torch_kinds cuda12)
      set(torch_pins requirements-libtorch-cuda12.txt)
    endif()
  endif()
  mambasynth_pinned_torch(torch_pinned ${torch_pins})
  list(TRANSFORM torch_kinds REPLACE "(.+)" "${MAMBASYNTH_CACHE}/torch-${torch_pinned}-\\1/torch" OUTPUT_VARIABLE torch_hints)
endif()

unset(MAMBASYNTH_TORCH_ROOT CACHE)  # so that a Torch_DIR given later takes effect
find_path(MAMBASYNTH_TORCH_ROOT include/ATen/ATen.h HINTS ${torch_hints} NO_DEFAULT_PATH
  DOC "LibTorch: the folder that holds include/ and lib/")
mambasynth_require(MAMBASYNTH_TORCH_ROOT "LibTorch" "looked in ${torch_hints}")
get_filename_component(MAMBASYNTH_TORCH_ROOT "${MAMBASYNTH_TORCH_ROOT}" REALPATH)
message(STATUS "LibTorch: ${MAMBASYNTH_TORCH_ROOT}")

include(TorchVersion)
if(MAMBASYNTH_CUDA)
  mambasynth_check_torch("${MAMBASYNTH_TORCH_ROOT}" "${CUDAToolkit_VERSION}" "${CMAKE_CUDA_COMPILER}")
else()
  mambasynth_check_torch("${MAMBASYNTH_TORCH_ROOT}" "" "")
endif()

set(torch_lib "${MAMBASYNTH_TORCH_ROOT}/lib")
function(mambasynth_torch_target name file)
  add_library(${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${torch_lib}/${file}")
  target_include_directories(${name} SYSTEM INTERFACE
    "${MAMBASYNTH_TORCH_ROOT}/include" "${MAMBASYNTH_TORCH_ROOT}/include/torch/csrc/api/include")
endfunction()
mambasynth_torch_target(torch::c10 libc10.so)
mambasynth_torch_target(torch::cpu libtorch_cpu.so)
add_library(mambasynth_torch INTERFACE)
# LibTorch's include folder contains an fmt of a different version than the system's library. Unless ours comes first,
# these units can use fmt only header-only, which costs 2.5 s of compile time each.
get_target_property(fmt_hints fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
find_path(MAMBASYNTH_FMT_INCLUDE fmt/format.h HINTS ${fmt_hints})
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/generated/fmt_first")
file(CREATE_LINK "${MAMBASYNTH_FMT_INCLUDE}/fmt" "${PROJECT_BINARY_DIR}/generated/fmt_first/fmt" SYMBOLIC)
target_include_directories(mambasynth_torch SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/generated/fmt_first")
# libtorch_cpu refers to CUDA's profiler library, which is in the same folder and found at run time.
target_link_options(mambasynth_torch INTERFACE -Wl,--allow-shlib-undefined)
target_link_libraries(mambasynth_torch INTERFACE torch::cpu torch::c10)
if(MAMBASYNTH_CUDA)
  mambasynth_torch_target(torch::c10_cuda libc10_cuda.so)
  mambasynth_torch_target(torch::cuda libtorch_cuda.so)
  # libtorch_cuda registers its kernels in static initializers; nothing refers to its symbols.
  target_link_options(mambasynth_torch INTERFACE
    "LINKER:--push-state,--no-as-needed" "${torch_lib}/libtorch_cuda.so" "LINKER:--pop-state")
  target_link_libraries(mambasynth_torch INTERFACE torch::cuda torch::c10_cuda CUDA::cudart)
  # LibTorch's headers include those of cuBLAS, cuSPARSE and cuSOLVER. CUDA's compiler from PyPI comes without them.
  find_path(MAMBASYNTH_CUDA_LIBRARY_HEADERS cusparse.h
    HINTS ${CUDAToolkit_INCLUDE_DIRS} "${MAMBASYNTH_TORCH_ROOT}/../nvidia/cu13/include")
  if(MAMBASYNTH_CUDA_LIBRARY_HEADERS)
    target_include_directories(mambasynth_torch SYSTEM INTERFACE "${MAMBASYNTH_CUDA_LIBRARY_HEADERS}")
  endif()
  include(Nccl)
endif()

# ATen.h takes 8 s to parse. It is precompiled once (400 MB in the build folder) for every library that calls
# mambasynth_precompiled_aten(NAME), NAME as for mambasynth_library.
file(WRITE "${PROJECT_BINARY_DIR}/generated/aten.cpp" "")
add_library(mambasynth_aten OBJECT "${PROJECT_BINARY_DIR}/generated/aten.cpp")
target_link_libraries(mambasynth_aten PRIVATE mambasynth_settings mambasynth_torch)
target_precompile_headers(mambasynth_aten PRIVATE <ATen/ATen.h>)
mambasynth_precompiled(mambasynth_aten)
function(mambasynth_precompiled_aten name)
  mambasynth_precompiled(mambasynth_${name})
  target_precompile_headers(mambasynth_${name} REUSE_FROM mambasynth_aten)
endfunction()
