"""The build backend: scikit-build-core, and PyTorch's headers from wherever they already are.

The operators need no library of PyTorch to be built, only headers. pip builds in an environment of its own, for which it
would download PyTorch with its gigabytes of CUDA libraries. That is left out if the headers are in the environment that
pip runs in, or where jobs/install_deps.sh puts LibTorch. Run as a program, it prints where they are, for CMake.
"""

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

OLDEST = (2, 10)


def header_folder():
    """The folder of PyTorch's headers, or None."""
    cache = Path(os.environ.get("MAMBASYNTH_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mambasynth")
    given = os.environ.get("Torch_DIR")  # LibTorch, or its share/cmake/Torch
    roots = [given, given and Path(given, "../../.."), Path(sysconfig.get_paths()["purelib"]) / "torch"]
    spec = importlib.util.find_spec("torch")
    roots += [Path(spec.origin).parent] if spec and spec.origin else []
    roots += sorted(cache.glob("torch-*/torch"), reverse=True)
    for root in filter(None, roots):
        include = Path(root) / "include"
        if (include / "torch/csrc/stable/library.h").is_file() and version_in(include) >= OLDEST:
            return include
    return None


def version_in(include):
    numbers = {}
    for line in (include / "torch/headeronly/version.h").read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "#define" and words[1] in ("TORCH_VERSION_MAJOR", "TORCH_VERSION_MINOR"):
            numbers[words[1]] = int(words[2])
    return numbers.get("TORCH_VERSION_MAJOR", 0), numbers.get("TORCH_VERSION_MINOR", 0)


if __name__ == "__main__":
    print(header_folder() or "")
    sys.exit()

from scikit_build_core.build import *  # noqa: E402, F403  the hooks that pip calls
from scikit_build_core import build as _backend  # noqa: E402


def get_requires_for_build_wheel(config_settings=None):
    return _backend.get_requires_for_build_wheel(config_settings) + ([] if header_folder() else ["torch>=2.10"])


def get_requires_for_build_editable(config_settings=None):
    return _backend.get_requires_for_build_editable(config_settings) + ([] if header_folder() else ["torch>=2.10"])
