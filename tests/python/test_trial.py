"""trial.h5, activations.h5 and evaluation.h5 as h5py and xarray read them."""

import h5py
import numpy
import pytest
import xarray

ENGINES = ["h5netcdf", "netcdf4"]


def test_h5py_reads_results_and_provenance(trial):
    with h5py.File(trial / "trial.h5") as file:
        assert "schema_version" in file.attrs
        for name in ("train", "val", "test"):
            assert numpy.isfinite(file[f"final/{name}_mse"][()])
        assert file["history/train_mse"].shape == (2,)
        assert [dimension.label for dimension in file["history/val_mse"].dims] == ["epoch"]
        assert list(file["horizon/horizon"][:]) == [1, 2, 4]
        assert numpy.isfinite(file["horizon/test_mse"][:]).all()
        provenance = file["provenance"].attrs
        assert provenance["state"] == "done"
        assert trial.name in provenance.values()
        assert any("[train]" in value for value in provenance.values() if isinstance(value, str))  # configuration TOML
        # No fixed-length strings: h5py would return bytes.
        assert not [key for key, value in provenance.items() if isinstance(value, bytes)]


def test_the_loss_is_the_mean_over_horizons(trial):
    with h5py.File(trial / "trial.h5") as file:
        assert file["final/test_mse"][()] == pytest.approx(file["horizon/test_mse"][:].mean(), rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_xarray_reads_each_group_separately(trial, engine):
    def group(name):
        return xarray.open_dataset(trial / "trial.h5", engine=engine, group=name)

    with group("history") as history:
        assert history["train_mse"].dims == ("epoch",)
        assert history["train_mse"].to_pandas().notna().all()
    with group("horizon") as horizon:
        assert horizon["test_mse"].dims == ("horizon",)
        assert list(horizon["horizon"].values) == [1, 2, 4]
    with group("intrinsic_dimension") as dimension:
        for name in ("levina_bickel_original", "levina_bickel", "mackay_ghahramani"):
            assert dimension[name].dims == ("layer", "k"), name
            assert f"{name}_se" in dimension
    with group("activation") as activation:
        assert activation["participation_ratio"].dims == ("layer",)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_tree_has_coordinates(trial, engine):
    """The scales lie at the root; the groups inherit them."""
    tree = xarray.open_datatree(trial / "trial.h5", engine=engine)
    assert list(tree["history"].to_dataset()["epoch"].values) == [1, 2]


@pytest.mark.parametrize("engine", ENGINES)
def test_layers_are_named(trial, engine):
    tree = xarray.open_datatree(trial / "trial.h5", engine=engine)
    dimension = tree["intrinsic_dimension"].to_dataset()
    names = [name.decode() if isinstance(name, bytes) else str(name) for name in dimension["layer"].values]
    assert names == ["input", "layer_1", "layer_2", "output"]
    assert list(dimension["k"].values) == [10, 30, 100]
    assert numpy.isfinite(dimension["levina_bickel_original"].sel(k=30).values).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_layer_has_its_controls(trial, engine):
    tree = xarray.open_datatree(trial / "trial.h5", engine=engine)
    trained = tree["intrinsic_dimension/levina_bickel"]
    assert tree["intrinsic_dimension/levina_bickel_se_blocks"].dims == ("layer", "k")
    for control in ("untrained", "shuffled"):
        assert tree[f"control/{control}/intrinsic_dimension/levina_bickel"].dims == trained.dims
    assert tree["control/signal/intrinsic_dimension/levina_bickel"].dims == ("k",)
    noise = tree["control/noise/intrinsic_dimension/levina_bickel"].sel(k=10)
    assert float(noise) > float(tree["control/signal/intrinsic_dimension/levina_bickel"].sel(k=10)) + 5


@pytest.mark.parametrize("engine", ENGINES)
def test_probes_and_similarity_have_plausible_values(trial, engine):
    tree = xarray.open_datatree(trial / "trial.h5", engine=engine)
    accuracy = tree["probe/circle/accuracy"]
    assert accuracy.dims == ("layer",)
    assert ((accuracy >= 0) & (accuracy <= 1)).all()
    for target in ("phase", "revolutions_elapsed", "switch_hazard", "next_circle"):
        for control in ("", "untrained_", "shuffled_"):
            assert (tree[f"probe/{target}/{control}r2"] <= 1).all(), (target, control)
            assert (tree[f"probe/{target}/{control}r2_{'sd' if control == 'shuffled_' else 'se'}"] >= 0).all(), (target, control)
    assert tree["probe"].attrs["shifts"] == 20 and 2 <= tree["probe"].attrs["groups"] <= 25
    cka = tree["similarity/cka"]
    assert cka.dims == ("layer", "other_layer")
    assert numpy.allclose(numpy.diag(cka.values), 1) and numpy.allclose(cka.values, cka.values.T)
    # The raw input does not depend on the weights.
    assert float(tree["similarity/cka_untrained"][0]) == pytest.approx(1)
    assert float(tree["probe/phase/untrained_r2"][0]) == float(tree["probe/phase/r2"][0])


@pytest.fixture(scope="module")
def evaluation(mambasynth, trial, finished_sweep, made_once):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    return made_once("evaluation", lambda folder: mambasynth(
        "evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--activations", "--gates", "--umap", "off",
        "--no-figures", "--out", folder))


@pytest.fixture(scope="module")
def embedded(mambasynth, trial, finished_sweep, made_once):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    return made_once("embedded", lambda folder: mambasynth(
        "evaluate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--umap-points", 400, "--no-figures", "--out", folder))


@pytest.mark.parametrize("engine", ENGINES)
def test_embeddings_have_named_dimensions(embedded, engine):
    tree = xarray.open_datatree(embedded / "evaluation.h5", engine=engine)
    embedding = tree["embedding"].to_dataset()
    assert embedding["umap"].dims == ("layer", "point", "coordinate")
    assert embedding["umap"].shape == (4, 400, 2) and numpy.isfinite(embedding["umap"].values).all()
    assert embedding["block_umap"].dims == ("block", "point", "coordinate") and embedding["block_umap"].shape[0] == 2
    assert embedding["umap_start"].dims == ("layer",) and set(embedding["umap_start"].values) <= {"spectral", "random"}
    assert embedding["block_umap_start"].dims == ("block",) and set(embedding["block_umap_start"].values) <= {"spectral", "random"}
    assert (numpy.diff(embedding["point"].values) > 0).all()
    assert (numpy.abs(embedding["silhouette"].values) <= 1).all()


def test_principal_components_match_numpys(embedded, evaluation):
    with h5py.File(embedded / "evaluation.h5") as file, h5py.File(evaluation / "activations.h5") as activations:
        for layer, name in enumerate(["input", "layer_1", "layer_2"]):
            x = activations[f"activation/{name}"][:].astype("f8")
            x = x.reshape(-1, x.shape[-1])[file["point"][:]]
            x -= x.mean(axis=0)
            u, s, _ = numpy.linalg.svd(x, full_matrices=False)
            expected = u[:, :2] * s[:2]
            ours = file["embedding/pca"][layer]
            assert numpy.allclose(numpy.abs(ours), numpy.abs(expected), atol=1e-3 * numpy.abs(expected).max()), name
            assert numpy.allclose(file["embedding/pca_share"][layer], (s**2 / (s**2).sum())[:2], rtol=1e-4), name


@pytest.mark.parametrize("engine", ENGINES)
def test_activations_have_named_dimensions(evaluation, engine):
    tree = xarray.open_datatree(evaluation / "activations.h5", engine=engine)
    activation = tree["activation"].to_dataset()
    assert activation["layer_1"].dims == ("window", "step", "feature")
    assert activation["input"].dims == ("window", "step", "channel")
    windows, steps = 3000 // 64, 64
    assert activation["layer_2"].shape == (windows, steps, 16)
    assert tree["prediction/h4"].dims == ("window", "step", "channel")
    assert tree["state/circle"].shape == (windows, steps)
    assert tree["gate/layer_1/delta"].dims == ("window", "step", "inner")
    assert tree["gate/layer_1/B_norm"].dims == ("window", "step")
    assert (tree["gate/layer_1/delta"].values > 0).all()  # after softplus


def test_the_input_activations_are_the_series(evaluation, finished_sweep):
    with h5py.File(evaluation / "activations.h5") as ours, h5py.File(next((finished_sweep / "data").glob("*/series.h5"))) as series:
        windows = ours["activation/input"][:]
        expected = series["x"][: windows.shape[0] * windows.shape[1]].astype("float32").reshape(windows.shape)
        assert (windows == expected).all()


def test_evaluate_reproduces_the_trials_measurements(evaluation, trial):
    """The same checkpoint, series and rows give the same numbers, including controls and probes."""
    with h5py.File(evaluation / "evaluation.h5") as again, h5py.File(trial / "trial.h5") as first:
        names = []

        def note(name, item):  # returning a value would end the walk
            if isinstance(item, h5py.Dataset):
                names.append(item.name)

        for group in ("intrinsic_dimension", "activation", "control", "probe", "similarity"):
            first[group].visititems(note)
        assert len(names) > 100
        for name in names:
            assert numpy.array_equal(again[name][()], first[name][()], equal_nan=True), name
