"""C++ and CUDA sources are formatted by .clang-format, so diffs show only real changes."""

import subprocess
from pathlib import Path

import clang_format
from conftest import CHECKOUT

# The pinned version, because others break lines differently. The script in the environment's bin would not do: it names
# its Python by path.
CLANG_FORMAT = Path(clang_format.__file__).parent / "data/bin/clang-format"
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
