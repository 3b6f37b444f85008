"""`pip install .` as a user runs it: a wheel that holds the package and works beside PyTorch."""

import os
import re
import subprocess
import sys
import zipfile

import pytest
from conftest import CHECKOUT

VERSION = re.search(r"project\(mambasynth VERSION ([0-9.]+)", (CHECKOUT / "CMakeLists.txt").read_text())[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built by pip for the CPU, in an environment of its own, with the build backend from PyPI."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", CHECKOUT, "--no-deps", "--wheel-dir", folder, "--config-settings",
                           "cmake.define.MAMBASYNTH_PYTHON_CUDA=OFF", "--config-settings", f"build-dir={folder / 'build'}"],
                          capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (file,) = folder.glob("*.whl")
    return file


@pytest.mark.long
def test_pip_builds_one_wheel_for_all_versions_of_python(wheel):
    assert wheel.name.startswith(f"mambasynth-{VERSION}-py3-none-linux_")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        needed = archive.read("mambasynth/operators.so")
    modules = {f"mambasynth/{path.name}" for path in (CHECKOUT / "src/python/mambasynth").iterdir() if path.is_file()}
    assert modules | {"mambasynth/operators.so"} == {name for name in names if name.startswith("mambasynth/")}
    # What manylinux_2_28 lacks.
    assert not [version for version in (b"GLIBC_2.29", b"GLIBC_2.32", b"GLIBC_2.34", b"GLIBCXX_3.4.26", b"GLIBCXX_3.4.29") if version in needed]


@pytest.mark.long
def test_the_installed_wheel_computes(wheel, torch, tmp_path):
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path, wheel], check=True, timeout=300)
    code = ("import mambasynth, torch\n"
            "block = mambasynth.Mamba(16)\n"
            "block(torch.randn(1, 70, 16)).sum().backward()\n"
            "print(mambasynth.__version__, mambasynth.__file__, bool(block.A_log.grad.any()))")
    folders = os.pathsep.join([str(tmp_path), *(path.removesuffix("/torch") for path in torch.__path__)])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": folders})
    assert done.stdout.split() == [VERSION, f"{tmp_path}/mambasynth/__init__.py", "True"], done.stderr
    done = subprocess.run([sys.executable, tmp_path / "bin/mambasynth"], capture_output=True, text=True, timeout=300,
                          env=os.environ | {"PYTHONPATH": str(tmp_path), "PATH": str(tmp_path / "bin")})
    assert done.returncode == 2 and "the program is not installed" in done.stderr
