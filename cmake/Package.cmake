# The CMake package `mambasynth`, which other projects find in an installed tree; each of its components is a library.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(MAMBASYNTH_PACKAGE ${CMAKE_INSTALL_LIBDIR}/cmake/mambasynth)
set(MAMBASYNTH_HEADERS ${CMAKE_INSTALL_INCLUDEDIR}/mambasynth)

# mambasynth_installed_library(NAME HEADERS...): installs mambasynth_NAME as component NAME, with these headers, given by
# their paths below the checkout.
function(mambasynth_installed_library name)
  install(TARGETS mambasynth_${name} EXPORT mambasynth_${name}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${name})
  install(EXPORT mambasynth_${name} NAMESPACE mambasynth:: DESTINATION ${MAMBASYNTH_PACKAGE} COMPONENT ${name}
    FILE mambasynth-${name}-targets.cmake)
  install(FILES ${PROJECT_BINARY_DIR}/generated/mambasynth-config.cmake
                ${PROJECT_BINARY_DIR}/generated/mambasynth-config-version.cmake
    DESTINATION ${MAMBASYNTH_PACKAGE} COMPONENT ${name})
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "^src/" "" below "${header}")
    get_filename_component(folder "${below}" DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${MAMBASYNTH_HEADERS}/${folder} COMPONENT ${name})
  endforeach()
endfunction()

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/mambasynth-config.cmake @ONLY CONTENT
"# find_package(mambasynth COMPONENTS kernels analysis); without COMPONENTS, those that are installed.
include(CMakeFindDependencyMacro)
if(NOT mambasynth_FIND_COMPONENTS)
  foreach(component kernels analysis)
    if(EXISTS \${CMAKE_CURRENT_LIST_DIR}/mambasynth-\${component}-targets.cmake)
      list(APPEND mambasynth_FIND_COMPONENTS \${component})
    endif()
  endforeach()
endif()
find_dependency(OpenMP COMPONENTS CXX)
if(analysis IN_LIST mambasynth_FIND_COMPONENTS)
  find_dependency(Threads)
  find_dependency(fmt @fmt_VERSION_MAJOR@)
endif()
foreach(component IN LISTS mambasynth_FIND_COMPONENTS)
  if(EXISTS \${CMAKE_CURRENT_LIST_DIR}/mambasynth-\${component}-targets.cmake)
    include(\${CMAKE_CURRENT_LIST_DIR}/mambasynth-\${component}-targets.cmake)
    set(mambasynth_\${component}_FOUND TRUE)
  elseif(mambasynth_FIND_REQUIRED_\${component})
    set(mambasynth_FOUND FALSE)
    set(mambasynth_NOT_FOUND_MESSAGE \"component \${component} is not installed in \${CMAKE_CURRENT_LIST_DIR}\")
  endif()
endforeach()
")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/mambasynth-config-version.cmake
  COMPATIBILITY SameMinorVersion)
