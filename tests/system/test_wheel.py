"""`pip install .` as a user runs it: a wheel that holds the package and the programs, and works beside PyTorch."""

import os
import re
import subprocess
import sys
import zipfile

import pytest
from conftest import CHECKOUT, MPI

VERSION = re.search(r"project\(mambasynth VERSION ([0-9.]+)", (CHECKOUT / "CMakeLists.txt").read_text())[1]


@pytest.fixture(scope="module")
def wheel(build, tmp_path_factory):
    """Built by pip for the CPU, with the tested programs, in an environment of its own, with the build backend from PyPI."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ("cmake.define.MAMBASYNTH_PYTHON_CUDA=OFF", f"cmake.define.MAMBASYNTH_PYTHON_PROGRAMS={build / 'bin'}",
               f"build-dir={folder / 'build'}")
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", CHECKOUT, "--no-deps", "--wheel-dir", folder,
                           *(word for option in options for word in ("--config-settings", option))],
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def environment(wheel, torch, tmp_path_factory):
    """A bare virtual environment with the wheel, beside PyTorch: the folder of its commands."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=300)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", wheel], check=True, timeout=300)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "torch.pth").write_text("\n".join(path.removesuffix("/torch") for path in torch.__path__))
    return folder / "bin"


def run(*command, **environment):
    clean = {name: value for name, value in os.environ.items() if name not in ("LD_LIBRARY_PATH", "MAMBASYNTH_PROGRAM", "PYTHONPATH")}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=clean | MPI | {"OMP_NUM_THREADS": "1"} | environment)


@pytest.mark.long
def test_pip_builds_one_wheel_for_all_versions_of_python(wheel):
    assert wheel.name.startswith(f"mambasynth-{VERSION}-py3-none-linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        needed = archive.read("mambasynth/operators.so")
    modules = {f"mambasynth/{path.name}" for path in (CHECKOUT / "src/python/mambasynth").iterdir() if path.is_file()}
    programs = {f"mambasynth/bin/{name}" for name in ("mambasynth", "mambasynth-collate", "built_with.json")}
    assert modules | programs | {"mambasynth/operators.so"} == {name for name in names if name.startswith("mambasynth/")}
    # What manylinux_2_28 lacks.
    assert not [version for version in (b"GLIBC_2.29", b"GLIBC_2.32", b"GLIBC_2.34", b"GLIBCXX_3.4.26", b"GLIBCXX_3.4.29") if version in needed]


@pytest.mark.long
def test_the_installed_wheel_computes(environment):
    code = ("import mambasynth, torch\n"
            "block = mambasynth.Mamba(16)\n"
            "block(torch.randn(1, 70, 16)).sum().backward()\n"
            "print(mambasynth.__version__, mambasynth.__file__, bool(block.A_log.grad.any()))")
    done = run(environment / "python", "-c", code)
    version, file, has_gradient = done.stdout.split()
    assert (version, has_gradient) == (VERSION, "True") and file.startswith(str(environment.parent)), done.stderr


@pytest.mark.long
@pytest.mark.parametrize("ranks", [1, 2])
def test_the_installed_commands_run_a_sweep_and_collate_it(environment, build, tiny_sweep, tmp_path, ranks):
    launcher = [] if ranks == 1 else ["mpirun", "-n", str(ranks)]
    done = run(*launcher, environment / "mambasynth", "sweep", tiny_sweep, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    done = run(environment / "mambasynth-collate", tmp_path / "out")
    assert done.returncode == 0 and "gate_lr_factor" in done.stdout, done.stderr
    assert run(environment / "mambasynth", "--version").stdout == run(build / "bin/mambasynth", "--version").stdout
    assert (environment.parent / "share/mambasynth/sweeps/gate_lr.toml").is_file()
