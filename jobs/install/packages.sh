# shellcheck shell=bash
# Sourced by install_deps.sh: the Debian packages, and how to detect each, however it was installed.

# Each package, and how to detect it if it was installed some other way (a module, a container).
packages='
build-essential     command make
g++                 command g++
cmake               command cmake
ninja-build         command ninja
pkg-config          command pkg-config
ca-certificates     always
git                 command git
unzip               command unzip
python3             command python3
python3-pip         pip
libopenmpi-dev      command mpicxx
openmpi-bin         command mpirun
libhdf5-dev         hdf5
libcli11-dev        header CLI/CLI.hpp
libtoml11-dev       toml11
nlohmann-json3-dev  header nlohmann/json.hpp
libfmt-dev          header fmt/format.h
libzip-dev          pkg libzip
libssl-dev          header openssl/evp.h
libeigen3-dev       pkg eigen3
libboost-dev        header boost/math/distributions/students_t.hpp
gnuplot-nox         command gnuplot
ccache              optional
mold                optional
'
unit_test_packages='
catch2              catch2
'
test_packages=$unit_test_packages'
python3-venv        venv
hdf5-tools          command h5dump
slurm-wlm           command slurmctld
slurm-client        command sbatch
munge               command munged
texlive-latex-recommended  optional
texlive-science     optional
chromium            optional
'
wanted_packages() {  # lines "PACKAGE PROBE NAME"
  local line wanted=$packages
  if $tests; then wanted+=$test_packages
  elif $unit_tests; then wanted+=$unit_test_packages; fi
  while IFS= read -r line; do [ -z "$line" ] || printf '%s\n' "$line"; done <<<"$wanted"
}

includes() { echo "#include <$1>" | "${CXX:-g++}" -std=c++20 -x c++ -E - >/dev/null 2>&1; }
macro_is() {  # HEADER MACRO VALUE
  printf '#include <%s>\n#if !defined(%s) || %s != %s\n#error\n#endif\n' "$1" "$2" "$2" "$3" |
    "${CXX:-g++}" -std=c++20 -x c++ -E - >/dev/null 2>&1
}
offered() {  # KIND NAME: whether it is available, however it was installed
  case $1 in
    command) command -v "$2" >/dev/null ;;
    header) includes "$2" ;;
    pkg) pkg-config --exists "$2" 2>/dev/null ;;
    pip) python3 -m pip --version >/dev/null 2>&1 ;;
    venv) python3 -c 'import venv, ensurepip' 2>/dev/null ;;
    hdf5) pkg-config --exists hdf5 2>/dev/null || command -v h5cc >/dev/null || [ -n "${HDF5_ROOT:-}${HDF5_DIR:-}" ] ;;
    catch2) includes catch2/catch_version_macros.hpp ;;
    toml11) [ -d "$toml11_cached" ] || macro_is toml.hpp TOML11_VERSION_MAJOR 3 || includes toml/parser.hpp ;;
    always | optional) true ;;
  esac
}

# toml11 version 4 has a different interface. If the distribution has it, Debian 12's package of version 3 (headers only) is
# unpacked here, where cmake/Dependencies.cmake finds it.
toml11_cached=$MAMBASYNTH_CACHE/toml11-3

installed_version() { dpkg-query -W -f='${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }
at_least() { dpkg --compare-versions "$1" ge "$2"; }
only_as_a_snap() { [ "$1" = chromium ] && grep -qx 'ID=ubuntu' /etc/os-release; }  # tests in a browser skip
installed() {
  local version
  [ "$1" != libtoml11-dev ] || [ ! -d "$toml11_cached" ] || return 0
  version=$(installed_version "$1")
  [ -n "$version" ] || return 1
  case $1 in
    catch2) at_least "$version" 3 ;;
    libtoml11-dev) ! at_least "$version" 4 ;;
  esac
}

find_missing_packages() {  # sets `missing`
  local package probe name
  missing=()
  while read -r package probe name; do
    if $can_install; then installed "$package" || only_as_a_snap "$package" || missing+=("$package")
    else offered "$probe" "$name" || missing+=("$package"); fi
  done < <(wanted_packages)
}
