# shellcheck shell=bash
# Sourced after environment.sh: files of PyPI pinned by their SHA-256 in requirements-*.txt. They are downloaded once into the
# cache folder; a bundle puts them there without the internet.

downloads=$MAMBASYNTH_CACHE/downloads

pins() {  # FILE...: lines "NAME VERSION SHA256"
  sed -n 's/^\([A-Za-z0-9_-]*\)==\([^ ]*\) .*--hash=sha256:\([0-9a-f]*\).*/\1 \2 \3/p' "$@"
}
# Whether every file that REQUIREMENTS pin is there, intact; then neither pip nor the internet is needed.
downloaded() {  # REQUIREMENTS...
  local name version hash file
  while read -r name version hash; do
    for file in "$downloads/${name//-/_}-$version"[-.]*; do
      ! echo "$hash  $file" | sha256sum --check --status 2>/dev/null || continue 2
    done
    return 1
  done < <(pins "$@")
}
pip_download() {  # OPTION...
  TMPDIR=$temporary python3 -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes --dest "$downloads" "$@"
}
# Only compiled programs and libraries of these wheels are used, never their Python modules, so those for one version of
# CPython work with any.
download_wheels() {  # REQUIREMENTS...
  local file options=()
  ! downloaded "$@" || return 0
  for file in "$@"; do options+=(-r "$file"); done
  pip_download --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux_2_18_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 "${options[@]}"
}
# pip options that install pinned files: from the downloads alone, if all are there.
pip_source() {  # REQUIREMENTS...
  printf '%s\n' --find-links "$downloads"
  ! downloaded "$@" || echo --no-index
}

# install_pinned WHAT SIZE FOLDER UNPACK REMEDY DOWNLOAD...: creates FOLDER in the cache from pinned files: DOWNLOAD... gets
# them, UNPACK NEW_FOLDER unpacks them. REMEDY is what to do where that fails.
install_pinned() {
  local what=$1 size=$2 folder=$3 unpack=$4 remedy=$5 unpacked
  shift 5
  step "Installing $what into $MAMBASYNTH_CACHE"
  [ "$(uname -m)" = x86_64 ] || die 2 "no pinned $what for $(uname -m) (x86_64 only). $remedy."
  mkdir -p "$downloads" "$(dirname "$folder")" 2>/dev/null || die 1 "cannot write $MAMBASYNTH_CACHE. Set MAMBASYNTH_CACHE to a writable folder."
  while_waiting downloading "$temporary" "$@" || die 1 "$what could not be downloaded (pip's output is above). $remedy, or use a bundle (--from)."
  unpacked=$(mktemp -d "$folder.XXXXXX")
  if ! while_waiting unpacking "$unpacked" "$unpack" "$unpacked"; then
    rm -rf "$unpacked"
    die 1 "$what could not be unpacked into $MAMBASYNTH_CACHE (is the disk full?). With the download it takes $size."
  fi
  chmod 755 "$unpacked"
  # A concurrent installer may have finished first; the result is the same.
  mv -T "$unpacked" "$folder" 2>/dev/null || rm -rf "$unpacked"
}
