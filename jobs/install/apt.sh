# shellcheck shell=bash
# Sourced by install_deps.sh after packages.sh: installs system packages with apt-get, and collects them for a bundle.

apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}
quietly() { "$@" >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }; }
apt_install() { quietly apt install -y --no-install-recommends --no-remove "$@"; }

# Runs an apt command on package lists of its own, also of SUITE of this machine's Debian archive unless that is empty, without
# changing the machine's lists and sources.
with_suite() {  # SUITE COMMAND...
  local suite=$1 uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg here=$scratch/suite-$1
  shift
  mkdir -p "$here/lists/partial" "$here/parts"
  cp -L /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$here/parts" 2>/dev/null || true
  if [ -n "$suite" ]; then
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Release: $VERSION_CODENAME" 'Component: main' | sed -n 1p)
    [ -n "$uri" ] || { note "no archive of $VERSION_CODENAME in this machine's sources"; return 1; }
    [ -r $keyring ] && keyring="[signed-by=$keyring] " || keyring=
    echo "deb $keyring$uri $suite main" >"$here/parts/mambasynth-$suite.list"
  fi
  local view=(-o "Dir::Etc::SourceParts=$here/parts" -o "Dir::State::Lists=$here/lists")
  apt "${view[@]}" update && "$@" "${view[@]}"
}
install_catch2() { apt_install "$@" -t "$VERSION_CODENAME-backports" catch2; }
download_toml11() {  # FOLDER APT_OPTION...
  (cd "$1" && apt-get -qq -o APT::Sandbox::User=root "${@:2}" download libtoml11-dev/bookworm)
}
unpack_toml11() {  # FOLDER
  mkdir -p "$MAMBASYNTH_CACHE"
  dpkg-deb -x "$1"/libtoml11-dev_*.deb "$scratch/toml11" && mv -T "$scratch/toml11/usr" "$toml11_cached"
}

# Sets `plain`: those of the packages that the release's archive has in a version for us, and `late`: the others.
divide_by_origin() {  # PACKAGE...
  local package candidate
  plain=() late=()
  for package in "$@"; do
    candidate=$(apt-cache "${apt_view[@]}" policy "$package" | awk '/Candidate:/ {print $2}')
    case $package in
      catch2) at_least "$candidate" 3 || { late+=(catch2); continue; } ;;
      libtoml11-dev) ! at_least "$candidate" 4 || { late+=(toml11); continue; } ;;
    esac
    plain+=("$package")
  done
}
apt_view=()  # options of apt that select other package lists than the machine's

install_packages() {  # PACKAGE...
  local package
  . /etc/os-release
  step "Installing $*"
  while_waiting "reading package lists" '' apt update || note "apt-get update failed; continuing with the existing lists"
  divide_by_origin "$@"
  [ ${#plain[@]} = 0 ] || while_waiting "installing ${#plain[@]} packages" '' apt_install "${plain[@]}" || die 1 "apt-get could not install ${plain[*]} (the end of its output is above). Install them manually and run this again."
  for package in "${late[@]}"; do
    case $package in
      catch2) with_suite "$VERSION_CODENAME-backports" install_catch2 || die 1 "Catch2 version 3 could not be installed from $VERSION_CODENAME-backports. Install it manually, or build without tests." ;;
      toml11) { with_suite bookworm download_toml11 "$scratch" && unpack_toml11 "$scratch"; } || die 1 "toml11 version 3 could not be downloaded from Debian 12's archive. Install its headers manually." ;;
    esac
  done
}

# Puts the wanted packages into FOLDER/debs, with everything that they depend on, as if no package were installed: a minimal
# system lacks most of it, or has it in an older version than these require. Changes nothing on this machine.
collect_packages() {  # FOLDER
  local as_root=''  # downloads only
  . /etc/os-release
  mkdir -p "$1/debs/partial" "$1/toml11"
  : >"$scratch/no-package-installed"
  with_suite '' divide_wanted || return 1
  case " ${late[*]} " in *" toml11 "*) with_suite bookworm download_toml11 "$1/toml11" || return 1 ;; esac
  case " ${late[*]} " in
    *" catch2 "*) with_suite "$VERSION_CODENAME-backports" download_packages "$1/debs" "${plain[@]}" "catch2/$VERSION_CODENAME-backports" ;;
    *) with_suite '' download_packages "$1/debs" "${plain[@]}" ;;
  esac || return 1
  rm -rf "$1/debs/partial" "$1/debs/lock"
  index_packages "$1/debs" >"$scratch/Packages" && mv "$scratch/Packages" "$1/debs/Packages"
}
divide_wanted() {  # APT_OPTION...
  # This machine's own version of a package must not count as one that the archive has.
  local package probe names=() apt_view=("$@" -o "Dir::State::status=$scratch/no-package-installed")
  while read -r package probe _; do
    if [ "$probe" = optional ] && ! output_matches 'Candidate: [0-9]' apt-cache "${apt_view[@]}" policy "$package"; then continue; fi
    only_as_a_snap "$package" || names+=("$package")
  done < <(wanted_packages)
  divide_by_origin "${names[@]}"
}
download_packages() {  # FOLDER PACKAGE... APT_OPTION...
  quietly apt install --download-only -y --no-install-recommends -o Debug::NoLocking=true -o APT::Sandbox::User=root \
    -o "Dir::State::status=$scratch/no-package-installed" -o "Dir::Cache::archives=$1" "${@:2}"
}
# An archive's index of the packages in a folder. Names lose the escapes of an epoch, which apt would decode.
index_packages() {  # FOLDER
  local deb name
  for deb in "$1"/*.deb; do
    name=$(basename "${deb//%/-}")
    [ "$deb" = "$1/$name" ] || mv "$deb" "$1/$name"
    dpkg-deb -f "$1/$name" || return 1
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$name" "$(stat -c %s "$1/$name")" "$(sha256sum "$1/$name" | cut -c 1-64)"
  done
}

# Installs packages from FOLDER as collect_packages() fills it. trusted=yes: its checksums have been verified.
install_collected() {  # FOLDER PACKAGE...
  local folder=$1 names=() package view
  shift
  step "Installing $* from the bundle"
  for package in "$@"; do
    if [ "$package" = libtoml11-dev ] && [ -n "$(ls "$folder/toml11")" ]; then unpack_toml11 "$folder/toml11"; continue; fi
    # An optional package that the release lacks is not in the bundle either.
    if grep -qx "Package: $package" "$folder/debs/Packages" || ! wanted_packages | grep -x "$package  *optional" >/dev/null; then names+=("$package"); fi
  done
  echo "deb [trusted=yes] file:$folder/debs ./" >"$scratch/bundle.list"
  mkdir -p "$scratch/bundle-lists/partial"
  view=(-o "Dir::Etc::SourceList=$scratch/bundle.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$scratch/bundle-lists"
    -o APT::Sandbox::User=root)
  quietly apt "${view[@]}" update && while_waiting "installing ${#names[@]} packages" '' apt_install "${view[@]}" "${names[@]}" ||
    die 1 "the bundle's packages could not be installed (the end of apt-get's output is above). If this machine has newer ones, make a new bundle on a machine that is as up to date."
}
