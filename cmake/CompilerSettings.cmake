# Language level, warnings and sanitizers for our own targets; third-party headers are included as SYSTEM.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# -O2 -g makes objects of LibTorch code several times larger; line tables are enough for a backtrace.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O3 -g1 -DNDEBUG" CACHE STRING "" FORCE)

find_program(MAMBASYNTH_CCACHE ccache)
if(MAMBASYNTH_CCACHE)
  # Required by ccache for precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${MAMBASYNTH_CCACHE}")
endif()
# FindHDF5 lists the libraries that HDF5 itself links (curl, szip, ...); our programs must not depend on them.
add_link_options(LINKER:--as-needed)
find_program(MAMBASYNTH_MOLD mold)
if(MAMBASYNTH_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  add_link_options(-fuse-ld=mold)
endif()

add_library(mambasynth_settings INTERFACE)
# No contraction: results must not depend on whether the compiler found a multiply-add.
target_compile_options(mambasynth_settings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion -ffp-contract=off>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${MAMBASYNTH_WERROR}>>:-Werror>)
# Clang's -Wconversion includes sign conversions, GCC's does not.
target_compile_options(mambasynth_settings INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-sign-conversion>)
# GCC 12 reports an overlap in every `"literal" + std::string(...)` that it inlines (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(mambasynth_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
# GCC's data-flow warnings depend on inlining, and each version has its own false positives; those of 13 and 14
# concern standard vectors in LibTorch's headers and ours. In versions newer than CI's they are not errors.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  foreach(warning array-bounds stringop-overflow stringop-overread free-nonheap-object maybe-uninitialized
    dangling-pointer use-after-free)
    target_compile_options(mambasynth_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-error=${warning}>)
  endforeach()
endif()
if(MAMBASYNTH_SANITIZE)
  target_compile_options(mambasynth_settings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${MAMBASYNTH_SANITIZE} -fno-omit-frame-pointer>
    $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:$<BOOL:$<TARGET_PROPERTY:MAMBASYNTH_GLUE>>>>:-O1>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=undefined>)
  target_compile_definitions(mambasynth_settings INTERFACE MAMBASYNTH_SANITIZED)
  target_link_options(mambasynth_settings INTERFACE -fsanitize=${MAMBASYNTH_SANITIZE})
endif()

# mambasynth_library(NAME SOURCES...): the static library mambasynth::NAME of this folder.
function(mambasynth_library name)
  add_library(mambasynth_${name} STATIC ${ARGN})
  add_library(mambasynth::${name} ALIAS mambasynth_${name})
  target_link_libraries(mambasynth_${name} PRIVATE mambasynth_settings)
endfunction()

# mambasynth_glue(TARGET...): for code that parses flags, TOML and JSON once per run, or compares results. Its
# templates are slow to optimize without any gain. -Og compiles a fifth faster than -O1, and even faster than -O0,
# which inlines nothing.
function(mambasynth_glue)
  foreach(target IN LISTS ARGN)
    set_target_properties(${target} PROPERTIES MAMBASYNTH_GLUE ON)
    target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-Og>)
  endforeach()
endfunction()

# mambasynth_precompiled(TARGET...): what ccache requires of targets with precompiled headers.
function(mambasynth_precompiled)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endforeach()
endfunction()
