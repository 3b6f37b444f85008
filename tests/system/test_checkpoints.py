"""Verbs take the series, the split and the network from the checkpoint; flags win, and what differs is said."""

import re

import h5py
import numpy
import pytest
from test_recordings import QUICK

LITTLE = ["--no-lb", "--umap", "off", "--no-figures"] + [word for key in ("probes", "controls", "similarity") for word in ("--set", f"evaluate.{key}=false")]


@pytest.fixture(scope="module")
def trained(mambasynth, made_once):
    """A generated series with a random split whose windows overlap: the checkpoint's folder."""
    def make(folder):
        mambasynth("train", *QUICK, "--n-steps", 2000, "--data-seed", 7, "--split", "random", "--stride", 16, "--out", folder / "run")
    return made_once("checkpoint_of_a_random_split", make) / "run"


def test_evaluate_needs_nothing_but_the_checkpoint(mambasynth, trained, tmp_path):
    done = mambasynth("evaluate", "--checkpoint", trained / "checkpoint.pt", *LITTLE, "--out", tmp_path)
    assert "using the checkpoint's series, data.seed = 7 with 2000 steps" in done.stderr
    assert "validation windows share steps with training windows" in done.stderr
    with h5py.File(trained / "trial.h5") as trial, h5py.File(tmp_path / "evaluation.h5") as file:
        for name in ("val_mse", "test_mse", "bayes_mse", "excess_mse", "val_bayes_mse"):
            assert (file["horizon"][name][:] == trial["horizon"][name][:]).all(), name
            assert all(f"{value:.4f}" in done.stdout for value in file["horizon"][name][:]), name
    assert re.search(r"^horizon +validation +Bayes +test +Bayes +excess", done.stdout, re.MULTILINE)
    assert "horizon" not in mambasynth("evaluate", "--checkpoint", trained / "checkpoint.pt", *LITTLE, "--no-errors", "--out", tmp_path).stdout


def test_flags_win_over_the_checkpoint_with_a_note(mambasynth, trained, tmp_path):
    done = mambasynth("evaluate", "--checkpoint", trained / "checkpoint.pt", "--data-seed", 8, "--set", "train.split=blocked", *LITTLE, "--out", tmp_path)
    assert "note: data.seed = 8 applies; the checkpoint was trained with 7." in done.stderr
    assert 'note: train.split = "blocked" applies; the checkpoint was trained with "random".' in done.stderr
    assert "is not the one that" in done.stderr and "share steps" not in done.stderr
    same = mambasynth("evaluate", "--checkpoint", trained / "checkpoint.pt", "--data-seed", 7, *LITTLE, "--out", tmp_path)
    assert "applies" not in same.stderr and "is not the one that" not in same.stderr


def test_the_validation_error_stands_beside_the_smallest_possible(mambasynth, trained, tmp_path):
    done = mambasynth("train", "--eval", trained / "checkpoint.pt", "--no-figures", "--out", tmp_path / "no")
    error, least, excess = (float(number) for number in re.search(
        r"^val MSE (\S+)\nBayes +(\S+) \(the smallest possible error on these windows\), excess (\S+)\n", done.stdout).groups())
    with h5py.File(trained / "trial.h5") as trial:
        assert least == pytest.approx(trial["horizon/val_bayes_mse"][:].mean(), abs=1e-4)
        assert error == pytest.approx(trial["final/val_mse"][()], rel=0.02)
    assert excess == pytest.approx(error - least, abs=2e-4)
    assert done.stderr.count("share steps with training windows") == 1
    config = mambasynth("train", "--eval", trained / "checkpoint.pt", "--print-config").stdout
    assert re.search(r"^d_model = 8$", config, re.MULTILINE) and re.search(r'^split = "random"$', config, re.MULTILINE)
    mambasynth("train", "--eval", trained / "checkpoint.pt", "--d-model", 12, "--no-figures", "--out", tmp_path / "no", code=3)


def test_a_series_in_the_working_directory_is_used_or_its_neglect_said(mambasynth, trained, tmp_path):
    """By every verb that takes --data, as the original reads `data`."""
    mambasynth("data", "--n-steps", 2500, "--seed", 3, "--no-figures", cwd=tmp_path)  # to the folder `data`
    train = ["train", *QUICK, "--out", "run"]
    done = mambasynth(*train, cwd=tmp_path)
    assert "note: using the series in the folder data (--data is not given)." in done.stderr
    with h5py.File(tmp_path / "run" / "trial.h5") as file:
        assert re.search(r"^seed = 3$", file["provenance"].attrs["configuration"], re.MULTILINE)
    ignored = mambasynth("oracle", "--n-steps", 1000, "--horizons", 1, cwd=tmp_path)
    assert "the series in the folder data is not used (data.n_steps asks for a generated one). --data data uses it." in ignored.stderr
    used = mambasynth("oracle", "--horizons", 1, cwd=tmp_path)
    assert "using the series in the folder data" in used.stderr and "2500 steps" in used.stderr
    sweep = mambasynth("sweep", "--seeds", "1:2", "--dry-run", "--no-measure", cwd=tmp_path)
    assert "the series in the folder data is not used (a sweep generates the series that its [data] keys describe)" in sweep.stderr
    assert "is not used" not in mambasynth("sweep", "--seeds", "1:2", "--data", "data", "--dry-run", "--no-measure", cwd=tmp_path).stderr
    measured = mambasynth("dimension", "--k", 10, "--no-figures", "--out", "dimension", cwd=tmp_path)
    assert "using the series in the folder data" in measured.stderr and "2500 of 2500 rows" in measured.stdout
    # A checkpoint knows its series, whatever is here; a generated one is made again if its file is gone.
    for verb in (["generate", "--seed-len", 8, "--gen-len", 8], ["gates"], ["evaluate", *LITTLE]):
        flags = [flag for flag in verb if flag != "--no-figures"]
        of_file = mambasynth(*flags, "--no-figures", "--checkpoint", "run/checkpoint.pt", cwd=tmp_path)
        assert "using the checkpoint's series, data (--data is not given)" in of_file.stderr
        generated = mambasynth(*flags, "--no-figures", "--checkpoint", trained / "checkpoint.pt", cwd=tmp_path)
        assert "using the checkpoint's series, data.seed = 7" in generated.stderr
    (tmp_path / "data").rename(tmp_path / "moved")
    again = mambasynth("generate", "--seed-len", 8, "--gen-len", 8, "--no-figures", "--checkpoint", "run/checkpoint.pt", cwd=tmp_path)
    assert "using the checkpoint's series, data.seed = 3 with 2500 steps" in again.stderr and "is not the one" not in again.stderr
    for name in ("data.npz", "config.json"):
        (tmp_path / "moved" / name).rename(tmp_path / name)
    assert "using the series in this folder" in mambasynth("oracle", "--horizons", 1, cwd=tmp_path).stderr


def test_a_second_trial_in_the_same_place_gets_its_own_folder(mambasynth, tmp_path):
    """Both write the best model where --checkpoint says, the later one last, as the original does."""
    flags = ["train", *QUICK, "--n-steps", 2000, "--checkpoint", "model_next.pt"]
    mambasynth(*flags, cwd=tmp_path)
    first = (tmp_path / "model_next.pt").read_bytes()
    second = mambasynth(*flags, "--lr", 2e-3, cwd=tmp_path)
    own = [folder for folder in tmp_path.iterdir() if folder.name.startswith("run-")]
    assert len(own) == 1 and f"{own[0].name}/trial.h5" in second.stdout and own[0].name in second.stderr
    named = lambda content: content.replace(b"model_next/", b"checkpoint/")  # the folder in the archive has the file's name
    assert named((tmp_path / "model_next.pt").read_bytes()) == (own[0] / "checkpoint.pt").read_bytes() != named(first)
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == named(first)


def test_a_recording_in_another_unit_trains_the_same_if_standardised(mambasynth, tmp_path):
    """Powers of two keep every bit."""
    x = numpy.random.default_rng(2).standard_normal((1500, 2)).astype("f4")
    logs = []
    for scale in (1, 2**-20):
        numpy.save(tmp_path / "a.npy", x * numpy.float32(scale))
        mambasynth("train", *QUICK, "--data", tmp_path / "a.npy", "--standardise", "--out", tmp_path / f"out_{scale}")
        logs.append([line.split(",")[1:5] for line in (tmp_path / f"out_{scale}" / "log.csv").read_text().splitlines()])
    assert logs[0] == logs[1]
