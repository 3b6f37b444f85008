# Where jobs/install_deps.sh puts what the system does not have.
if(DEFINED ENV{MAMBASYNTH_CACHE})
  set(MAMBASYNTH_CACHE "$ENV{MAMBASYNTH_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(MAMBASYNTH_CACHE "$ENV{XDG_CACHE_HOME}/mambasynth")
else()
  set(MAMBASYNTH_CACHE "$ENV{HOME}/.cache/mambasynth")
endif()
