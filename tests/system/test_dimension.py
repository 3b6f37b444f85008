"""mambasynth dimension: its estimates compared with NumPy's, its files as other tools read them, and its refusals."""

import re
import shutil

import h5py
import numpy
import pytest
import xarray

import drawing
from test_bad_input import says

KS = (10, 30, 100)


def distances(x, k):
    """The k smallest distances of each row to the others, ascending, by brute force in double."""
    out = []
    for row in x:
        squared = ((x - row) ** 2).sum(axis=1)
        out.append(numpy.sqrt(numpy.sort(squared)[1:k + 1]))
    return numpy.array(out)


def levina_bickel(t, k):
    return ((k - 2) / numpy.log(t[:, k - 1:k] / t[:, :k - 1]).sum(axis=1)).mean()


def original(t, k):
    return ((k - 1) / numpy.log(t[:, k - 1:k] / t[:, :k - 1]).sum(axis=1)).mean()


def mackay_ghahramani(t, k):
    return 1 / (numpy.log(t[:, k - 1:k] / t[:, :k - 1]).sum(axis=1) / (k - 1)).mean()


def two_nn(t):
    log = numpy.sort(numpy.log(t[:, 1] / t[:, 0]))
    n = len(log)
    used = log[:n * 9 // 10]
    y = -numpy.log1p(-numpy.arange(1, len(used) + 1) / n)
    return (n - 1) / log.sum(), (used * y).sum() / (used * used).sum()


@pytest.fixture
def measure(mambasynth, tmp_path):
    """measure(DATA, FLAGS...): runs the verb, returns dimension.h5 as {name: values}; DATA: a file or an array."""
    def run(data, *flags, **options):
        if isinstance(data, numpy.ndarray):
            numpy.save(tmp_path / "rows.npy", data)
            data = tmp_path / "rows.npy"
        run.done = mambasynth("dimension", "--data", data, "--no-figures", "--out", tmp_path / "out", *flags, **options)
        found = {}
        with h5py.File(tmp_path / "out" / "dimension.h5") as file:
            file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
            found["attributes"] = dict(file.attrs)
        return {name.removeprefix("intrinsic_dimension/"): value for name, value in found.items()}
    return run


@pytest.mark.parametrize("cloud, dims, unbiased, least_squares", [
    (lambda rng: rng.standard_normal((2000, 5)), 5, (5.0429, 5.0154, 4.8559), 5.1009),
    (lambda rng: rng.random((2000, 5)), 5, (4.5381, 4.4426, 4.2484), 4.7235),
    (lambda rng: rng.standard_normal((1500, 3)) @ rng.standard_normal((3, 64)), 64, None, None),
])
def test_estimates_match_numpy(measure, cloud, dims, unbiased, least_squares):
    x = cloud(numpy.random.default_rng(0))
    found, t = measure(x), distances(x, 100)
    assert list(found["k"]) == list(KS)
    for i, k in enumerate(KS):
        assert found["levina_bickel"][i] == pytest.approx(levina_bickel(t, k), rel=1e-9)
        assert found["levina_bickel_original"][i] == pytest.approx(original(t, k), rel=1e-9)
        assert found["mackay_ghahramani"][i] == pytest.approx(mackay_ghahramani(t, k), rel=1e-9)
        assert found["distance_k"][i] == pytest.approx(t[:, k - 1].mean(), rel=1e-9)
    ml, ls = two_nn(t)
    assert found["two_nn_ml"] == pytest.approx(ml, rel=1e-9)
    assert found["two_nn_ls"] == pytest.approx(ls, rel=1e-9)
    assert found["attributes"]["dims"] == dims and found["attributes"]["points"] == len(x)
    if unbiased:
        assert found["levina_bickel"] == pytest.approx(unbiased, abs=6e-5)
        assert found["two_nn_ls"] == pytest.approx(least_squares, abs=6e-5)


def neighbors(x):
    """Each row's distances to all others, ascending, and the indices of those rows."""
    apart = numpy.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2))
    whose = numpy.argsort(apart, axis=1)[:, 1:]
    return numpy.take_along_axis(apart, whose, axis=1), whose


def with_influence(x, k):
    """MacKay-Ghahramani, and each row's influence on it: through its own neighbors, and as a neighbor of others."""
    t, whose = neighbors(x)
    log = numpy.log(t)
    term = lambda row: (row[k - 1] - row[:k - 1]).mean()
    terms = numpy.array([term(row) for row in log])
    estimate = 1 / terms.mean()
    on_others = numpy.zeros(len(x))
    for i in range(len(x)):
        for j in range(k):
            on_others[whose[i, j]] += terms[i] - term(numpy.delete(log[i], j))
    scale = -estimate ** 2 / len(x)
    return estimate, (terms - terms.mean()) * scale, on_others * scale, whose


def test_errors_by_blocks_match_numpy(measure):
    """Each block is left out and all neighbors are found again; influence on others is averaged over the 32 nearest."""
    rng = numpy.random.default_rng(3)
    x = rng.random((240, 3)) * (1 + numpy.repeat(numpy.arange(8) % 2, 30))[:, None]  # blocks differ
    block, k = numpy.arange(240) * 8 // 240, 12
    found = measure(x, "--k", k, "--blocks", 8)
    estimate, own, on_others, whose = with_influence(x, k)
    moved = own + on_others[whose[:, :32]].mean(axis=1)
    expected = numpy.bincount(block, moved - moved.mean())
    without = [1 / numpy.mean([(row[k - 1] - row[:k - 1]).mean() for row in numpy.log(neighbors(x[block != b])[0])]) for b in range(8)]
    error = numpy.sqrt((expected * (numpy.mean(without) - without)).sum())
    assert found["mackay_ghahramani"] == pytest.approx(estimate, rel=1e-9)
    assert found["mackay_ghahramani_se_blocks"] == pytest.approx(error, rel=1e-6)
    assert error > found["mackay_ghahramani_se"]


def test_the_estimate_of_a_noisy_ring_falls_without_a_plateau(measure):
    rng = numpy.random.default_rng(0)
    theta = rng.uniform(0, 2 * numpy.pi, 2000)
    x = numpy.zeros((2000, 20))
    x[:, 0], x[:, 1] = 20 * numpy.cos(theta), 20 * numpy.sin(theta)
    found = measure(x + 0.1 * rng.standard_normal((2000, 20)), "--noise", 0.1)
    assert list(found["n1"]) == [1, 2, 4, 8, 16, 32, 64]
    assert found["gride"] == pytest.approx([11.33, 9.21, 6.79, 3.97, 1.88, 1.22, 1.06], abs=6e-3)
    assert numpy.isnan(found["plateau"]) and not found["gride_plateau"].any()
    # The unit is the distance between two observations of one point; below it, noise dominates.
    assert found["distance_n1_in_noise"] == pytest.approx(found["distance_n1"] / (0.1 * numpy.sqrt(40)))
    assert found["gride"][found["distance_n1_in_noise"] < 0.9].min() > 5


def test_a_plateau_is_marked(measure):
    found = measure(numpy.random.default_rng(0).standard_normal((3000, 2)))
    assert found["plateau"] == pytest.approx(2, abs=0.1)
    assert found["gride_plateau"].sum() >= 4


def test_the_originals_estimates_of_its_series_are_reproduced(measure, reference):
    """estimate_dimension.py: 2000 rows by default_rng(0), and each circle with more than k + 1 of them."""
    data = numpy.load(reference / "data.npz")
    rows = numpy.random.default_rng(0).choice(len(data["X"]), 2000, replace=False)
    x, circle = data["X"][rows], data["states"][rows]
    found = measure(reference, "--points", 2000, "--k", "5,10,15,20,30,50,75,100,150,200")
    t = distances(x, 200)
    assert found["levina_bickel_original"] == pytest.approx([original(t, k) for k in found["k"]], rel=1e-9)
    assert list(found["circle_id"]) == list(range(10))
    assert list(found["by_circle/points"]) == list(numpy.bincount(circle))
    for c in range(10):
        own = distances(x[circle == c], min(200, (circle == c).sum() - 1))
        for i, k in enumerate(found["k"]):
            expected = original(own, k) if (circle == c).sum() > k + 1 else numpy.nan
            assert found["by_circle/levina_bickel_original"][c, i] == pytest.approx(expected, rel=1e-9, nan_ok=True)
    assert found["attributes"]["noise"] == 2.83


def test_the_same_rows_give_the_same_estimates_in_each_format(measure, tmp_path):
    x = numpy.random.default_rng(3).standard_normal((10, 60, 6)).astype("f4")
    flat = x.reshape(600, 6)
    numpy.savez(tmp_path / "a.npz", rows=x, label=numpy.arange(600) // 300, other=flat[:5])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/down/rows"] = x
        file["label"] = numpy.arange(600) // 300
    fortran = measure(numpy.asfortranarray(flat.astype("f8")))
    for file, name, label in (("a.npz", "rows", "label"), ("a.h5", "/deep/down/rows", "/label")):
        found = measure(tmp_path / file, "--array", name, "--labels", label)
        for estimator in ("levina_bickel", "two_nn_ml", "gride", "gride_se_blocks"):
            assert (found[estimator] == fortran[estimator]).all(), (file, estimator)
        assert list(found["by_label/points"]) == [300, 300]
    assert (measure(tmp_path / "a.h5")["gride"] == fortran["gride"]).all()  # the only array with two or more axes
    assert measure(numpy.linspace(0, 1, 500) ** 2)["attributes"]["dims"] == 1


def test_a_series_gives_the_same_estimates_in_each_form(mambasynth, measure, tmp_path):
    mambasynth("data", "--n-steps", 3000, "--no-figures", "--out", tmp_path / "series")
    found = [measure(tmp_path / "series" / name) for name in ("", "data.npz", "series.h5")]
    for other in found[1:]:
        assert (other["levina_bickel"] == found[0]["levina_bickel"]).all()
        assert (other["by_circle/two_nn_ml"] == found[0]["by_circle/two_nn_ml"])[~numpy.isnan(other["by_circle/two_nn_ml"])].all()
    assert found[0]["attributes"]["noise"] == 2.83


def test_xarray_reads_dimension_h5_with_named_dimensions(mambasynth, tmp_path):
    numpy.savez(tmp_path / "a.npz", rows=numpy.random.default_rng(0).integers(0, 9, (400, 3)), label=numpy.arange(400) % 2)
    mambasynth("dimension", "--data", tmp_path / "a.npz", "--array", "rows", "--labels", "label", "--k", "5,10", "--fci-centres", 4,
               "--fci-k", "50,100", "--out", tmp_path / "out")
    for engine in ("h5netcdf", "netcdf4"):
        with xarray.open_dataset(tmp_path / "out/dimension.h5", group="intrinsic_dimension", engine=engine) as file:
            assert file["levina_bickel"].dims == ("k",) and file["gride_se"].dims == ("n1",)
            assert file["binomial"].dims == ("inner_radius",) and file["full_correlation"].dims == ("patch",)
            assert file["two_nn_ml"].dims == ()
            assert file["duplicates"] > 0
        with xarray.open_dataset(tmp_path / "out/dimension.h5", group="by_label", engine=engine) as file:
            assert file["levina_bickel_se_blocks"].dims == ("label", "k")
    assert (tmp_path / "out/plots/dimension_estimates.gp").is_file()


def test_integers_get_the_binomial_estimator(measure):
    rng = numpy.random.default_rng(0)
    found = measure(rng.integers(0, 60, (2000, 2)), "--radii", "3,6")
    assert found["binomial"] == pytest.approx([2, 2], abs=0.25)  # the edges of the square bias it slightly
    assert list(found["inner_radius"]) == [3, 6]
    assert "binomial" not in measure(rng.random((300, 2)))


def test_duplicate_rows_are_counted_and_change_no_estimate(measure):
    x = numpy.random.default_rng(0).standard_normal((600, 5))
    fci = ["--fci-centres", 4, "--fci-k", 50, "--blocks", 5]
    clean, found = measure(x, *fci), measure(numpy.concatenate([x, x[:60], x[:5]]), *fci)
    assert clean["duplicates"] == 0 and found["duplicates"] == 60 + 65
    assert "distinct" in found["attributes"]["duplicates_policy"]
    for estimator in ("levina_bickel", "mackay_ghahramani", "two_nn_ml", "two_nn_ls", "gride", "distance_k", "full_correlation"):
        assert numpy.array_equal(found[estimator], clean[estimator]), estimator
    assert (found["levina_bickel_original"] < clean["levina_bickel_original"]).all()  # a row with a copy counts as 0
    assert found["full_correlation_se_blocks"] > 0


def test_a_window_excludes_neighbors_in_time_and_blocks_give_errors(measure):
    t = numpy.arange(4000) * 0.01
    torus = numpy.stack([numpy.cos(t), numpy.sin(t), numpy.cos(2 ** 0.5 * t), numpy.sin(2 ** 0.5 * t)], axis=1)
    assert measure(torus)["two_nn_ml"] > 100  # both nearest neighbors are one step away
    t = numpy.random.default_rng(0).choice(400000, 4000, replace=False) * 0.01
    torus = numpy.stack([numpy.cos(t), numpy.sin(t), numpy.cos(2 ** 0.5 * t), numpy.sin(2 ** 0.5 * t)], axis=1)
    assert measure(torus)["two_nn_ml"] == pytest.approx(2, abs=0.15)

    line = numpy.arange(300.)[:, None]
    assert measure(line, "--theiler", 5, "--k", 3)["distance_k"][0] == pytest.approx(7, abs=0.3)  # 6, 6, 7
    x = numpy.random.default_rng(0).standard_normal((500, 3))
    assert numpy.isnan(measure(x, "--blocks", 0)["levina_bickel_se_blocks"]).all()
    assert (measure(x)["levina_bickel_se_blocks"] > 0).all()


@pytest.mark.parametrize("flags", [["--threads", 3], ["--device", "auto"]], ids=["threads", "device"])
def test_results_are_bit_identical_for_any_threads_and_device(measure, flags):
    """auto: the GPU if there is one."""
    x = numpy.random.default_rng(0).standard_normal((3000, 12))
    one, other = measure(x, "--threads", 1, "--device", "cpu"), measure(x, *flags)
    for name in one:
        if name != "attributes":
            assert numpy.array_equal(one[name], other[name], equal_nan=True), name


@pytest.mark.parametrize("x", [numpy.ones((60, 4)), numpy.repeat([[0., 1], [5, 5]], 40, axis=0)])
def test_rows_without_a_dimension_give_nan(measure, x):
    found = measure(x, "--k", "5,10")
    assert found["duplicates"] == len(x)
    for estimator in ("levina_bickel", "mackay_ghahramani", "gride", "two_nn_ls"):
        assert numpy.isnan(found[estimator]).all(), estimator


def test_the_figure_marks_a_plateau_only_if_there_is_one(mambasynth, tmp_path):
    rng = numpy.random.default_rng(0)
    clouds = rng.standard_normal((2000, 2)), numpy.concatenate([rng.standard_normal((1000, 20)), numpy.ones((1000, 20))])
    for name, x in zip(("flat", "half_constant"), clouds):
        numpy.save(tmp_path / "x.npy", x)
        mambasynth("dimension", "--data", tmp_path / "x.npy", "--out", tmp_path / name)
        script = (tmp_path / name / "plots/dimension_estimates.gp").read_text()
        with h5py.File(tmp_path / name / "dimension.h5") as file:
            assert ("Plateau at" in script) == bool(file["intrinsic_dimension/gride_plateau"][:].any()), name
        files = re.findall(r'"(dimension_estimates_\w+\.dat)"', script)
        assert files
        for data in files:
            assert (tmp_path / name / "plots" / data).is_file()
        if shutil.which("gnuplot"):
            figure = drawing.read(tmp_path / name / "dimension_estimates.svg")
            assert all(figure.plots.values()) and "Gride by distance" in figure.texts
            assert any(text.startswith("Plateau at") for text in figure.texts) == ("Plateau at" in script)
    assert "Plateau at" in (tmp_path / "flat/plots/dimension_estimates.gp").read_text()


def test_each_of_many_labels_has_its_estimates(mambasynth, measure, tmp_path):
    """200 labels, some with one row; NaN for labels with too few rows."""
    rng = numpy.random.default_rng(0)
    label = numpy.concatenate([numpy.arange(200), rng.integers(0, 150, 3000)])
    numpy.savez(tmp_path / "a.npz", rows=rng.standard_normal((len(label), 3)), label=label)
    found = measure(tmp_path / "a.npz", "--array", "rows", "--labels", "label", "--k", "5,18")
    rows = numpy.bincount(label)
    assert (found["by_label/points"] == rows).all()
    assert (numpy.isfinite(found["by_label/levina_bickel"]) == (rows[:, None] > numpy.array([5, 18]) + 1)).all()
    mambasynth("dimension", "--data", tmp_path / "a.npz", "--array", "rows", "--labels", "label", "--out", tmp_path / "drawn")


def test_keys_come_from_the_dimension_section_and_flags_override_them(mambasynth, tmp_path):
    (tmp_path / "keys.toml").write_text("[dimension]\nk = [4, 8]\ntheiler = 2\n")
    printed = mambasynth("dimension", "--config", tmp_path / "keys.toml", "--theiler", 3, "--print-config").stdout
    assert "[dimension]" in printed and "k = [4, 8]" in printed and re.search(r"^theiler = 3$", printed, re.MULTILINE)


# ---- refusals

@pytest.fixture
def refused(mambasynth, tmp_path):
    def run(data, *flags, code=3):
        done = mambasynth("dimension", "--data", data, "--out", tmp_path / "out", *flags, code=code)
        assert not (tmp_path / "out" / "dimension.h5").exists()
        return done
    return run


def saved(folder, x, name="a.npy"):
    numpy.save(folder / name, x)
    return folder / name


def test_a_missing_data_flag_is_named(mambasynth, tmp_path):
    says(mambasynth("dimension", "--out", tmp_path, code=2), "--data")


def test_a_missing_file_is_refused(refused, tmp_path):
    says(refused(tmp_path / "gone.npy"), r"gone\.npy", "no such file")


def test_a_folder_without_a_series_is_refused(refused, tmp_path):
    says(refused(tmp_path), r"series\.h5")


def test_an_unsupported_format_is_refused(refused, tmp_path):
    (tmp_path / "a.bin").write_text("1,2,3\n")
    says(refused(tmp_path / "a.bin"), r"a\.bin", "neither HDF5")


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf])
def test_a_non_finite_value_is_located(refused, tmp_path, value):
    x = numpy.zeros((50, 4))
    x[31, 2] = value
    says(refused(saved(tmp_path, x)), r"a\.npy", "row 31, column 2")


def test_more_neighbors_than_rows_are_refused(refused, tmp_path):
    says(refused(saved(tmp_path, numpy.random.default_rng(0).random((50, 4))), code=2), "100 neighbors of each of 50 points")


def test_a_window_that_leaves_too_few_neighbors_is_refused(refused, tmp_path):
    x = saved(tmp_path, numpy.random.default_rng(0).random((50, 4)))
    says(refused(x, "--k", 10, "--theiler", 22, code=2), "window of 22 steps")


def test_more_points_than_rows_are_refused(refused, tmp_path):
    says(refused(saved(tmp_path, numpy.random.default_rng(0).random((50, 4))), "--points", 51, code=2), "51", "50 rows")


@pytest.mark.parametrize("x", [numpy.zeros((0, 4)), numpy.zeros((4, 0)), numpy.float64(3)])
def test_arrays_without_rows_are_refused(refused, tmp_path, x):
    says(refused(saved(tmp_path, x)), r"a\.npy")


def test_text_is_refused(refused, tmp_path):
    says(refused(saved(tmp_path, numpy.array([["a", "b"]]))), r"a\.npy")


def test_several_candidate_arrays_are_listed(refused, tmp_path):
    numpy.savez(tmp_path / "a.npz", one=numpy.zeros((5, 2)), two=numpy.zeros((5, 2)), flat=numpy.zeros(5))
    says(refused(tmp_path / "a.npz"), "one, two", "--array")


@pytest.mark.parametrize("name", ["a.npz", "a.h5"])
def test_a_misspelled_array_gets_the_nearest_suggested(refused, tmp_path, name):
    if name == "a.npz":
        numpy.savez(tmp_path / name, activation=numpy.zeros((5, 2)))
    else:
        with h5py.File(tmp_path / name, "w") as file:
            file["activation"] = numpy.zeros((5, 2))
    says(refused(tmp_path / name, "--array", "activaton"), "activaton", "Did you mean '/?activation'")


def test_labels_of_another_length_are_refused(refused, tmp_path):
    numpy.savez(tmp_path / "a.npz", rows=numpy.zeros((50, 2)), label=numpy.zeros(49, int))
    says(refused(tmp_path / "a.npz", "--array", "rows", "--labels", "label"), "49 values for 50 rows")


def test_an_array_name_for_an_npy_is_refused(refused, tmp_path):
    says(refused(saved(tmp_path, numpy.zeros((5, 2))), "--array", "x", code=2), "--array")


def test_a_truncated_file_is_refused(refused, tmp_path):
    whole = saved(tmp_path, numpy.random.default_rng(0).random((500, 4))).read_bytes()
    (tmp_path / "half.npy").write_bytes(whole[:5000])
    says(refused(tmp_path / "half.npy"), r"half\.npy")


@pytest.mark.parametrize("k", ["2", "0", "ten"])
def test_an_invalid_k_is_refused(refused, tmp_path, k):
    says(refused(saved(tmp_path, numpy.zeros((5, 2))), "--k", k, code=2), "--k|dimension.k")
