"""What CMake checks about a compiler before it builds anything."""

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
