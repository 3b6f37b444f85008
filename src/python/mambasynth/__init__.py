"""Mamba's operators on CPUs and GPUs, and readers of MambaSynth's results.

Importing this package is fast: it imports PyTorch, xarray and pandas only when something that needs them is used. Its
operators, ``torch.ops.mambasynth.selective_scan`` and ``torch.ops.mambasynth.causal_conv1d``, are there as soon as both
this package and PyTorch are imported, in either order.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._torch_import import after_torch

if TYPE_CHECKING:
    from ._interface import causal_conv1d_fn, mamba_inner_fn, selective_scan_fn
    from ._mamba import Mamba
    from ._patch import patch
    from ._readers import open_activations, open_sweep, open_trial

_MODULE_OF = {
    "Mamba": "_mamba",
    "patch": "_patch",
    "selective_scan_fn": "_interface",
    "mamba_inner_fn": "_interface",
    "causal_conv1d_fn": "_interface",
    "open_trial": "_readers",
    "open_sweep": "_readers",
    "open_activations": "_readers",
}
__all__ = list(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'mambasynth' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(__name__)
    except PackageNotFoundError:  # imported from a build folder
        return "unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


after_torch(lambda: importlib.import_module("._operators", __name__))
