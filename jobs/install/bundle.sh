# shellcheck shell=bash
# Sourced by install_deps.sh after packages.sh, apt.sh and pypi.sh: one file for machines without the internet. A bundle is a tar
# archive of MANIFEST, SHA256SUMS (of everything else), pypi/, and, where they apply, debs/, toml11/ and the test folder.

bundle_release() { ( . /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-unknown}" ) || echo unknown; }
# Two checkouts with the same pins can use each other's bundles.
bundle_pins() {
  { cat "$requirements"*.txt "$checkout"/tests/requirements*.txt; printf '%s' "$packages$test_packages"; } | sha256sum | cut -c 1-64
}
bundle_manifest() {
  cat <<END
MambaSynth bundle 1
release $(bundle_release)
architecture $(uname -m)
pins $(bundle_pins)
commit $(git -C "$checkout" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
cuda $cuda
tests $tests
END
}
# The Python packages of the tests, for the version of Python that runs here (tests/run.sh looks for this folder).
test_downloads() { echo "tests-$(python3 -c 'import sys; print("py%d.%d" % sys.version_info[:2])')-$(sha256sum "$checkout/tests/requirements.txt" | cut -c 1-12)"; }

# ---- making one
make_bundle() {  # FILE
  local file=$1 folder=$scratch/bundle wheels
  [[ $file = /* ]] || file=$PWD/$file
  [ "$(uname -m)" = x86_64 ] || die 2 "no bundles for $(uname -m) (the pinned files are for x86_64 only). Make it on an x86-64 machine."
  offered pip || die 2 "pip is not installed (it downloads what the bundle holds). Install it: apt-get install python3-pip."
  offered command unzip || die 2 "unzip is not installed (the bundle's headers need it). Install it: apt-get install unzip."
  mkdir -p "$folder/pypi" "$downloads" || die 1 "cannot write $MAMBASYNTH_CACHE. Set MAMBASYNTH_CACHE to a writable folder."
  bundle_unfinished=$(mktemp "$file.XXXXXX") || die 2 "cannot write $file (its folder does not exist or is not writable). Give another path."
  bundle_manifest >"$folder/MANIFEST"

  step "Downloading what $file will hold"
  if $cuda; then libtorch_requirements cuda-complete; else libtorch_requirements cpu; fi
  wheels=("${torch_pins[@]}" "$requirements-tools.txt" "$requirements-headers-tools.txt")
  ! $cuda || wheels+=("$requirements-cuda.txt")
  ! $tests || wheels+=("$checkout/tests/requirements-device-code.txt")
  { while_waiting "downloading wheels" "$temporary" download_wheels "${wheels[@]}" && download_headers; } ||
    die 1 "the pinned files could not be downloaded (pip's output is above). Run this again where PyPI can be reached."
  link_pinned "$folder/pypi" "${wheels[@]}" "$requirements-headers.txt"
  if $tests; then
    while_waiting "downloading Python packages" "$folder" env TMPDIR="$temporary" python3 -m pip --disable-pip-version-check download --quiet \
      --only-binary=:all: --dest "$folder/$(test_downloads)" -r "$checkout/tests/requirements.txt" ||
      die 1 "the Python packages of the tests could not be downloaded (pip's output is above). Run this again, or without --tests."
  fi
  if command -v apt-get >/dev/null; then
    while_waiting "downloading system packages" "$folder" collect_packages "$folder" ||
      die 1 "the system packages could not be downloaded (the end of apt-get's output is above). Correct this machine's sources and run this again."
  else note "Without system packages: this machine has no apt-get."; fi

  (cd "$folder" && find -L . -type f ! -name SHA256SUMS -printf '%P\0' | sort -z | xargs -0 sha256sum >SHA256SUMS) &&
    (cd "$folder" && while_waiting packing '' tar -chf "$bundle_unfinished" --owner=0 --group=0 MANIFEST SHA256SUMS */) ||
    die 1 "$file could not be written (is the disk full?). Free space and run this again."
  chmod 644 "$bundle_unfinished"
  mv -T "$bundle_unfinished" "$file"
  note "$file ($(du -m "$file" | cut -f 1) MB) is for $(bundle_release), $(uname -m). On such a machine: jobs/install_deps.sh --from $(basename "$file")"
}
link_pinned() {  # FOLDER REQUIREMENTS...
  local name version file
  while read -r name version _; do
    for file in "$downloads/${name//-/_}-$version"[-.]*; do ln -s "$file" "$1"; done
  done < <(pins "${@:2}" | sort -u)
}

# ---- using one
open_bundle() {  # FILE: puts its pinned files into the downloads and the rest into $bundle
  local file=$1 manifest
  [ -f "$file" ] && [ -r "$file" ] || die 2 "cannot read $file (no such file, or not readable). Give the path of a bundle."
  manifest=$(tar --occurrence=1 -xOf "$file" MANIFEST 2>/dev/null) && [[ $manifest = "MambaSynth bundle 1"$'\n'* ]] ||
    die 2 "$file is not a bundle (it has no manifest of jobs/install_deps.sh). Make one with --bundle FILE where there is internet."
  manifest_says() { sed -n "s/^$1 //p" <<<"$manifest"; }
  [ "$(manifest_says architecture)" = "$(uname -m)" ] ||
    die 2 "$file is for $(manifest_says architecture) (this machine is $(uname -m)). Make a bundle on a machine like this one."
  [ "$(manifest_says release)" = "$(bundle_release)" ] ||
    die 2 "$file is for $(manifest_says release) (this machine runs $(bundle_release)). Make a bundle on a machine with the same release."
  [ "$(manifest_says pins)" = "$(bundle_pins)" ] ||
    die 2 "$file belongs to commit $(manifest_says commit) (it pins other versions than this checkout). Make a bundle with this checkout."
  ! $cuda || [ "$(manifest_says cuda)" = true ] || die 2 "$file has no CUDA (it was made without --cuda). Leave out --cuda, or make a bundle with it."
  ! $tests || [ "$(manifest_says tests)" = true ] || die 2 "$file has nothing for tests (it was made without --tests). Leave out --tests, or make a bundle with it."
  cuda=$(manifest_says cuda) tests=$(manifest_says tests)

  step "Unpacking $file"
  mkdir -p "$downloads" || die 1 "cannot write $MAMBASYNTH_CACHE. Set MAMBASYNTH_CACHE to a writable folder."
  bundle=$(mktemp -d "$MAMBASYNTH_CACHE/bundle.XXXXXX")
  { while_waiting unpacking "$bundle" tar -xf "$file" -C "$bundle" --no-same-owner &&
    (cd "$bundle" && while_waiting "comparing checksums" '' quietly sha256sum --check --strict --quiet SHA256SUMS); } ||
    die 2 "$file is incomplete or damaged (see above). Copy it again and compare its size; unpacked, it takes as much space in $MAMBASYNTH_CACHE."
  mv "$bundle"/pypi/* "$downloads"
  local folder
  for folder in "$bundle"/tests-*; do
    [ ! -d "$folder" ] || { rm -rf "${downloads:?}/${folder##*/}" && mv "$folder" "$downloads"; }
  done
}
bundle='' bundle_unfinished=''
discard_bundle() { rm -rf ${bundle:+"$bundle"} ${bundle_unfinished:+"$bundle_unfinished"}; }
