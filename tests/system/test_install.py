"""What `cmake --install` makes: programs, manual pages and completions that go on working when their folder is moved, and
libraries for other projects."""

import gzip
import math
import os
import re
import shutil
import subprocess

import pytest
from conftest import CHECKOUT, Program
from test_help import VERBS, flags_in

pytestmark = pytest.mark.skipif(not shutil.which("cmake"), reason="CMake is not installed")


def run(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, **options)


def runpath(program):
    return re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", run("readelf", "-d", program).stdout)


@pytest.fixture(scope="session")
def prefix(build, made_once):
    """An installation, moved after it was made."""
    def install(folder):
        done = run("cmake", "--install", build, "--prefix", folder / "made")
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr.lower(), done.stderr
        (folder / "made").rename(folder / "moved")

    return made_once("installed", install) / "moved"


def test_the_programs_run_after_their_folder_has_moved(prefix, finished_sweep, tmp_path, mambasynth):
    program, collate = Program(prefix / "bin" / "mambasynth"), Program(prefix / "bin" / "mambasynth-collate")
    assert program("--version").stdout == mambasynth("--version").stdout
    # With a library of LibTorch in use, not only loaded.
    program("train", "--n-steps", "2000", "--n-layers", "1", "--d-model", "8", "--seq-len", "64", "--epochs", "1", "--warmup-epochs", "1",
            "--no-figures", "--device", "cpu", "--out", tmp_path / "run")
    assert "gate_lr_factor" in collate(finished_sweep, "--out", tmp_path / "tables").stdout
    for name in ("mambasynth", "mambasynth-collate"):
        for folder in ":".join(runpath(prefix / "bin" / name)).split(":"):
            # Of this build and of this installation nothing is left.
            assert str(prefix.parent) not in folder and str(CHECKOUT / "build") not in folder, folder


def test_a_library_in_the_prefix_is_found_relative_to_the_program(build, tmp_path):
    """A LibTorch inside of the prefix, as in the environment of a package manager."""
    torch = re.search(r"^MAMBASYNTH_TORCH_ROOT:PATH=(.+)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE).group(1)
    name = os.path.basename(torch)
    # A prefix may be a folder above LibTorch; DESTDIR keeps this installation out of it.
    done = run("cmake", "--install", build, "--component", "programs", "--prefix", os.path.dirname(torch),
               env=os.environ | {"DESTDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    made = tmp_path / os.path.dirname(torch).lstrip("/")
    paths = ":".join(runpath(made / "bin" / "mambasynth")).split(":")
    assert f"$ORIGIN/../{name}/lib" in paths and not any(path.startswith(torch) for path in paths)
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved" / name).symlink_to(torch)
    shutil.move(made / "bin", tmp_path / "moved" / "bin")
    assert Program(tmp_path / "moved" / "bin" / "mambasynth")("--version").stdout.startswith("mambasynth ")


def test_sweeps_and_job_scripts_are_installed_where_they_find_each_other(prefix, tmp_path):
    share = prefix / "share" / "mambasynth"
    assert {path.name for path in CHECKOUT.glob("sweeps/*.toml")} == {path.name for path in (share / "sweeps").iterdir()} != set()
    assert {path.name for path in CHECKOUT.glob("jobs/*.slurm")} <= {path.name for path in (share / "jobs").iterdir()}
    # A job script finds the program of its own installation without PATH or a checkout.
    found = run("bash", "-euc", '. "$0/jobs/environment.sh"; . "$0/jobs/job.sh"; find_program mambasynth; "${program[@]}" --version', share,
                env={key: value for key, value in os.environ.items() if key != "CONTAINER"})
    assert found.returncode == 0 and found.stdout.startswith("mambasynth "), found.stderr


def test_another_project_builds_with_the_installed_libraries_and_computes(prefix, build, tmp_path):
    if "MAMBASYNTH_SANITIZE:STRING=\n" not in (build / "CMakeCache.txt").read_text():
        pytest.skip("sanitizers would make users of the libraries link their run-time libraries")
    # The package must not look for what only the programs need.
    done = run("cmake", "-S", CHECKOUT / "tests" / "system" / "consumer", "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}",
               *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in ("Torch", "MPI", "CUDAToolkit", "HDF5", "Eigen3")))
    assert done.returncode == 0, done.stderr
    assert (build := run("cmake", "--build", tmp_path)).returncode == 0, build.stdout
    assert not re.search(r"libtorch|libmpi|libcuda|libhdf5", run("ldd", tmp_path / "consumer").stdout)
    dimension, first, second = map(float, run(tmp_path / "consumer").stdout.split())
    assert dimension == pytest.approx(2, abs=0.15)  # a standard error is 2 / sqrt(2000) = 0.045
    assert [first, second] == pytest.approx([x / (1 + math.exp(-x)) for x in (1, 3)], abs=1e-5)


def test_a_missing_component_is_reported(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.22)\nproject(p LANGUAGES CXX)\n"
                                             "find_package(mambasynth REQUIRED COMPONENTS kernels plots)\n")
    done = run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    assert done.returncode != 0 and "component plots is not installed" in done.stderr


def pages(prefix):
    return sorted((prefix / "share" / "man" / "man1").iterdir())


def test_there_is_a_manual_page_for_each_program_and_verb(prefix):
    names = {page.name for page in pages(prefix)}
    verbs = {f"mambasynth-{verb}.1" for verb in [*VERBS, "completion", "manual"]}
    assert names == {"mambasynth.1", "mambasynth-collate.1"} | verbs


def test_manual_pages_are_clean_roff(prefix):
    checked = 0
    for page in pages(prefix):
        if shutil.which("groff"):  # every warning, as in Debian's lintian
            done = run("groff", "-man", "-ww", "-Tutf8", "-z", page)
            assert done.returncode == 0 and done.stderr == "", page.name
            checked += 1
        if shutil.which("mandoc"):
            done = run("mandoc", "-Tlint", page)
            assert done.stdout == "", page.name
            checked += 1
    if checked == 0:
        pytest.skip("neither groff nor mandoc is installed")


@pytest.mark.parametrize("verb", [*VERBS, None])
def test_a_manual_page_names_every_flag_with_its_default(prefix, mambasynth, collate, verb):
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    program = "mambasynth-collate" if verb is None else f"mambasynth-{verb}"
    text = run("groff", "-man", "-Tascii", "-P-c", "-rLL=200n", prefix / "share" / "man" / "man1" / f"{program}.1").stdout
    text = re.sub(r".\x08", "", text)
    lines = text.splitlines()
    flags = flags_in(collate("--help").stdout if verb is None else mambasynth(verb, "--help-all").stdout)
    assert len(flags) > 0
    for flag, description in flags.items():
        start = next((i for i, line in enumerate(lines) if re.match(rf"\s+{flag}(?![\w-])", line)), None)
        assert start is not None, flag
        entry = " ".join(" ".join(lines[start:start + 12]).split())
        if default := re.search(r" \[default: (.*)\]$", description):
            assert f"Default: {default.group(1)}." in entry or f"[default: {default.group(1)}]" in entry, flag


def test_manual_refuses_what_is_not_a_verb(mambasynth):
    assert "Did you mean 'train'?" in mambasynth("manual", "trian", code=2).stderr


def test_manual_pages_can_be_compressed_and_found_by_man(prefix, tmp_path):
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("man is not installed")
    folder = tmp_path / "man1"
    folder.mkdir()
    for page in pages(prefix):
        (folder / f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes()))
    done = run("man", "mambasynth-train", env=os.environ | {"MANPATH": str(tmp_path), "MANWIDTH": "80", "MANPAGER": "cat", "LC_ALL": "C"})
    if done.returncode != 0 and "minimized" in done.stdout + done.stderr:
        pytest.skip("this system's man is a stub (a minimized image)")
    assert done.returncode == 0, done.stderr
    assert "mambasynth-train - train one network" in " ".join(done.stdout.split())
