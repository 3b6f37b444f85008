"""Installing without the internet: what jobs/install_deps.sh --bundle packs, and what --from refuses."""

import os
import shutil
import subprocess

import pytest

from conftest import CHECKOUT

INSTALL = CHECKOUT / "jobs" / "install_deps.sh"
PARTS = f"""set -euo pipefail
. {CHECKOUT}/jobs/environment.sh
for part in packages pins pypi bundle; do . {CHECKOUT}/jobs/install/$part.sh; done
"""


def run(*command, timeout=60, **environment):
    return subprocess.run([*map(str, command)], env=os.environ | environment, capture_output=True, text=True, timeout=timeout)


@pytest.fixture
def install(tmp_path):
    """install(OPTION...): install_deps.sh with a cache of its own."""
    def install(*options, **environment):
        return run(INSTALL, *options, **{"MAMBASYNTH_CACHE": str(tmp_path / "cache")} | environment)

    return install


@pytest.fixture
def small_bundle(tmp_path):
    """small_bundle(CHANGES): a bundle of this checkout for this machine that holds one small file."""
    def small_bundle(change="", after_sums=""):
        script = PARTS + f"""
cuda=false tests=false
mkdir -p {tmp_path}/made/pypi
cd {tmp_path}/made
bundle_manifest >MANIFEST
{change}
seq 20000 >pypi/numbers.whl
sha256sum MANIFEST pypi/* >SHA256SUMS
{after_sums}
tar -cf ../bundle.tar MANIFEST SHA256SUMS pypi"""
        made = run("bash", "-c", script)
        assert made.returncode == 0, made.stderr
        return tmp_path / "bundle.tar"

    return small_bundle


def refusal(done, cache):
    """The message of a refusal that has left nothing behind."""
    assert done.returncode == 2, done.stderr
    assert not cache.exists() or [*cache.rglob("*")] == [cache / "downloads"]
    return done.stderr


@pytest.mark.parametrize("field, value, reported", [
    ("release", "debian 99", "is for debian 99"),
    ("architecture", "riscv64", "is for riscv64"),
    ("pins", "0123", "pins other versions"),
])
def test_a_foreign_bundle_is_refused(install, small_bundle, tmp_path, field, value, reported):
    bundle = small_bundle(change=f"sed -i 's/^{field} .*/{field} {value}/' MANIFEST")
    assert reported in refusal(install("--from", bundle), tmp_path / "cache")


def test_a_bundle_that_lacks_what_is_asked_for_is_refused(install, small_bundle, tmp_path):
    bundle = small_bundle()
    for option in ("--cuda", "--tests"):
        assert f"made without {option}" in refusal(install("--from", bundle, option), tmp_path / "cache")


def test_a_damaged_bundle_is_refused(install, small_bundle, tmp_path):
    cache = tmp_path / "cache"
    whole = small_bundle().read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[:len(whole) // 2])
    assert "incomplete or damaged" in refusal(install("--from", cut), cache)
    flipped = whole.replace(b"\n10000\n", b"\n10001\n")
    assert flipped != whole
    cut.write_bytes(flipped)
    message = refusal(install("--from", cut), cache)
    assert "incomplete or damaged" in message and "numbers.whl" in message
    assert "is not a bundle" in refusal(install("--from", CHECKOUT / "README.md"), cache)
    assert "cannot read" in refusal(install("--from", tmp_path / "nonesuch"), cache)


def test_options_that_exclude_each_other_are_refused(install, tmp_path):
    for options in (("--bundle", "a", "--from", "b"), ("--bundle", "a", "--no-install"), ("--from", "a", "--no-install"), ("--bundle",)):
        assert install(*options).returncode != 0, options
    assert not (tmp_path / "cache").exists() and not (tmp_path / "a").exists()


def test_help_names_the_release_of_a_bundle():
    release = run("bash", "-c", '. /etc/os-release; echo "$ID $VERSION_ID"').stdout.strip()
    assert release in run(INSTALL, "--help").stdout


def tools_without(folder, *names):
    """A folder for PATH with all programs but some."""
    folder.mkdir()
    for source in ("/usr/sbin", "/usr/bin"):
        for name in os.listdir(source):
            if name not in names and not (folder / name).exists():
                (folder / name).symlink_to(f"{source}/{name}")
    return str(folder)


@pytest.fixture
def offline():
    """The words that run a command without a network."""
    words = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if run(*words, "true").returncode != 0:
        pytest.skip("namespaces without a network cannot be created here")
    return words


@pytest.mark.long
def test_a_bundle_installs_without_a_network(offline, tmp_path):
    """Without apt-get and some programs: LibTorch, headers and tools are installed, and what only packages provide is named."""
    # The real downloads, so that only what is missing there is downloaded.
    cache = os.environ.get("MAMBASYNTH_CACHE", os.path.expanduser("~/.cache/mambasynth"))
    missing = ("apt-get", "cmake", "ninja", "mpicxx", "mpirun", "gnuplot")
    path = tools_without(tmp_path / "tools", *missing)
    made = run(INSTALL, "--bundle", tmp_path / "bundle.tar", PATH=path, MAMBASYNTH_CACHE=cache, timeout=1200)
    assert made.returncode == 0, made.stderr
    assert "has no apt-get" in made.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle.tar", "tools"]

    there = tmp_path / "cache"
    environment = {"PATH": path, "MAMBASYNTH_CACHE": str(there), "Torch_DIR": "", "MAMBASYNTH_HEADERS_DIR": ""}
    done = run(*offline, INSTALL, "--from", tmp_path / "bundle.tar", timeout=1200, **environment)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("apt-get install gnuplot-nox.\n") == 1
    assert len([*there.glob("torch-*-cpu/torch/lib/libtorch_cpu.so")]) == len([*there.glob("assorthead-*/include/umappp")]) == 1
    assert not [*there.glob("bundle.*")]
    # The scripts find the tools; Open MPI's compiler wrapper and launcher work where they were unpacked.
    (tmp_path / "ranks.cpp").write_text("""#include <mpi.h>
#include <cstdio>
int main() {
  int rank, all;
  MPI_Init(nullptr, nullptr);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Allreduce(&rank, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  std::printf("rank %d sum %d\\n", rank, all);
  MPI_Finalize();
}""")
    script = f"""set -e; . {CHECKOUT}/jobs/environment.sh; set_mpi_defaults; cd {tmp_path}
cmake --version >/dev/null; ninja --version >/dev/null; mpicxx ranks.cpp -o ranks; mpirun -n 3 ./ranks"""
    ran = run("bash", "-c", script, **environment)
    assert sorted(ran.stdout.split("\n")) == ["", "rank 0 sum 3", "rank 1 sum 3", "rank 2 sum 3"], ran.stderr
    shutil.rmtree(there)
