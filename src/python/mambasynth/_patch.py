"""Makes an installed mamba_ssm use our operators."""

from __future__ import annotations

import importlib
import sys
import types

from . import _interface

_OURS = {name: getattr(_interface, name) for name in ("selective_scan_fn", "mamba_inner_fn", "causal_conv1d_fn")}
# Older mamba_ssm imports its compiled scan unconditionally. Where that could not be built, nothing calls it.
_COMPILED = "selective_scan_cuda"
# Imported first, so that they are among the patched ones; what is imported later takes ours from the first of them.
_MODULES = ("mamba_ssm.ops.selective_scan_interface", "mamba_ssm.modules.mamba_simple")


def patch() -> list[str]:
    """Makes an installed ``mamba_ssm`` use our scan and convolution, in every module that has imported its own.

    It then works without its compiled scan, also on the CPU (mamba_ssm itself imports ``triton``).
    ``selective_scan_fn``, ``mamba_inner_fn`` and ``causal_conv1d_fn`` are replaced, the last also in the package
    ``causal_conv1d`` if it is loaded. The single-step kernels and those of Mamba-2 stay upstream's.

    Returns
    -------
    list of str
        What was replaced, as "module.function".

    Raises
    ------
    ImportError
        If ``mamba_ssm`` cannot be imported.
    """
    for name in _MODULES:
        try:
            _import(name)
        except ImportError as error:
            raise ImportError(f"mamba_ssm cannot be patched ({name} cannot be imported: {error}). Install mamba_ssm, or use "
                              "mambasynth.Mamba, which needs none.") from error
    replaced = []
    for module_name, module in sorted(sys.modules.items()):
        if module is None or module_name.split(".")[0] not in ("mamba_ssm", "causal_conv1d"):
            continue
        for function, ours in _OURS.items():
            if function in vars(module):
                setattr(module, function, ours)
                replaced.append(f"{module_name}.{function}")
    return replaced


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != _COMPILED:
            raise
        sys.modules[_COMPILED] = types.ModuleType(_COMPILED, "An empty module: mambasynth.patch() found none.")
        importlib.import_module(name)
