"""The command `mambasynth` of this package: runs the program, which is built apart from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Replaces this process by the program `mambasynth`, or says how to get it."""
    program = _program()
    if program is None:
        print("mambasynth: the program is not installed (this package holds operators and readers; the program needs MPI, HDF5 "
              "and LibTorch). Build it: git clone the repository, run jobs/quickstart.sh, and put build/cpu/bin on PATH or its "
              "mambasynth into MAMBASYNTH_PROGRAM.", file=sys.stderr)
        sys.exit(2)
    os.execv(program, [str(program), *sys.argv[1:]])


def _program() -> Path | None:
    given = os.environ.get("MAMBASYNTH_PROGRAM")
    folders = os.environ.get("PATH", "").split(os.pathsep)
    candidates = [Path(given)] if given else [Path(folder or ".") / "mambasynth" for folder in folders]
    return next((path for path in candidates if os.access(path, os.X_OK) and _is_binary(path)), None)


def _is_binary(path: Path) -> bool:
    """Whether it is a program, not a script such as this command."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
