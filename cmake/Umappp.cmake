# umappp's headers and those that they include: from your own folder (-DMAMBASYNTH_HEADERS_DIR=..., or the environment
# variable MAMBASYNTH_HEADERS_DIR), or from the cache folder of jobs/install_deps.sh.
set(headers_requirements "${PROJECT_SOURCE_DIR}/jobs/requirements-headers.txt")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${headers_requirements}")
file(STRINGS "${headers_requirements}" headers_pin REGEX "^assorthead==")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" headers_pinned "${headers_pin}")
if(MAMBASYNTH_HEADERS_DIR)
  set(headers_hint "${MAMBASYNTH_HEADERS_DIR}")
elseif(NOT "$ENV{MAMBASYNTH_HEADERS_DIR}" STREQUAL "")
  set(headers_hint "$ENV{MAMBASYNTH_HEADERS_DIR}")
else()
  set(headers_hint "${MAMBASYNTH_CACHE}/assorthead-${headers_pinned}")
endif()
unset(MAMBASYNTH_UMAPPP_INCLUDE CACHE)
find_path(MAMBASYNTH_UMAPPP_INCLUDE umappp/umappp.hpp HINTS "${headers_hint}" PATH_SUFFIXES include NO_DEFAULT_PATH)
mambasynth_require(MAMBASYNTH_UMAPPP_INCLUDE "umappp, a header-only library" "looked in ${headers_hint}")
add_library(mambasynth_umappp INTERFACE)
target_include_directories(mambasynth_umappp SYSTEM INTERFACE "${MAMBASYNTH_UMAPPP_INCLUDE}")
# It needs the Eigen 5 in the same folder. A separate namespace avoids conflicts with the system's Eigen 3, whose
# functions have the same names.
target_compile_definitions(mambasynth_umappp INTERFACE Eigen=EigenOfUmappp)
