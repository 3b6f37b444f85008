# umappp's headers, with those that they include: from a folder of the site's own (-DMAMBASYNTH_HEADERS_DIR=..., or the
# environment's MAMBASYNTH_HEADERS_DIR), else from what jobs/install_deps.sh put into the cache folder.
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
mambasynth_require(MAMBASYNTH_UMAPPP_INCLUDE "umappp, a library of headers" "looked in ${headers_hint}")
add_library(mambasynth_umappp INTERFACE)
target_include_directories(mambasynth_umappp SYSTEM INTERFACE "${MAMBASYNTH_UMAPPP_INCLUDE}")
# It needs the Eigen 5 beside it. Under a name of its own that does not meet the system's Eigen 3 in one program, whose
# functions have the same names.
target_compile_definitions(mambasynth_umappp INTERFACE Eigen=EigenOfUmappp)
