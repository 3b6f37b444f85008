"""series.h5 and data.npz as h5py, NumPy, xarray and pandas read them, without code of ours."""

import json

import h5py
import numpy
import pytest
import xarray

ENGINES = ["h5netcdf", "netcdf4"]


@pytest.fixture(scope="module")
def folder(mambasynth, made_once):
    return made_once("series", lambda folder: mambasynth("data", "--n-steps", 3000, "--no-umap", "--out", folder))


def test_h5py_reads_shapes_types_and_labels(folder):
    with h5py.File(folder / "series.h5") as file:
        assert file["x"].shape == (3000, 20) and file["x"].dtype == "float64"
        assert file["circle"].dtype == "int64" and file["phase"].dtype == "float64"
        assert file["transition_matrix"].shape == (10, 10)
        assert file["plane"].shape == (10, 2, 20)
        assert [dimension.label for dimension in file["x"].dims] == ["time", "channel"]
        assert [dimension.label for dimension in file["plane"].dims] == ["circle_id", "axis", "channel"]
        assert file["x"].attrs["long_name"] and isinstance(file["x"].attrs["long_name"], str)
        assert "schema_version" in file.attrs
        assert numpy.allclose(file["transition_matrix"][:].sum(axis=1), 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_xarray_reads_named_dimensions_and_coordinates(folder, engine):
    with xarray.open_dataset(folder / "series.h5", engine=engine) as series:
        assert series["x"].dims == ("time", "channel")
        assert series["transition_matrix"].dims == ("circle_id", "next_circle")
        assert series["radius"].dims == series["entry_angle"].dims == series["period"].dims == ("circle_id",)
        assert series["plane"].dims == ("circle_id", "axis", "channel")
        assert not [name for name in series.dims if str(name).startswith("phony")]
        assert {"time", "channel", "circle_id"} <= set(series.coords)
        assert (series["circle_id"].values == numpy.arange(10)).all()
        shares = series["circle"].to_series().value_counts(normalize=True)  # pandas
        assert shares.sum() == pytest.approx(1)


def test_the_npz_holds_the_same_series(folder):
    with numpy.load(folder / "data.npz", allow_pickle=False) as npz, h5py.File(folder / "series.h5") as h5:
        assert set(npz.files) == {"X", "states", "thetas", "transition_matrix", "radii", "entry_angles", "periods"}
        for theirs, ours in {"X": "x", "states": "circle", "thetas": "phase", "transition_matrix": "transition_matrix",
                             "radii": "radius", "entry_angles": "entry_angle", "periods": "period"}.items():
            assert npz[theirs].dtype == h5[ours].dtype, theirs
            assert (npz[theirs] == h5[ours][:]).all(), theirs


def test_config_json_has_the_keys_of_the_original_in_order(folder):
    text = (folder / "config.json").read_text()
    assert list(json.loads(text)) == [
        "n_steps", "n_circles", "ambient_dim", "radius_mean", "radius_std", "noise_std", "dwell_mean", "dwell_std",
        "min_period", "max_period", "subspace_dim", "seed"]
    assert not text.endswith("\n")


def test_the_default_series_is_the_originals(mambasynth, reference, tmp_path):
    mambasynth("data", "--no-umap", "--out", tmp_path)
    with numpy.load(tmp_path / "data.npz") as ours, numpy.load(reference / "data.npz") as theirs:
        for name in theirs.files:
            assert ours[name].dtype == theirs[name].dtype, name
            if name != "X":
                assert (ours[name] == theirs[name]).all(), name
        assert (ours["X"].astype("float32") == theirs["X"].astype("float32")).all()
        assert numpy.abs(ours["X"] - theirs["X"]).max() <= 1e-14
    assert (tmp_path / "config.json").read_bytes() == (reference / "config.json").read_bytes()
