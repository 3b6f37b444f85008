"""The C++ and CUDA sources stand as .clang-format says, so that a diff shows what changed and nothing else."""

import subprocess
import sys
from pathlib import Path

from conftest import CHECKOUT

CLANG_FORMAT = Path(sys.executable).parent / "clang-format"  # the pinned one: other versions break lines elsewhere
SOURCES = sorted(path for folder in ("analysis", "kernels", "src", "tests") for kind in ("*.cpp", "*.hpp", "*.cu", "*.cuh")
                 for path in (CHECKOUT / folder).rglob(kind))


def complaints(*sources):
    return subprocess.run([CLANG_FORMAT, "--dry-run", "-Werror", *sources], capture_output=True, text=True, cwd=CHECKOUT).stderr


def test_sources_are_formatted():
    assert len(SOURCES) > 500
    found = complaints(*SOURCES)
    assert not found, f"run {CLANG_FORMAT} -i on the files named here:\n{found}"


def test_an_unformatted_source_is_found(tmp_path):
    (tmp_path / ".clang-format").write_text((CHECKOUT / ".clang-format").read_text())
    source = tmp_path / "unformatted.cpp"
    source.write_text("int  main( ){return 0 ;}\n")
    assert "unformatted.cpp" in complaints(source)
