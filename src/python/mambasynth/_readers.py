"""Opens what MambaSynth's programs write: trials, sweeps and activations."""

from __future__ import annotations

import importlib
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import xarray

PathLike = str | os.PathLike[str]


def open_trial(path: PathLike) -> xarray.DataTree:
    """Opens a trial's results.

    Parameters
    ----------
    path : path
        ``trial.h5``, or the folder that holds it. ``evaluation.h5`` and others of our HDF5 files open too.

    Returns
    -------
    xarray.DataTree
        Lazy. Layers, horizons and numbers of neighbors are coordinates:
        ``open_trial("run")["intrinsic_dimension/levina_bickel"].sel(layer="layer_1", k=30)``. Provenance is in
        ``["provenance"].attrs``.
    """
    return _open_tree(path, "trial.h5", "open_trial")


def open_activations(path: PathLike) -> xarray.DataTree:
    """Opens the activations that ``mambasynth evaluate --activations`` writes.

    Parameters
    ----------
    path : path
        ``activations.h5``, or the folder that holds it.

    Returns
    -------
    xarray.DataTree
        Lazy: ``open_activations("measured")["activation/layer_1"]`` is (window, step, feature).
    """
    return _open_tree(path, "activations.h5", "open_activations")


def open_sweep(folder: PathLike) -> pandas.DataFrame:
    """Reads a sweep's measures as a tidy data frame: one row per trial and measure.

    Parameters
    ----------
    folder : path
        The sweep's folder. If the collator has written ``tidy.csv`` there, that is read; it has every measure. Otherwise
        losses and intrinsic dimension are read from the finished trials, which also works while the sweep runs.

    Returns
    -------
    pandas.DataFrame
        Columns ``trial``, the sweep's axes, ``seed``, ``state``, ``measure``, ``layer``, ``horizon``, ``k``, ``n1``, ``value``,
        and with ``tidy.csv`` more.
    """
    folder = Path(folder)
    pandas = _imported("pandas", "open_sweep")
    # Only empty fields are missing values: an axis may have the value "none".
    options: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
    if (folder / "tidy.csv").is_file():
        return pandas.read_csv(folder / "tidy.csv", dtype={"trial": str}, **options)
    if not (folder / "plan.csv").is_file():
        raise FileNotFoundError(f"{folder} is not the folder of a sweep (it holds neither tidy.csv nor plan.csv). Pass the folder "
                                "given to mambasynth sweep --out.")
    plan = pandas.read_csv(folder / "plan.csv", dtype={"id": str}, **options).rename(columns={"id": "trial"})
    plan = plan.drop(columns="cost", errors="ignore")
    rows = [{"trial": trial} | row for trial in plan["trial"] if (file := folder / "trials" / trial / "trial.h5").is_file()
            for row in _measures(file)]
    columns = ["trial", "state", "measure", "layer", "horizon", "k", "n1", "value"]
    table = plan.merge(pandas.DataFrame(rows, columns=columns), on="trial")
    axes = [name for name in plan if name not in ("trial", "seed")]
    return table[["trial", *axes, "seed", *columns[1:]]]


def _measures(file: Path) -> list[dict[str, Any]]:
    """The rows of one trial, with the names that the collator gives them."""
    rows = []
    with open_trial(file) as tree:
        state = tree["provenance"].attrs["state"] if "provenance" in tree.children else "done"
        for group in ("final", "horizon", "intrinsic_dimension"):
            if group not in tree.children:
                continue
            for name, array in tree[group].data_vars.items():
                is_measure = set(array.dims) <= {"layer", "horizon", "k", "n1"} and name != "duplicates"
                if not is_measure or (group != "horizon" and "_se" in str(name)):
                    continue
                for index, value in _cells(array):
                    rows.append({"state": state, "measure": name, "value": value} | index)
    return rows


def _cells(array: xarray.DataArray) -> list[tuple[dict[str, Any], float]]:
    values = [array[dimension].values.tolist() for dimension in array.dims]
    indices = (dict(zip(array.dims, combination, strict=True)) for combination in itertools.product(*values))
    return list(zip(indices, array.values.astype(float).reshape(-1).tolist(), strict=True))


def _open_tree(path: PathLike, default: str, caller: str) -> xarray.DataTree:
    file = Path(path)
    file = file / default if file.is_dir() else file
    if not file.is_file():
        raise FileNotFoundError(f"{file} does not exist ({caller} opens it, or {default} in a folder). Correct the path.")
    xarray = _imported("xarray", caller)
    _imported("h5netcdf", caller)
    tree = xarray.open_datatree(file, engine="h5netcdf")
    for node in tree.subtree:
        for name, coordinate in node.to_dataset(inherit=False).coords.items():
            if coordinate.dtype == object or coordinate.dtype.kind == "S":
                names = [value.decode() if isinstance(value, bytes) else value for value in coordinate.values.tolist()]
                node.coords[name] = (coordinate.dims, names, coordinate.attrs)
    return tree


def _imported(package: str, caller: str) -> Any:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"{caller} needs {package} ({error}). Install it: pip install 'mambasynth[readers]'.") from error
