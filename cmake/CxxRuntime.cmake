# A process must have only one C++ runtime, and LibTorch loads the shared libstdc++. A compiler that finds only
# libstdc++.a silently links a second one into the program, and each of the two then frees memory of the other
# ("free(): invalid pointer" at exit). Some clusters' compiler wrappers do this, so check what a program actually
# links.
if(NOT CMAKE_READELF)
  return()
endif()

# Sets `links_shared` to whether a C++ program linked with `libraries` needs libstdc++.so.
function(mambasynth_links_shared_runtime links_shared libraries)
  set(source "${PROJECT_BINARY_DIR}/generated/cxx_runtime.cpp")
  set(program "${PROJECT_BINARY_DIR}/generated/cxx_runtime")
  file(WRITE "${source}" "#include <iostream>\nint main() { std::cout << std::endl; }\n")
  set(CMAKE_CXX_STANDARD_LIBRARIES "${CMAKE_CXX_STANDARD_LIBRARIES} ${libraries}")
  try_compile(linked "${PROJECT_BINARY_DIR}/generated/cxx_runtime_project" "${source}" COPY_FILE "${program}"
    CMAKE_FLAGS "-DCMAKE_CXX_STANDARD_LIBRARIES=${CMAKE_CXX_STANDARD_LIBRARIES}")
  set(needed "")
  if(linked)
    execute_process(COMMAND "${CMAKE_READELF}" -d "${program}" OUTPUT_VARIABLE needed ERROR_QUIET)
  endif()
  if(needed MATCHES "NEEDED[^\n]*libstdc\\+\\+\\.so")
    set(${links_shared} TRUE PARENT_SCOPE)
  else()
    set(${links_shared} FALSE PARENT_SCOPE)
  endif()
endfunction()

mambasynth_links_shared_runtime(shared_by_default "")
if(NOT shared_by_default)
  mambasynth_links_shared_runtime(shared_by_name "-l:libstdc++.so.6")
  if(NOT shared_by_name)
    message(FATAL_ERROR "${CMAKE_CXX_COMPILER} does not link the shared libstdc++ "
      "(it finds no libstdc++.so or "
      "libstdc++.so.6, or uses another C++ library). LibTorch needs the shared one. "
      "Remove the build folder and configure with a compiler that links it, such as "
      "CXX=/usr/bin/g++; or build the collator alone with -DMAMBASYNTH_TORCH=OFF.")
  endif()
  message(STATUS "C++ runtime: ${CMAKE_CXX_COMPILER} links libstdc++ statically; "
    "the shared libstdc++.so.6 is linked instead")
  string(APPEND CMAKE_CXX_STANDARD_LIBRARIES " -l:libstdc++.so.6")
endif()
