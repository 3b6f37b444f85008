"""mambasynth gates: what it writes, its flags, and what it refuses."""

import math

import h5py
import numpy
import pytest
import xarray


@pytest.fixture(scope="module")
def flags(trial, finished_sweep):
    """For a checkpoint with two layers and windows of 64 steps."""
    data = next((finished_sweep / "data").glob("*/series.h5"))
    return ["gates", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--device", "cpu"]


def test_gates_h5_holds_traces_and_statistics_around_switches_and_returns(mambasynth, flags, tmp_path):
    done = mambasynth(*flags, "--around", 20, "--signals", "--out", tmp_path)
    with h5py.File(tmp_path / "gates.h5") as file, h5py.File(flags[4]) as series:
        assert [word.decode() for word in file["condition"]] == ["all", "away", "before", "switch", "after", "return"]
        assert list(file["offset"]) == list(range(-20, 21))
        assert file["by_condition/delta"].shape == (2, 6) and file["around_switch/memory_se"].shape == (2, 41)
        assert file.attrs["seq_len"] == 64 and file.attrs["skip"] == 8 and file.attrs["windows"] == 3000 // 64
        assert file["by_condition/steps"][0] == (3000 // 64) * 56
        # Switches after the skipped start of a window.
        switches = numpy.flatnonzero(numpy.diff(series["circle"][:])) + 1
        counted = [t for t in switches if t < 3000 // 64 * 64 and t % 64 >= 8]
        assert file["by_condition/steps"][3] == file["around_switch/steps"][20] == len(counted) > 0
        # Revolutions that begin at the same angle with no switch nearby.
        circle, period = series["circle"][:], series["period"][:]
        since = numpy.arange(len(circle)) - numpy.maximum.accumulate(numpy.where(numpy.isin(numpy.arange(len(circle)), switches), numpy.arange(len(circle)), 0))
        far = numpy.abs(numpy.subtract.outer(numpy.arange(len(circle)), switches)).min(axis=1) > 20
        returns = [t for t in numpy.flatnonzero(far & (since > 0) & (since % period[circle] == 0)) if t < 3000 // 64 * 64 and t % 64 >= 8]
        assert file["by_condition/steps"][5] == file["around_return/steps"][20] == len(returns) > 0
        # Traces hold means and norms of the signals.
        for layer in ("layer_1", "layer_2"):
            signal, trace = file["signal"][layer], file["trace"][layer]
            assert signal["delta"].shape == (3, 64, 32) and signal["B"].shape == (3, 64, 4)
            numpy.testing.assert_allclose(trace["delta"][:], signal["delta"][:].mean(2), rtol=1e-5)
            numpy.testing.assert_allclose(trace["C_norm"][:], numpy.linalg.norm(signal["C"][:], axis=2), rtol=1e-5)
        # The error with two digits, and the value with as many decimals.
        for name in ("delta", "memory_geometric"):
            for value, error in zip(file[f"by_condition/{name}"][:].ravel(), file[f"by_condition/{name}_se"][:].ravel()):
                decimals = max(0, 1 - math.floor(math.log10(float(f"{error:.1e}"))))
                assert f" {value:.{decimals}f} ± {error:.{decimals}f}" in done.stdout
    for name in ("gates_statistics", "gates_switches", "gates_summary_0", "gates_summary_2", "gates_layer1_0", "gates_layer2_2"):
        assert (tmp_path / f"plots/{name}.gp").is_file()
    for name in ("delta", "x", "circles", "z_gate", "norms", "mean_delta"):
        assert (tmp_path / f"plots/gates_layer1_0_{name}.dat").is_file()


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray_reads_gates_with_named_dimensions(mambasynth, flags, tmp_path, engine):
    mambasynth(*flags, "--no-figures", "--out", tmp_path)
    tree = xarray.open_datatree(tmp_path / "gates.h5", engine=engine)
    delta = tree["by_condition/delta"]
    assert delta.dims == ("layer", "condition")
    assert list(delta.layer.values) == [1, 2]
    assert float(delta.sel(layer=2, condition="away")) > 0
    assert tree["around_switch/memory_geometric"].dims == ("layer", "offset")
    assert tree["around_switch/memory_geometric"].attrs["units"] == "step"
    assert tree["trace/layer_1/delta"].dims == ("sample", "step")


def test_umap_embeds_the_signals_of_every_layer(mambasynth, flags, tmp_path):
    """UMAP of every layer's signals at the steps that the original draws; identical for any number of threads."""
    for threads in (1, 2):
        mambasynth(*flags, "--umap", "--umap-points", 300, "--umap-neighbors", 12, "--layer", 1, "--sample", 0,
                   "--threads", threads, "--out", tmp_path / str(threads))
    used = 3000 // 64 * 64
    expected = numpy.sort(numpy.random.default_rng(42).choice(used, 300, replace=False))
    tree, other = (xarray.open_datatree(tmp_path / name / "gates.h5")["umap"] for name in ("1", "2"))
    assert tree["C"].dims == ("layer", "point", "axis") and tree["C"].shape == (2, 300, 2)
    assert (tree["time"].values == expected).all()
    with h5py.File(flags[4]) as series:
        assert (tree["circle"].values == series["circle"][:][expected]).all()
    for name in ("delta", "z_gate", "B", "C", "x_conv"):
        points = tree[name].values
        assert numpy.isfinite(points).all() and (points == other[name].values).all()
        assert (points[0] != points[1]).any()
        assert tree[f"{name}_start"].dims == ("layer",) and set(tree[f"{name}_start"].values) <= {"spectral", "random"}
    assert tree.attrs["neighbors"] == tree.attrs["neighbors_used"] == 12
    for name in ("delta", "zgate", "B", "C", "xconv"):
        assert (tmp_path / f"1/plots/gates_umap_{name}_panel2.dat").read_text().count("\n") == 301


def test_one_layer_of_one_sample_can_be_selected(mambasynth, flags, tmp_path):
    mambasynth(*flags, "--no-figures", "--out", tmp_path / "all")
    mambasynth(*flags, "--layer", 2, "--sample", 1, "--out", tmp_path / "one")
    drawn = sorted(file.stem for file in (tmp_path / "one/plots").glob("*.gp"))
    assert drawn == ["gates_layer2_1", "gates_statistics", "gates_switches"]
    with h5py.File(tmp_path / "one/gates.h5") as one, h5py.File(tmp_path / "all/gates.h5") as all:
        assert list(one["sample"]) == [1]
        assert one["sample_start"][0] == all["sample_start"][1]
        assert (one["trace/layer_2/delta"][0] == all["trace/layer_2/delta"][1]).all()
        assert (one["by_condition/delta"][:] == all["by_condition/delta"][:]).all()
        assert "signal" not in one


def test_the_seed_determines_the_windows(mambasynth, flags, tmp_path):
    starts = []
    for name, seed in (("a", 42), ("b", 42), ("c", 43)):
        mambasynth(*flags, "--seed", seed, "--no-figures", "--out", tmp_path / name)
        with h5py.File(tmp_path / name / "gates.h5") as file:
            starts.append(list(file["sample_start"]))
    assert starts[0] == starts[1] != starts[2]
    windows = (3000 - 64) // 32 + 1
    assert starts[0] == [32 * i for i in numpy.random.default_rng(42).choice(windows, 3, replace=False)]


def test_a_series_without_states_has_no_switch_statistics(mambasynth, flags, tmp_path):
    with h5py.File(flags[4]) as series:
        numpy.savez(tmp_path / "data.npz", X=series["x"][:])
    done = mambasynth(*flags[:4], tmp_path / "data.npz", "--device", "cpu", "--out", tmp_path / "out")
    assert "note: no statistics around switches" in done.stderr
    with h5py.File(tmp_path / "out/gates.h5") as file:
        assert [word.decode() for word in file["condition"]] == ["all"]
        assert "around_switch" not in file and "offset" not in file
    assert (tmp_path / "out/plots/gates_layer2_0_circles.dat").is_file()
    assert not (tmp_path / "out/plots/gates_switches.gp").exists()


@pytest.mark.parametrize("given, words", [
    (["--layer", 3], ["there is no layer 3 (--layer)", "has 2, counted from 1", "from 1 to 2"]),
    (["--layer", 0], ["gates.layer = 0", "at least 1"]),
    (["--sample", 3], ["there is no sample 3 (--sample)", "counted from 0", "from 0 to 2"]),
    (["--sample", -1], ["gates.sample = -1", "at least 0"]),
    (["--skip", 64], ["gates.skip = 64 leaves no step of a window"]),
    (["--around", 0], ["gates.around = 0"]),
    (["--umap", "--umap-neighbors", 1], ["gates.umap_neighbors = 1", "at least 2"]),
    (["--layers", 1], ["--layer"]),
])
def test_bad_flags_are_refused(mambasynth, flags, tmp_path, given, words):
    done = mambasynth(*flags, *given, "--out", tmp_path / "out", code=2)
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "out").exists()


def test_series_that_do_not_fit_the_checkpoint_are_refused(mambasynth, flags, tmp_path):
    mambasynth("data", "--n-steps", 500, "--ambient-dim", 7, "--no-figures", "--out", tmp_path / "seven")
    done = mambasynth(*flags[:4], tmp_path / "seven", "--out", tmp_path / "out", code=2)
    assert "7 channels" in done.stderr and "20" in done.stderr
    mambasynth("data", "--n-steps", 63, "--no-figures", "--out", tmp_path / "short")
    done = mambasynth(*flags[:4], tmp_path / "short", "--out", tmp_path / "out", code=3)
    assert "63" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_original_checkpoint_has_the_originals_signals(mambasynth, reference, tmp_path):
    """Compared with the original's own gate signals; the first window is the one that the original draws."""
    mambasynth("gates", "--checkpoint", reference / "model_next.pt", "--data", reference, "--layer", 7, "--sample", 0,
               "--device", "cpu", "--no-figures", "--out", tmp_path / "drawn")
    with h5py.File(tmp_path / "drawn/gates.h5") as file:
        assert list(file["sample_start"]) == [512 * 126]
    # 25600 = 50 half windows.
    seed = next(s for s in range(10000) if numpy.random.default_rng(s).choice(194, 1, replace=False)[0] == 50)
    mambasynth("gates", "--checkpoint", reference / "model_next.pt", "--data", reference, "--seed", seed, "--n-samples", 1,
               "--signals", "--device", "cpu", "--no-figures", "--out", tmp_path / "golden")
    with h5py.File(tmp_path / "golden/gates.h5") as file, numpy.load(reference / "golden_model.npz") as golden:
        assert list(file["sample_start"]) == [25600]
        for i in range(1, 8):
            layer = f"layer_{i}"
            for name in ("delta", "z_gate"):
                numpy.testing.assert_allclose(file["signal"][layer][name][0, ::64], golden[f"gate{i}_{name}"], atol=2e-5)
            for name in ("B_norm", "C_norm"):
                numpy.testing.assert_allclose(file["trace"][layer][name][0, ::8], golden[f"gate{i}_{name}"], atol=1e-4)
