# Target headers_alone: compiles each of our headers separately. Standard libraries differ in which headers include which
# others, so a header that lacks an #include may compile on one machine and not on another.
file(GLOB_RECURSE headers RELATIVE "${PROJECT_SOURCE_DIR}"
  "${PROJECT_SOURCE_DIR}/kernels/*.hpp" "${PROJECT_SOURCE_DIR}/analysis/*.hpp" "${PROJECT_SOURCE_DIR}/src/*.hpp")
if(NOT MAMBASYNTH_CUDA)
  list(FILTER headers EXCLUDE REGEX "^(kernels/cuda|src/gpu)/")
endif()
# They include headers that only LibTorch 2.10 or newer has, and their types are hidden like its own.
list(FILTER headers EXCLUDE REGEX "^src/python/")
# Only nvcc can compile them, because they use device types.
list(REMOVE_ITEM headers kernels/cuda/partial_sums.hpp kernels/cuda/selective_scan/selective_scan_launch.hpp)
# Included once per instruction set, by sources that define it (kernels/CMakeLists.txt).
list(FILTER headers EXCLUDE REGEX "^kernels/(lanes|[a-z0-9_]+_lanes)\\.hpp$")

set(units "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "[/.]" "_" unit "${header}")
  set(unit "${PROJECT_BINARY_DIR}/generated/headers_alone/${unit}.cpp")
  string(REGEX REPLACE "^src/" "" include "${header}")
  file(CONFIGURE OUTPUT "${unit}" CONTENT "#include \"@include@\"\n#include \"@include@\"  // and twice\n" @ONLY)
  list(APPEND units "${unit}")
endforeach()
add_library(headers_alone OBJECT EXCLUDE_FROM_ALL ${units})
set_target_properties(headers_alone PROPERTIES UNITY_BUILD OFF)
target_include_directories(headers_alone PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src"
  "${PROJECT_BINARY_DIR}")
target_link_libraries(headers_alone PRIVATE mambasynth_settings mambasynth_hdf5 mambasynth_torch mambasynth_umappp
  MPI::MPI_CXX CLI11::CLI11 Eigen3::Eigen fmt::fmt nlohmann_json::nlohmann_json toml11::toml11)
if(MAMBASYNTH_CUDA)
  target_link_libraries(headers_alone PRIVATE mambasynth_nccl CUDA::cudart)
endif()
target_compile_options(headers_alone PRIVATE -O0 -g0)
add_dependencies(headers_alone mambasynth_commit)
