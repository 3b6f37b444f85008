"""Each verb through its flags: what it prints, what it writes, and its exit code."""

import json
import os
import re

import numpy
import pytest

import drawing


def test_version_names_what_it_was_built_with(mambasynth):
    text = mambasynth("--version").stdout
    for word in ("mambasynth", "LibTorch", "MPI", "CUDA"):
        assert word in text
    assert re.search(r"[0-9a-f]{7,40}", text)


def test_an_unknown_verb_gets_the_nearest_suggested(mambasynth):
    done = mambasynth("trian", code=2)
    assert "trian" in done.stderr and "train" in done.stderr.replace("trian", "")


def test_print_config_reads_back_to_the_same_configuration(mambasynth, tiny_trial, tmp_path):
    """Flags override --set, and --set overrides the file."""
    printed = mambasynth("train", "--config", tiny_trial, "--set", "train.epochs=7", "--set", "train.lr=0.5",
                         "--lr", 0.25, "--print-config").stdout
    assert re.search(r"^epochs = 7$", printed, re.MULTILINE)
    assert re.search(r"^lr = 0\.25$", printed, re.MULTILINE)
    assert re.search(r"^d_model = 16$", printed, re.MULTILINE)
    (tmp_path / "again.toml").write_text(printed)
    assert mambasynth("train", "--config", tmp_path / "again.toml", "--print-config").stdout == printed


def test_data_writes_both_formats(mambasynth, tmp_path):
    done = mambasynth("data", "--n-steps", 2000, "--no-umap", "--out", tmp_path)
    assert "2000" in done.stdout or "2,000" in done.stdout
    assert "UMAP" not in done.stdout + done.stderr and not list(tmp_path.glob("umap_*"))
    for name in ("series.h5", "data.npz", "config.json"):
        assert (tmp_path / name).is_file(), name
    assert json.loads((tmp_path / "config.json").read_text())["n_steps"] == 2000


def test_data_embeds_its_steps_with_umap(mambasynth, tmp_path):
    """Both figures by UMAP, the same for any number of threads, and the dimension of the embedding."""
    printed = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        done = mambasynth("data", "--n-steps", 700, "--subspace-dim", 3, "--threads", threads, "--out", folder)
        assert "skip with --no-umap" in done.stderr and (" s, spectral start" in done.stderr or " s, random start" in done.stderr)
        printed.append([line for line in done.stdout.splitlines() if "of the UMAP embedding" in line])
        assert "umap_by_circle" in (folder / "plots/markov_circles_timeseries.gp").read_text()
    assert [line.split(":")[0].rsplit(" ", 1)[1] for line in printed[0]] == ["10", "30", "100"]
    assert printed[0] == printed[1]
    points = [(tmp_path / name / "plots/umap_subspace_3_panel1.dat").read_text() for name in ("1", "2")]
    assert points[0] == points[1] and points[0].count("\n") == 701


def test_the_seed_determines_the_data(mambasynth, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        mambasynth("data", "--n-steps", 1000, "--seed", seed, "--no-figures", "--out", tmp_path / name)
    a, b, c = (numpy.load(tmp_path / name / "data.npz")["X"] for name in "abc")
    assert (a == b).all() and not (a == c).all()
    assert a[0, 0] == pytest.approx(4.587855803818667, abs=1e-13)


def predicted_windows(folder, series, seq_len, stride):
    """Checks that the figures show the original's three windows, one step later; returns the errors as drawn."""
    starts = numpy.arange(0, len(series) - seq_len + 1, stride)
    errors = []
    for i, window in enumerate(numpy.random.default_rng(42).choice(len(starts), 3, replace=False)):
        part = {name: numpy.loadtxt(folder / f"plots/next_prediction_{i}_{name}.dat").T for name in ("truth", "prediction", "error")}
        numpy.testing.assert_allclose(part["truth"], series[starts[window] + 1:starts[window] + seq_len], rtol=6e-4)
        numpy.testing.assert_allclose(part["error"], part["prediction"] - part["truth"], atol=2e-2)
        strip = numpy.loadtxt(folder / f"plots/next_prediction_{i}_circles.dat", usecols=(0, 1), ndmin=2)
        assert (strip[0, 0], strip[-1, 1]) == (starts[window] + 1, starts[window] + seq_len)
        errors.append(part["error"])
    return errors


def test_train_writes_the_trial_and_its_figures(mambasynth, tiny_trial, tmp_path):
    import h5py
    mambasynth("data", "--n-steps", 3000, "--format", "h5", "--no-figures", "--out", tmp_path)
    mambasynth("train", "--config", tiny_trial, "--data", tmp_path, "--out", tmp_path / "out", "--checkpoint", tmp_path / "best.pt")
    for name in ("trial.h5", "checkpoint.pt", "log.csv"):
        assert (tmp_path / "out" / name).is_file(), name
    assert (tmp_path / "best.pt").is_file()
    # And its figures.
    with h5py.File(tmp_path / "series.h5") as series, h5py.File(tmp_path / "out/trial.h5") as file:
        predicted_windows(tmp_path / "out", series["x"][:], 64, 64)
        drawn = drawing.blocks(tmp_path / "out/plots/training_loss_loss.dat") | drawing.blocks(tmp_path / "out/plots/training_loss_rate.dat")
        for series, name in (("Training, dropout on", "train_mse"), ("Training, dropout off", "train_eval_mse"),
                             ("Validation", "val_mse"), ("Test", "test_mse"), ("Learning rate", "lr")):
            measured = file["history"].get(name, numpy.full(2, numpy.nan))[:]
            numpy.testing.assert_allclose([y for _, y in drawn.pop(series, [])], measured[~numpy.isnan(measured)], rtol=1e-7)
        for _, y in drawn["Bayes, test"]:
            assert y == pytest.approx(file["horizon/bayes_mse"][:].mean())


def test_the_originals_flag_names_are_aliases(mambasynth, tiny_trial, tmp_path):
    mambasynth("data", "--n-steps", 3000, "--no-umap", "--save-dir", tmp_path / "data")
    mambasynth("train", "--config", tiny_trial, "--data-dir", tmp_path / "data", "--save-dir", tmp_path / "out",
               "--no-amp", "--no-compile", "--no-figures")
    assert (tmp_path / "out" / "trial.h5").is_file()
    assert not (tmp_path / "out/plots").exists()


def test_train_gives_the_same_losses_for_each_form_of_a_series(mambasynth, tiny_trial, tmp_path):
    mambasynth("data", "--n-steps", 3000, "--no-figures", "--out", tmp_path / "data")
    logs = []
    for name, path in (("folder", "data"), ("npz", "data/data.npz"), ("h5", "data/series.h5")):
        mambasynth("train", "--config", tiny_trial, "--data", tmp_path / path, "--no-figures", "--out", tmp_path / name)
        rows = [line.split(",") for line in (tmp_path / name / "log.csv").read_text().splitlines()[1:]]
        logs.append([(row[1], row[3]) for row in rows])
    assert logs[0] == logs[1] == logs[2]


def test_evaluate_skips_parts_that_are_turned_off(mambasynth, trial, finished_sweep, tmp_path):
    import h5py
    data = next((finished_sweep / "data").glob("*/series.h5"))
    settings = [part for key in ("controls", "probes", "similarity") for part in ("--set", f"evaluate.{key}=false")] + ["--umap", "off"]
    mambasynth("evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, *settings, "--no-figures", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation.h5"]
    with h5py.File(tmp_path / "evaluation.h5") as file:
        assert not {"control", "probe", "similarity", "embedding"} & set(file)


def test_per_layer_gives_each_layer_its_own_umap(mambasynth, trial, finished_sweep, tmp_path):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    mambasynth("evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--layers", "input,2", "--umap-points", 200,
               "--pca", 5, "--per-layer", "--set", "evaluate.probes=false", "--out", tmp_path)
    for panel in ("input", "layer_2"):
        assert "PCA" in (tmp_path / f"plots/umap_{panel}.gp").read_text()
    assert not (tmp_path / "representation_umap.svg").exists()


def test_generate_continues_a_series(mambasynth, trial, finished_sweep, tmp_path):
    import h5py
    data = next((finished_sweep / "data").glob("*/series.h5"))
    flags = ["generate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--seed-len", 16, "--gen-len", 40, "--device", "cpu"]
    for name in ("a", "b"):
        done = mambasynth(*flags, "--temperature", 0.5, "--perturb-interval", 10, "--perturb-hidden", "--out", tmp_path / name)
    with h5py.File(tmp_path / "a/generation.h5") as a, h5py.File(tmp_path / "b/generation.h5") as b, h5py.File(data) as series:
        assert a["generated"].shape == (3, 40, 20)
        assert (a["generated"][:] == b["generated"][:]).all()
        assert a.attrs["perturb_hidden"] == 1 and a.attrs["temperature"] == 0.5
        for sample, start in enumerate(a["seed_start"]):
            assert start % 16 == 0
            assert (a["truth"][sample] == series["x"][start + 16:start + 56].astype("f4")).all()
            assert f"{a['mse'][sample]:.4f}" in done.stdout
    mambasynth(*flags, "--seed-offset", 2, "--no-figures", "--out", tmp_path / "one")
    with h5py.File(tmp_path / "one/generation.h5") as one:
        assert list(one["seed_start"]) == [32]
    assert "--seed-offset" in mambasynth(*flags, "--seed-offset", 100000, "--out", tmp_path, code=2).stderr


def test_train_eval_prints_the_validation_loss_and_draws_predictions(mambasynth, tiny_trial, trial, finished_sweep, tmp_path):
    import h5py
    flags = ["train", "--config", tiny_trial, "--eval", trial / "checkpoint.pt"]
    done = mambasynth(*flags, "--out", tmp_path / "out")
    with h5py.File(trial / "trial.h5") as file:
        assert f"{file['final/val_mse'][()]:.3f}" in done.stdout
    with h5py.File(next((finished_sweep / "data").glob("*/series.h5"))) as series:
        errors = predicted_windows(tmp_path / "out", series["x"][:], 64, 64)
    for i, error in enumerate(errors):
        shown = re.search(r"Error, MSE (\S+)\"", (tmp_path / f"out/plots/next_prediction_{i}.gp").read_text()).group(1)
        assert float(shown) == pytest.approx((error ** 2).mean(), rel=1e-3)
    assert not (tmp_path / "out/plots/training_loss.gp").exists()
    mambasynth(*flags, "--no-figures", "--out", tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("via", [".safetensors", ".pt"])
def test_convert_writes_a_checkpoint_back(mambasynth, trial, tmp_path, via):
    between, back = tmp_path / f"between{via}", tmp_path / "back.pt"
    mambasynth("convert", trial / "checkpoint.pt", between)
    mambasynth("convert", between, back)
    assert back.stat().st_size > 0


def test_data_and_evaluate_accept_the_originals_flags(mambasynth, trial, finished_sweep, tmp_path):
    import h5py
    mambasynth("data", "--no-umap", "--n-steps", 100, "--no-figures", "--out", tmp_path / "data")
    data = next((finished_sweep / "data").glob("*/series.h5"))
    done = mambasynth("evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--layers", "input,1,99",
                      "--no-lb", "--umap", "off", "--out", tmp_path)
    assert "--layers 99 is ignored" in done.stderr
    with h5py.File(tmp_path / "evaluation.h5") as file:
        assert [name.decode() for name in file["layer"]] == ["input", "layer_1"]
        assert "intrinsic_dimension" not in file


def test_print_config_of_a_sweep_runs_nothing(mambasynth, tiny_sweep, tmp_path):
    done = mambasynth("sweep", tiny_sweep, "--print-config", "--out", tmp_path / "out")
    assert "[[sweep.axis]]" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_finished_trial_still_writes_a_requested_checkpoint(mambasynth, tiny_trial, tmp_path):
    # Without gnuplot (127: command not found), train writes scripts and one note and does not fail.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gnuplot").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "bin/gnuplot").chmod(0o755)
    done = mambasynth("train", "--config", tiny_trial, "--out", tmp_path / "out",
                      launcher=["env", f"PATH={tmp_path / 'bin'}:{os.environ['PATH']}"])
    assert done.stderr.count("install gnuplot") == 1
    assert {path.name for path in (tmp_path / "out/plots").glob("*.gp")} == {"training_loss.gp", *(f"next_prediction_{i}.gp" for i in range(3))}
    assert not list((tmp_path / "out").glob("*.png"))
    (tmp_path / "out/plots/training_loss.gp").unlink()
    mambasynth("train", "--config", tiny_trial, "--out", tmp_path / "out", "--checkpoint", tmp_path / "best.pt")
    assert not (tmp_path / "out/plots/training_loss.gp").exists(), "a complete trial draws nothing"
    assert (tmp_path / "best.pt").read_bytes() == (tmp_path / "out" / "checkpoint.pt").read_bytes()
