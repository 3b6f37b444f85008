"""The readers of the Python package: trials, sweeps, activations."""

import pytest


def test_a_trial_opens_as_a_tree_with_named_layers(package, trial):
    for path in (trial, trial / "trial.h5"):
        with package.open_trial(path) as tree:
            by_layer = tree["intrinsic_dimension/levina_bickel"].sel(k=30)
            assert list(by_layer["layer"].values) == ["input", "layer_1", "layer_2", "output"]
            assert by_layer.sel(layer="layer_1").item() > 0 and tree["provenance"].attrs["state"] == "done"


def test_a_sweep_is_the_same_data_frame_with_and_without_the_collators_file(package, collate, sweep_copy):
    from_trials = package.open_sweep(sweep_copy)
    collate(sweep_copy)
    tidy = package.open_sweep(sweep_copy)
    assert set(tidy["train.gate_lr_factor"]) == {0.0, 1.0} and tidy["trial"].str.len().eq(12).all()
    keys = ["trial", "train.gate_lr_factor", "seed", "state", "measure", "layer", "horizon", "k", "n1"]
    both = from_trials.merge(tidy, on=keys, suffixes=("", "_tidy"))
    assert len(both) == len(from_trials) > 100
    assert {"test_mse", "excess_mse", "levina_bickel", "gride", "two_nn_ml"} <= set(both["measure"])
    assert both["value"].to_list() == pytest.approx(both["value_tidy"].to_list(), nan_ok=True)


def test_activations_open_as_a_tree(package, mambasynth, trial, finished_sweep, tmp_path):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    mambasynth("evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--activations", "--umap", "off", "--no-figures",
               "--out", tmp_path)
    with package.open_activations(tmp_path) as tree:
        assert tree["activation/layer_1"].dims == ("window", "step", "feature")


@pytest.mark.parametrize("reader", ["open_trial", "open_activations", "open_sweep"])
def test_a_missing_file_is_named(package, tmp_path, reader):
    with pytest.raises(FileNotFoundError, match=r"\(.*\)\. (Correct|Pass)"):
        getattr(package, reader)(tmp_path)
