"""Frozen A, auxiliary losses and augmentations as keys, flags and axes."""

import csv
from pathlib import Path

import h5py
import numpy
import pytest
from conftest import TINY_SWEEP, TINY_TRIAL

SWEEPS = Path(__file__).resolve().parent.parent.parent / "sweeps"


def history(out, name="train_mse"):
    with h5py.File(out / "trial.h5") as result:
        return result[f"history/{name}"][()]


def test_a_slowness_sweep_collates_and_its_baseline_keeps_its_trial_id(mambasynth, collate, finished_sweep, tmp_path):
    sweep = tmp_path / "slowness.toml"
    sweep.write_text(TINY_SWEEP.replace("train.gate_lr_factor", "train.slowness_lambda").replace('baseline = { "train.slowness_lambda" = 1.0 }', 'baseline = { "train.slowness_lambda" = 0.0 }')
                     .replace("[0.0, 1.0]", "[0.0, 0.5, 5.0]"))
    out = tmp_path / "out"
    mambasynth("sweep", sweep, "--out", out, "--device", "cpu")
    collate(out)
    with (out / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["train.slowness_lambda"]) for row in rows] == [0.0, 0.5, 5.0]
    assert [row["n"] for row in rows] == ["1", "1", "1"]
    assert len({row["test_mse_mean"] for row in rows}) == 3
    # A key at its default is not part of the trial ID, so the baseline has the ID and numbers of the sweep without it.
    ids = {folder.name for folder in (out / "trials").iterdir()}
    same, = ids & {folder.name for folder in (finished_sweep / "trials").iterdir()}
    for name in ("train_mse", "val_mse", "test_mse"):
        assert (history(out / "trials" / same, name) == history(finished_sweep / "trials" / same, name)).all()


def test_several_ranks_give_the_same_curve_with_augmentations_and_slowness(mambasynth, tiny_trial, tmp_path):
    flags = ["--device", "cpu", "--slowness-lambda", 0.5, "--aug-rotate", "--aug-scale", 0.2, "--aug-noise", 1]
    for ranks in (1, 3):
        mambasynth.over(ranks)("train", "--config", tiny_trial, "--out", tmp_path / f"ranks{ranks}", *flags)
    for name in ("train_mse", "val_mse", "last_gradient_norm"):
        numpy.testing.assert_allclose(history(tmp_path / "ranks3", name), history(tmp_path / "ranks1", name), rtol=2e-5)
    mambasynth("train", "--config", tiny_trial, "--out", tmp_path / "plain", "--device", "cpu")
    assert (abs(history(tmp_path / "ranks1") / history(tmp_path / "plain") - 1) > 0.01).all()


def test_the_contrastive_loss_on_several_ranks_is_refused_once_before_any_work(mambasynth, tiny_trial, tmp_path):
    alone = tmp_path / "alone"
    mambasynth("train", "--config", tiny_trial, "--out", alone, "--device", "cpu", "--contrastive-lambda", 1, "--contrastive-temp", 0.2, "--contrastive-negatives", 16)
    assert history(alone)[0] > history(alone, "val_mse")[0]
    words = "train.contrastive_lambda = 1 is not available with 2 ranks per trial"
    told = mambasynth.over(2)("train", "--config", tiny_trial, "--out", tmp_path / "two", "--contrastive-lambda", 1, code=2).stderr
    assert told.count(words) == 1, told
    told = mambasynth.over(2)("sweep", tiny_trial, "--out", tmp_path / "sweep", "--ranks-per-trial", 2, "--contrastive-lambda", 1, code=2).stderr
    assert told.count(words) == 1, told
    assert not (tmp_path / "sweep").exists()


def test_a_key_without_effect_is_refused(mambasynth, tiny_trial, tmp_path):
    told = mambasynth("train", "--config", tiny_trial, "--out", tmp_path / "out", "--aug-rotate-eps", 0.1, code=2).stderr
    assert "train.aug_rotate_eps has no effect" in told


def test_both_spellings_freeze_A(mambasynth, tiny_trial, tmp_path):
    for flag in ("--freeze-A", "--freeze-a"):
        assert "\nfreeze_a = true\n" in mambasynth("train", "--config", tiny_trial, flag, "--print-config").stdout
    assert "\nfreeze_a = false\n" in mambasynth("train", "--config", tiny_trial, "--freeze-A", "--no-freeze-a", "--print-config").stdout


@pytest.mark.parametrize("name, cells", [("freeze_a", 4), ("slowness", 5), ("contrastive", 21), ("augmentations", 8)])
def test_the_shipped_ablation_sweeps_can_be_planned(mambasynth, tmp_path, name, cells):
    plan = mambasynth("sweep", SWEEPS / f"{name}.toml", "--dry-run", "--no-measure", "--device", "cpu").stdout
    assert f"{5 * cells} trials" in plan


def test_a_series_with_drifting_centers_trains_without_an_oracle(mambasynth, tiny_trial, tmp_path):
    mambasynth("data", "--n-steps", 3000, "--drift-std", 0.5, "--out", tmp_path / "series", "--format", "h5")
    told = mambasynth("oracle", "--data", tmp_path / "series", "--out", tmp_path / "oracle", code=2).stderr
    assert "there is no exact filter for data.drift_std = 0.5" in told
    out = tmp_path / "out"
    told = mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "series", "--out", out, "--device", "cpu").stderr
    assert "bayes_mse stays empty: there is no exact filter" in told
    assert numpy.isfinite(history(out, "test_mse")[-1])
    # A trial with these keys generates the same series.
    mambasynth("train", "--config", tiny_trial, "--drift-std", 0.5, "--out", tmp_path / "own", "--device", "cpu")
    assert (history(tmp_path / "own", "val_mse") == history(out, "val_mse")).all()


def test_a_series_without_the_drift_attribute_still_has_an_oracle(mambasynth, tmp_path):
    mambasynth("data", "--n-steps", 3000, "--out", tmp_path / "series", "--format", "h5")
    with h5py.File(tmp_path / "series" / "series.h5", "r+") as file:
        del file.attrs["drift_std"]
    mambasynth("oracle", "--data", tmp_path / "series", "--out", tmp_path / "oracle")
    with h5py.File(tmp_path / "oracle" / "oracle.h5") as file:
        assert file["bayes_mse"][0] > 0
