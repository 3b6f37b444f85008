"""What CMake checks about a compiler before it builds anything."""

import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import CHECKOUT

PROJECT = f"""\
cmake_minimum_required(VERSION 3.22)
project(runtime LANGUAGES CXX)
include("{CHECKOUT}/cmake/CxxRuntime.cmake")
add_executable(program program.cpp)
"""


@pytest.fixture
def configure(tmp_path):
    """configure(LINES): configures a project whose compiler is a shell script of these lines."""
    for tool in ("cmake", "g++", "readelf"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    (tmp_path / "CMakeLists.txt").write_text(PROJECT)
    (tmp_path / "program.cpp").write_text("#include <iostream>\nint main() { std::cout << std::endl; }\n")

    def configure(lines):
        compiler = tmp_path / "compiler"
        compiler.write_text(f"#!/bin/bash\n{lines}\n")
        compiler.chmod(0o755)
        return subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_CXX_COMPILER={compiler}"],
                              capture_output=True, text=True, timeout=120)

    return configure


def needed(program):
    return subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("lines", ['exec g++ "$@"', 'exec g++ -static-libstdc++ "$@"'], ids=["shared", "static"])
def test_the_shared_runtime_is_linked_even_if_the_compiler_defaults_to_the_static_one(configure, tmp_path, lines):
    done = configure(lines)
    assert done.returncode == 0, done.stderr
    assert ("links libstdc++ statically" in done.stdout) == ("-static" in lines)
    subprocess.run(["cmake", "--build", tmp_path / "build"], check=True, capture_output=True, timeout=120)
    assert "libstdc++.so.6" in needed(tmp_path / "build" / "program")


def test_a_compiler_without_the_shared_runtime_is_refused(configure):
    done = configure('for word; do [ "$word" = -l:libstdc++.so.6 ] || words+=("$word"); done; exec g++ -static-libstdc++ "${words[@]}"')
    assert done.returncode != 0
    message = " ".join(done.stderr.split())
    assert "does not link the shared libstdc++" in message and "CXX=/usr/bin/g++" in message


@pytest.fixture
def fits(tmp_path):
    """fits(TORCH, RUNTIME, CUDA): what CMake says of a LibTorch of this version that loads this CUDA runtime."""
    root = tmp_path / "torch"
    header = root / "include" / "torch" / "headeronly" / "version.h"

    def fits(torch, runtime, cuda):
        header.parent.mkdir(parents=True, exist_ok=True)
        major, minor = torch.split(".")
        header.write_text(f"#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n")
        (root / "lib").mkdir(exist_ok=True)
        if runtime:
            (root / "lib" / "libc10_cuda.so").write_bytes(f"\x7fELF\0libc10.so\0{runtime}\0libm.so.6\0".encode())
        (tmp_path / "check.cmake").write_text(
            f'include("{CHECKOUT}/cmake/TorchVersion.cmake")\nmambasynth_check_torch("{root}" "{cuda}" "/opt/cuda/bin/nvcc")\n')
        done = subprocess.run(["cmake", "-P", tmp_path / "check.cmake"], capture_output=True, text=True, timeout=60)
        return "" if done.returncode == 0 else " ".join(done.stderr.split())

    return fits


@pytest.mark.parametrize("torch, runtime, cuda", [("2.8", "libcudart.so.12", "12.8.93"), ("2.10", "libcudart.so.12", "12.9.1"),
                                                  ("2.11", "libcudart.so.13", "13.0.88"), ("2.11", None, "")])
def test_a_libtorch_of_the_compilers_cuda_is_accepted(fits, torch, runtime, cuda):
    assert fits(torch, runtime, cuda) == ""


def test_a_libtorch_of_another_cuda_is_refused_with_the_pairs_that_fit(fits):
    said = fits("2.11", "libcudart.so.13", "12.8.93")
    assert "LibTorch 2.11 does not fit /opt/cuda/bin/nvcc (it is built for CUDA 13, the compiler is CUDA 12.8.93)" in said
    assert "LibTorch 2.8 to 2.10 with CUDA 12.8" in said
    assert "built for CUDA 12, the compiler is CUDA 13.0.88" in fits("2.9", "libcudart.so.12", "13.0.88")
    assert "LibTorch 2.7 is too old" in fits("2.7", "libcudart.so.12", "12.8.93")


def test_a_libtorch_without_cuda_is_refused_for_the_gpu(fits):
    assert "has no CUDA" in fits("2.11", None, "13.0.88")


@pytest.mark.skipif(subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0,
                    reason="an empty network namespace needs root")
@pytest.mark.skipif(not shutil.which("mpicxx"), reason="MPI is not installed")
def test_mpi_is_found_on_a_machine_without_any_network_interface(tmp_path):
    configured = subprocess.run(["unshare", "--net", "cmake", "-S", CHECKOUT, "-B", tmp_path, "-DMAMBASYNTH_TORCH=OFF",
                                 "-DMAMBASYNTH_MPI=ON", "-DMAMBASYNTH_TESTS=OFF"], capture_output=True, text=True, timeout=120)
    assert configured.returncode == 0, configured.stderr
    folders = re.search(r"^MPI_CXX_COMPILER_INCLUDE_DIRS:STRING=(.*)$", (tmp_path / "CMakeCache.txt").read_text(), re.MULTILINE)
    assert all(pathlib.Path(folder).is_dir() for folder in folders.group(1).split(";"))
