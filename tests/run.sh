#!/usr/bin/env bash
# Installs, builds and runs every test that this machine can run, and lists what it skipped and why.
#
#   tests/run.sh [--quick] [--long] [--no-install]
#
#   --quick        unit tests only: no sanitizers, no system tests
#   --long         also tests that take minutes, a build that compiles each file and each header separately, the headers of
#                  older LibTorch, sanitizers on code that uses LibTorch, ThreadSanitizer if clang++ and its OpenMP runtime are
#                  installed, and fuzz.sh, 10 minutes for each reader of foreign files, if clang++ has libFuzzer
#   --no-install   install nothing: modules or a container provide everything
#
# MAMBASYNTH_REFERENCE=FOLDER   golden files of the original (default: shared/reference next to the checkout)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../jobs/environment.sh"
. "$checkout/jobs/install/pins.sh"

quick=false long=false install=true
for argument in "$@"; do
  case $argument in
    --quick) quick=true ;;
    --long) long=true ;;
    --no-install) install=false ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) die 2 "unknown option $argument (see --help)." ;;
  esac
done

results=$checkout/build/test-results
rm -rf "$results"
mkdir -p "$results"
skip() { printf '%s\n' "$*" >>"$results/skipped"; }  # a whole group that cannot run here
fail() { printf '%s\n' "$*" >>"$results/failed"; }
# Records the time since the last call under this name.
lap() { printf '%d\t%s\n' $((SECONDS - since)) "$*" >>"$results/times"; since=$SECONDS; }
since=$SECONDS

install_python() {
  local python_tag
  python_tag=$(python3 -c 'import sys; print("py%d.%d" % sys.version_info[:2])')
  local name index=()
  name=tests-$python_tag-$(sha256sum "$checkout/tests/requirements.txt" | cut -c 1-12)
  venv=$MAMBASYNTH_CACHE/$name
  [ ! -d "$downloads/$name" ] || index=(--no-index --find-links "$downloads/$name")  # from a bundle
  if [ ! -d "$venv" ] && $install; then
    step "Installing what the Python tests need into $venv"
    rm -rf "$venv.new"
    # Only its python is called, so the environment can be built under another name and renamed when complete.
    python3 -m venv "$venv.new" && "$venv.new/bin/python" -m pip --disable-pip-version-check install --quiet "${index[@]}" \
      -r "$checkout/tests/requirements.txt" && mv -T "$venv.new" "$venv"
  fi
  [ -d "$venv" ]
}

# Python's torch, for reading our checkpoints: the same pinned wheel, if a CUDA toolkit provides the libraries it needs.
install_torch() {
  torch=$MAMBASYNTH_CACHE/python-torch-$(sha256sum "$checkout"/jobs/requirements-libtorch*.txt | sha256sum | cut -c 1-12)
  [ ! -d "$torch" ] || return 0
  $install || { no_torch="--no-install was given"; return 1; }
  [[ $venv == *py3.11-* ]] || { no_torch="its pinned wheel is for Python 3.11"; return 1; }
  output_matches 'libcublas\.so\.13' ldconfig -p || { no_torch="no CUDA 13 toolkit provides the libraries it loads"; return 1; }
  step "Installing Python's torch into $torch"
  local pins=("$checkout"/jobs/requirements-libtorch{,-cpu,-cuda}.txt) index
  mapfile -t index < <(pip_source "${pins[@]}")
  rm -rf "$torch.new"
  no_torch="pip could not install it"
  "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes --target "$torch.new" \
    "${index[@]}" "${pins[@]/#/--requirement=}" && mv -T "$torch.new" "$torch" && no_torch=
}

# Tools to check GPU code without a GPU. Without them, those tests skip.
install_device_tools() {
  device_tools=$MAMBASYNTH_CACHE/device-tools-$(sha256sum "$checkout/tests/requirements-device-code.txt" | cut -c 1-12)
  if [ -d "$device_tools" ] || ! $install || [ "$(uname -m)" != x86_64 ]; then return; fi
  step "Installing NVRTC and cuobjdump into $device_tools"
  local index
  mapfile -t index < <(pip_source "$checkout/tests/requirements-device-code.txt")
  rm -rf "$device_tools.new"
  "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
    "${index[@]}" --target "$device_tools.new" -r "$checkout/tests/requirements-device-code.txt" && mv -T "$device_tools.new" "$device_tools" ||
    fail "tests of GPU code: NVRTC and cuobjdump could not be installed (pip's output is above)"
}

# One more than there are cores, because some tests wait for ranks or for Slurm.
parallel=$(($(nproc) + 1))
run_ctest() {  # PRESET
  local filter=(-LE long) cases=$checkout/build/$1/tests/cases
  $long && filter=()
  step "Unit tests, preset $1"
  rm -f "$cases"/*.xml
  # One thread per test: two tests whose threads spin-wait take ten times as long.
  OMP_NUM_THREADS=${threads_per_test:-1} ctest --test-dir "$checkout/build/$1" --no-tests=error --output-on-failure --parallel $parallel "${filter[@]}" \
    --output-junit "$results/$1.xml" || fail_without_report "$1"
  cp -r "$cases" "$results/$1"
  lap "unit tests, preset $1"
}
sanitize() {  # PRESET
  step "Building preset $1"
  build "$1" all
  lap "building preset $1"
  # LibTorch is not instrumented: containers passed to it look like overflows, and what it never frees looks like leaks.
  ASAN_OPTIONS=detect_container_overflow=0 LSAN_OPTIONS=suppressions=$checkout/tests/leaks.supp run_ctest "$1"
}
# Data races. clang's OpenMP runtime reports its synchronization to the sanitizer, through Archer; GCC's does not.
sanitize_threads() {
  local compiler archer
  for compiler in clang++ clang++-{21..16}; do
    archer=$("$compiler" -print-resource-dir 2>/dev/null)/../../libarcher.so && [ -f "$archer" ] && break
    archer=
  done
  if [ -z "$archer" ]; then
    skip "ThreadSanitizer: no clang++ with libarcher.so (Debian: clang-16 libclang-rt-16-dev libomp-16-dev)"
    return
  fi
  step "Building preset tsan with $compiler"
  CXX=$compiler build tsan all
  lap "building preset tsan"
  OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS="ignore_noninstrumented_modules=1" threads_per_test=3 run_ctest tsan
}
fuzz_readers() {
  local code=0
  step "Fuzzing the readers of foreign files"
  "$checkout/tests/fuzz.sh" || code=$?
  case $code in
    0) ;;
    77) skip "fuzzing: no clang++ 16 or newer with libFuzzer and OpenMP (Debian: clang-16 libclang-rt-16-dev libomp-16-dev)" ;;
    *) fail "fuzzing: a reader broke, or the fuzzers could not be built (see above)" ;;
  esac
  lap "fuzzing"
}
run_pytest() {
  local filter=(-m 'not long')
  $long && filter=()
  step "System tests and Python tests"
  (cd "$checkout/tests" && PYTHONDONTWRITEBYTECODE=1 MAMBASYNTH_PYTHON_TORCH=${torch:-} \
    MAMBASYNTH_NO_PYTHON_TORCH=${no_torch:-} MAMBASYNTH_DEVICE_TOOLS=${device_tools:-} \
    "$venv/bin/python" -m pytest --build="$checkout/build/$preset" --numprocesses $parallel \
    "${filter[@]}" --junitxml "$results/pytest.xml") || fail_without_report pytest
  lap "system tests"
}
# Compiles each header separately, with the build's compiler and others that are installed: standard libraries differ in
# which headers include which others.
check_headers() {
  local compiler folder torch_root others=()
  step "Compiling each header separately"
  build "$preset" headers_alone
  torch_root=$(sed -n 's/^MAMBASYNTH_TORCH_ROOT:PATH=//p' "$checkout/build/$preset/CMakeCache.txt")
  for compiler in clang++ g++-15 g++-14 g++-13; do
    if ! command -v "$compiler" >/dev/null; then continue; fi
    others+=("$compiler")
    folder=$checkout/build/headers-$compiler
    mkdir -p "$folder"
    if ! cmake -S "$checkout" -B "$folder" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DTorch_DIR="$torch_root" \
      -DMAMBASYNTH_WERROR=ON -DMAMBASYNTH_TESTS=OFF >"$folder/build.log" 2>&1; then
      skip "headers with $compiler: CMake cannot configure with it (see $folder/build.log)"
    elif ! CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1 cmake --build "$folder" --parallel "$(build_jobs)" --target headers_alone -- -k 0 >>"$folder/build.log" 2>&1; then
      grep -A 3 'error:' "$folder/build.log" | sed -n 1,40p >&2
      fail "headers with $compiler: some do not compile separately (see $folder/build.log)"
    fi
  done
  [ ${#others[@]} != 0 ] || skip "headers with other compilers: neither clang++ nor a newer g++ is installed"
  lap "headers (${CXX:-g++} ${others[*]})"
}
# A runner that fails writes a report, which is counted; one without a report is itself a failure.
fail_without_report() { [ -s "$results/$1.xml" ] || fail "$1: ended without a report"; }

# With a CUDA toolkit, the GPU kernels are built, too; without a GPU, their tests skip. With a GPU, a missing toolkit is installed.
preset=ci needs=(--tests)
if find_cuda_toolkit || { $install && has_gpu && can_fetch_cuda_toolkit; }; then preset=ci-cuda needs+=(--cuda)
else skip "GPU kernels: no CUDA toolkit 12.8 or newer to build them with"; fi
if $install; then
  "$checkout/jobs/install_deps.sh" "${needs[@]}"
  # The sanitizer builds have no GPU code, so they need the CPU's LibTorch.
  if $long && ! $quick && [ "$preset" != ci ]; then "$checkout/jobs/install_deps.sh"; fi
else "$checkout/jobs/install_deps.sh" "${needs[@]}" --no-install || note "Continuing anyway; CMake will report what is missing."; fi
[ "$preset" = ci ] || find_cuda_toolkit || note "Continuing without a CUDA compiler; CMake will report it."
python_installed=false
if ! $quick && install_python; then
  python_installed=true
  install_device_tools
  install_torch || skip "torch.load of our checkpoints in Python: $no_torch"
fi
lap "installing"

step "Building preset $preset"
build "$preset" all
lap "building preset $preset"
run_ctest "$preset"

if $quick; then
  skip "sanitizers: --quick was given"
  skip "system tests: --quick was given"
else
  if $long; then
    step "Building preset ci-files"
    build ci-files all
    lap "building preset ci-files"
    check_headers
    step "Compiling with older LibTorch"
    "$checkout/tests/torch_versions.sh" "$preset" || fail "older LibTorch: some code does not compile (see above)"
    lap "older LibTorch"
    sanitize asan-torch
    sanitize_threads
    fuzz_readers
  else
    sanitize asan
    skip "sanitizers on code that uses LibTorch, ThreadSanitizer, fuzzing, and compiling each file and header separately: --long was not given"
  fi
  if $python_installed; then run_pytest
  elif $install; then fail "system tests: their Python packages could not be installed (pip's output is above)"
  else skip "system tests and Python tests: --no-install was given and $venv does not exist"; fi
fi

exec python3 "$checkout/tests/summary.py" "$results"
