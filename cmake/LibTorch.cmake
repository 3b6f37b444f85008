# LibTorch as plain imported targets over <root>/include and <root>/lib. The wheel's own TorchConfig.cmake
# needs a CUDA toolkit even for a CPU build, switches CMAKE_CUDA_ARCHITECTURES off and leaks flags.
#
# Where it is looked for, first hit wins: -DTorch_DIR=... or the environment's Torch_DIR (a LibTorch folder, or
# its share/cmake/Torch), then what jobs/install_deps.sh put into the cache folder.
set(MAMBASYNTH_TORCH_VERSION 2.11.0)
if(DEFINED ENV{MAMBASYNTH_CACHE})
  set(mambasynth_cache "$ENV{MAMBASYNTH_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(mambasynth_cache "$ENV{XDG_CACHE_HOME}/mambasynth")
else()
  set(mambasynth_cache "$ENV{HOME}/.cache/mambasynth")
endif()
set(kind cpu)
if(MAMBASYNTH_CUDA)
  set(kind cuda)
endif()
set(hints ${Torch_DIR} $ENV{Torch_DIR})
foreach(hint IN LISTS Torch_DIR ENV{Torch_DIR})
  list(APPEND hints "${hint}/../../..")
endforeach()
list(APPEND hints "${mambasynth_cache}/torch-${MAMBASYNTH_TORCH_VERSION}-${kind}/torch")

find_path(MAMBASYNTH_TORCH_ROOT include/ATen/ATen.h HINTS ${hints} NO_DEFAULT_PATH
  DOC "LibTorch: the folder that holds include/ and lib/")
mambasynth_require(MAMBASYNTH_TORCH_ROOT "LibTorch" "looked in ${hints}")
message(STATUS "LibTorch: ${MAMBASYNTH_TORCH_ROOT}")

file(STRINGS "${MAMBASYNTH_TORCH_ROOT}/include/torch/headeronly/version.h" version_line REGEX "define TORCH_VERSION ")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" found_version "${version_line}")
if(found_version AND found_version VERSION_LESS 2.8)
  message(FATAL_ERROR "LibTorch ${found_version} is too old (2.8 or newer is needed). Run jobs/install_deps.sh.")
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
# libtorch_cpu names CUDA's profiler library, which sits beside it and is found at run time.
target_link_options(mambasynth_torch INTERFACE -Wl,--allow-shlib-undefined)
target_link_libraries(mambasynth_torch INTERFACE torch::cpu torch::c10)
if(MAMBASYNTH_CUDA)
  mambasynth_torch_target(torch::c10_cuda libc10_cuda.so)
  mambasynth_torch_target(torch::cuda libtorch_cuda.so)
  # libtorch_cuda registers its kernels by static initialisers: nothing names its symbols.
  target_link_options(mambasynth_torch INTERFACE
    "LINKER:--push-state,--no-as-needed" "${torch_lib}/libtorch_cuda.so" "LINKER:--pop-state")
  target_link_libraries(mambasynth_torch INTERFACE torch::cuda torch::c10_cuda CUDA::cudart)
endif()
