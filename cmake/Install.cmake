# `cmake --install BUILD --prefix PREFIX`: programs, manual pages, completions, sweeps and job scripts (component programs).
# The libraries are installed by cmake/Package.cmake.
include(GNUInstallDirs)

set(programs mambasynth-collate)
if(TARGET mambasynth)
  list(APPEND programs mambasynth)
endif()
# An installed program finds LibTorch and others where it was linked with them. Those in the prefix it finds relative to
# itself, so that the prefix can be moved: cmake/InstalledPrograms.cmake.in. The second entry is never searched; it is
# space for relative names, which are longer than a short prefix.
set_target_properties(${programs} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON
  BUILD_RPATH "$ORIGIN/../space/for/names/that/begin/with/ORIGIN")
install(TARGETS ${programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)

set(share ${CMAKE_INSTALL_DATADIR}/mambasynth)
file(GLOB sweeps ${PROJECT_SOURCE_DIR}/sweeps/*.toml)
install(FILES ${sweeps} DESTINATION ${share}/sweeps COMPONENT programs)
# Job scripts call each other next to themselves; those without a program to run are left out.
file(GLOB job_files ${PROJECT_SOURCE_DIR}/jobs/*.slurm)
install(FILES ${job_files} ${PROJECT_SOURCE_DIR}/jobs/environment.sh ${PROJECT_SOURCE_DIR}/jobs/job.sh
  ${PROJECT_SOURCE_DIR}/jobs/requirements-tools.txt
  ${PROJECT_SOURCE_DIR}/jobs/README.md DESTINATION ${share}/jobs COMPONENT programs)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/jobs/run_sweep.sh ${PROJECT_SOURCE_DIR}/jobs/run_report.sh
  DESTINATION ${share}/jobs COMPONENT programs)
file(GLOB site_files ${PROJECT_SOURCE_DIR}/jobs/site/*.sh)
install(FILES ${site_files} DESTINATION ${share}/jobs/site COMPONENT programs)

set(program_files "")
foreach(program IN LISTS programs)
  list(APPEND program_files "$<TARGET_FILE:${program}>")
endforeach()
configure_file(cmake/InstalledPrograms.cmake.in ${PROJECT_BINARY_DIR}/generated/InstalledPrograms.in.cmake @ONLY)
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/generated/InstalledPrograms.cmake
  INPUT ${PROJECT_BINARY_DIR}/generated/InstalledPrograms.in.cmake)
install(SCRIPT ${PROJECT_BINARY_DIR}/generated/InstalledPrograms.cmake COMPONENT programs)
