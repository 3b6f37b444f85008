"""trials.csv, tidy.csv and tidy.h5 in the hands of pandas, by the lines of the README."""

import re
import shutil

import h5py
import numpy
import pandas
import pytest
from conftest import CHECKOUT, Program


@pytest.fixture(scope="module")
def collated(trial, build, tmp_path_factory):
    """A sweep of two cells, a trial each, made of one real trial, and of a cell that has not run."""
    folder = tmp_path_factory.mktemp("gate_lr")
    rows = ["id,train.gate_lr_factor,seed,cost"]
    for number, factor in enumerate(["0.0", "1.0"]):
        name = f"{number:012x}"
        target = folder / "trials" / name
        target.mkdir(parents=True)
        shutil.copy(trial / "trial.h5", target)
        with h5py.File(target / "trial.h5", "r+") as file:
            file["provenance"].attrs["trial_id"] = name
            file["final/test_mse"][()] += number
        rows.append(f"{name},{factor},42,1")
    (folder / "plan.csv").write_text("\n".join([*rows, "ffffffffffff,0.5,42,1"]) + "\n")
    Program(build / "bin" / "mambasynth-collate")(folder, code=4)
    return folder


def readme_lines(folder, first):
    """The README's block of Python that begins with `first`, on this folder."""
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    (block,) = [block for block in blocks if block.startswith(first)]
    return block.replace("runs/gate_lr", str(folder))


def test_three_lines_give_a_plot(collated):
    pytest.importorskip("matplotlib").use("agg")
    lines = readme_lines(collated, "import pandas as pd")
    assert len(lines.splitlines()) == 3
    names = {}
    exec(lines.rsplit("\n", 2)[0], names)
    tidy = names["tidy"]
    assert set(tidy["train.gate_lr_factor"]) == {0.0, 1.0}
    assert not tidy.duplicated(["trial", "layer"]).any()
    exec(lines, {})


def test_the_last_line_selects_by_layer_and_cell(collated):
    names = {}
    lines = readme_lines(collated, "import pandas as pd").splitlines()
    exec("\n".join(lines[:2]), names)
    table = eval(lines[2].split(".plot(")[0], names)
    with h5py.File(collated / "trials" / f"{0:012x}" / "trial.h5") as file:
        layers = [name.decode() for name in file["layer"][:]]
        at = list(file["k"][:]).index(30)
        expected = dict(zip(layers, file["intrinsic_dimension/levina_bickel_original"][:, at], strict=True))
    assert list(table.columns) == [0.0, 1.0]
    assert table[0.0].to_dict() == pytest.approx(expected)


def test_tidy_h5_is_tidy_csv(collated):
    names = {}
    exec(readme_lines(collated, "import h5py"), names)
    csv = pandas.read_csv(collated / "tidy.csv", keep_default_na=False, na_values={"value": [""]}, dtype={"trial": str})
    assert list(names["tidy"]) == list(csv)
    for column in csv:
        ours, theirs = names["tidy"][column], csv[column]
        if ours.dtype == float:
            theirs = pandas.to_numeric(theirs)
            assert numpy.array_equal(ours, theirs.astype(float), equal_nan=True), column
        else:
            assert list(ours) == list(theirs.astype(str)), column


def test_a_trial_that_has_not_run_is_a_row_of_trials(collated):
    trials = pandas.read_csv(collated / "trials.csv", dtype={"trial": str}).set_index("trial")
    assert list(trials.state) == ["done", "done", "waiting"]
    assert trials.test_mse.iloc[1] - trials.test_mse.iloc[0] == pytest.approx(1)
    assert numpy.isnan(trials.test_mse.iloc[2])
    assert trials["device"].iloc[0] == "cpu"
