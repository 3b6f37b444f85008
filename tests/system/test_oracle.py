"""The exact filter: the verb compared with a plain filter written here, and its errors in every trial's result."""

import csv
import hashlib
import math
import shutil

import h5py
import numpy
import pytest
import xarray

# A small process: 3 circles, 260 states.
SMALL = ["--n-circles", 3, "--ambient-dim", 4, "--min-period", 6, "--max-period", 15, "--dwell-mean", 30, "--dwell-std", 8,
         "--noise-std", 6]


class PlainFilter:
    """All states of the hidden process in one vector; a step is a product with its transition matrix."""

    def __init__(self, series):
        read = lambda name: series[name][:]
        self.mean_of_dwell, self.std_of_dwell = series.attrs["dwell_mean"], series.attrs["dwell_std"]
        self.noise = series.attrs["noise_std"]
        period, radius, plane, entry = read("period"), read("radius"), read("plane"), read("entry_angle")
        matrix = read("transition_matrix")
        circles = len(period)
        self.states = [(c, s, r) for c in range(circles) for s in range(period[c]) for r in range(1, len(self.dwell(period[c])) + 1)]
        number = {state: i for i, state in enumerate(self.states)}
        self.step = numpy.zeros((len(self.states), len(self.states)))
        for (c, s, r), i in number.items():
            if s + 1 < period[c]:
                self.step[i, number[c, s + 1, r]] = 1
            elif r > 1:
                self.step[i, number[c, 0, r - 1]] = 1
            else:
                for j in range(circles):
                    for k, p in enumerate(self.dwell(period[j])):
                        self.step[i, number[j, 0, k + 1]] += matrix[c, j] * p
        angle = numpy.array([entry[c] + 2 * math.pi * s / period[c] for c, s, r in self.states])
        c = numpy.array([state[0] for state in self.states])
        self.mean = radius[c, None] * (numpy.cos(angle)[:, None] * plane[c, 0] + numpy.sin(angle)[:, None] * plane[c, 1])
        self.circle = numpy.eye(circles)[c]
        self.leaving = numpy.array([s == period[c] - 1 and r == 1 for c, s, r in self.states])
        self.known = numpy.zeros(len(self.states))
        for k, p in enumerate(self.dwell(period[0])):
            self.known[number[0, 0, k + 1]] = p
        # The stationary law: the left eigenvector of eigenvalue 1.
        equations = numpy.vstack([self.step.T - numpy.eye(len(self.states)), numpy.ones(len(self.states))])
        self.stationary = numpy.linalg.lstsq(equations, numpy.r_[numpy.zeros(len(self.states)), 1], rcond=None)[0]

    def dwell(self, period):
        above = lambda k: 0.5 * math.erfc(((k + 0.5) * period - self.mean_of_dwell) / self.std_of_dwell / math.sqrt(2))
        law = [1 - above(1)]
        while above(len(law)) > 1e-12:
            law.append(above(len(law)) - above(len(law) + 1))
        return numpy.array(law) / sum(law)

    def laws(self, x, start):
        """The law of the state at each step, given x up to that step."""
        law = start
        for t, seen in enumerate(x):
            law = law if t == 0 else law @ self.step
            exponent = -((seen - self.mean) ** 2).sum(1) / (2 * self.noise**2)
            law = law * numpy.exp(exponent - exponent.max())
            law = law / law.sum()
            yield law

    def squared_errors(self, x, start, horizons):
        """Errors (step, horizon), mean over channels, NaN past the end; laws; powers of the transition matrix."""
        errors = numpy.full((len(x), len(horizons)), math.nan)
        powers = [numpy.linalg.matrix_power(self.step, k) for k in horizons]
        laws = list(self.laws(x, start))
        for t, law in enumerate(laws):
            for h, k in enumerate(horizons):
                if t + k < len(x):
                    errors[t, h] = ((law @ powers[h] @ self.mean - x[t + k]) ** 2).mean()
        return errors, numpy.array(laws), powers


@pytest.fixture(scope="module")
def small(mambasynth, made_once):
    return made_once("small_process", lambda folder: mambasynth("data", *SMALL, "--n-steps", 1500, "--no-figures", "--out", folder))


def entropy(law):
    positive = numpy.where(law > 0, law, 1)
    return -(law * numpy.log(positive)).sum(-1)


def test_the_verb_agrees_with_a_plain_filter(mambasynth, small, tmp_path):
    horizons = [1, 2, 5, 40]
    done = mambasynth("oracle", "--data", small, "--horizons", "1,2,5,40", "--elapsed", "--out", tmp_path)
    with h5py.File(small / "series.h5") as series:
        plain, x, circle = PlainFilter(series), series["x"][:], series["circle"][:]
        matrix = series["transition_matrix"][:]
    errors, laws, powers = plain.squared_errors(x, plain.known, horizons)
    visit = numpy.r_[0, (numpy.diff(circle) != 0).cumsum()]
    found = xarray.open_dataset(tmp_path / "oracle.h5", engine="h5netcdf")
    assert found.attrs["states"] == len(plain.states)
    assert list(found.horizon) == horizons
    for h, k in enumerate(horizons):
        own, there = errors[:-k, h], visit[k:] != visit[:-k]
        assert found.bayes_mse.values[h] == pytest.approx(own.mean(), rel=1e-10)
        if there.any():
            assert found.bayes_mse_switch.values[h] == pytest.approx(own[there].mean(), rel=1e-10)
            assert f"{found.bayes_mse_switch_se.values[h]:.4f}" in done.stdout
        if not there.all():
            assert found.bayes_mse_stay.values[h] == pytest.approx(own[~there].mean(), rel=1e-10)
        assert found.switch_share.values[h] == pytest.approx(there.mean(), rel=1e-12)
        ahead = laws[:-k] @ powers[h] @ plain.circle
        assert found.circle_entropy.values[h] == pytest.approx(entropy(ahead).mean(), rel=1e-9)
        assert f"{found.bayes_mse.values[h]:.6f}" in done.stdout
    assert float(found.next_circle_entropy) == pytest.approx(entropy(laws @ plain.circle @ matrix).mean(), rel=1e-10)

    posterior = xarray.open_dataset(tmp_path / "posterior.h5", engine="h5netcdf")
    assert posterior.sizes["time"] == 1500
    close = lambda a, b: numpy.testing.assert_allclose(a, b, atol=1e-10)
    close(posterior.circle_probability.values, laws @ plain.circle)
    close(posterior.next_circle_probability.values, laws @ plain.circle @ matrix)
    close(posterior.switch_hazard.values, laws @ plain.leaving)
    revolutions = numpy.array([r for _, _, r in plain.states])
    for r in posterior.revolutions_to_come.values:
        close(posterior.revolutions_to_come_probability.sel(revolutions_to_come=r).values, laws[:, revolutions == r].sum(1))
    close(posterior.revolutions_elapsed_probability.sum("revolutions_elapsed").values, 1)
    close(posterior.switch_probability.sel(horizon=1).values, posterior.switch_hazard.values)
    assert float(posterior.phase_concentration.max()) <= 1 + 1e-12


def test_ranks_threads_and_blocks_do_not_change_the_result(mambasynth, tmp_path):
    mambasynth("data", *SMALL, "--n-steps", 9000, "--no-figures", "--out", tmp_path / "data")
    flags = ["oracle", "--data", tmp_path / "data", "--burn-in", 2048]
    mambasynth(*flags, "--out", tmp_path / "one")
    mambasynth.over(3)(*flags, "--posteriors", "--out", tmp_path / "three")
    mambasynth(*flags, "--block", 3072, "--threads", 2, "--out", tmp_path / "threads")
    mambasynth.over(2)(*flags, "--block", 1024, "--out", tmp_path / "a")
    mambasynth(*flags, "--block", 1024, "--threads", 1, "--out", tmp_path / "b")
    read = lambda name: xarray.open_dataset(tmp_path / name / "oracle.h5", engine="h5netcdf")
    for name in ("three", "threads"):
        numpy.testing.assert_allclose(read(name).bayes_mse.values, read("one").bayes_mse.values, rtol=1e-9)
        numpy.testing.assert_allclose(read(name).bayes_mse_se.values, read("one").bayes_mse_se.values, rtol=1e-7)
    assert (read("a").bayes_mse.values == read("b").bayes_mse.values).all()
    parts = sorted((tmp_path / "three").glob("posterior_*.h5"))
    assert len(parts) == 3
    times = numpy.concatenate([xarray.open_dataset(part, engine="h5netcdf").time.values for part in parts])
    assert (times == numpy.arange(9000)).all()


def test_a_series_without_its_generator_is_refused(mambasynth, small, tmp_path):
    shutil.copy(small / "data.npz", tmp_path)
    done = mambasynth("oracle", "--data", tmp_path / "data.npz", "--out", tmp_path / "out", code=3)
    assert str(tmp_path / "config.json") in done.stderr
    assert not (tmp_path / "out" / "oracle.h5").exists()
    text = (small / "config.json").read_text()
    (tmp_path / "config.json").write_text(text.replace('"seed": 42', '"seed": 43'))
    done = mambasynth("oracle", "--data", tmp_path / "data.npz", "--out", tmp_path / "out", code=3)
    assert "generates another series" in done.stderr


def test_an_unwritable_folder_is_reported_before_the_work(mambasynth, read_only):
    folder, launcher = read_only
    done = mambasynth("oracle", "--n-steps", 2000, "--out", folder / "out", launcher=launcher, code=1)
    assert "hidden states" not in done.stderr


def test_more_ranks_than_blocks_do_not_change_the_result(mambasynth, tmp_path):
    mambasynth("oracle", *SMALL, "--n-steps", 1500, "--out", tmp_path / "one")
    mambasynth.over(3)("oracle", *SMALL, "--n-steps", 1500, "--posteriors", "--out", tmp_path / "three")
    one, three = (xarray.open_dataset(tmp_path / name / "oracle.h5", engine="h5netcdf") for name in ("one", "three"))
    numpy.testing.assert_allclose(three.bayes_mse.values, one.bayes_mse.values, rtol=1e-12)
    assert len(list((tmp_path / "three").glob("posterior_*.h5"))) == 2


@pytest.mark.parametrize("flags, words", [
    (["--horizons", "0"], "oracle.horizons"),
    (["--horizons", "1,2000"], "oracle.horizons = 2000"),
    (["--horizons", "[]"], "oracle.horizons"),
    (["--burn-in", "-1"], "oracle.burn_in"),
    (["--dwell-mean", "1e9"], "data.dwell_mean"),
    (["--blok", "1"], "--block"),
])
def test_bad_flags_are_refused(mambasynth, tmp_path, flags, words):
    done = mambasynth("oracle", "--n-steps", 2000, *flags, "--out", tmp_path, code=2)
    assert words in done.stderr
    assert not (tmp_path / "oracle.h5").exists()


@pytest.mark.parametrize("circles", [1, 3, 200])
def test_any_number_of_circles_is_filtered(mambasynth, tmp_path, circles):
    mambasynth("oracle", "--n-circles", circles, "--n-steps", 3000, "--out", tmp_path)
    found = xarray.open_dataset(tmp_path / "oracle.h5", engine="h5netcdf")
    assert (found.bayes_mse.values > 7).all()
    assert numpy.isnan(found.bayes_mse_switch.values[0]) == (circles == 1)


def test_the_bound_of_the_original_series_is_above_its_noise(mambasynth, reference, tmp_path):
    mambasynth("oracle", "--data", reference, "--out", tmp_path)
    found = xarray.open_dataset(tmp_path / "oracle.h5", engine="h5netcdf")
    assert list(found.horizon) == [1, 2, 4, 8, 16, 32, 64]
    assert found.attrs["states"] == 11200
    # No predictor beats the noise, although the error reported by the original's run lies below it.
    assert 2.83**2 < found.bayes_mse.values[0] < 8.1
    assert (numpy.diff(found.bayes_mse.values) > 0).all()


def test_trials_hold_the_bayes_optimum_and_their_excess(finished_sweep):
    kept = {}
    for file in (finished_sweep / "data").glob("*/oracle_*.h5"):
        found = xarray.open_dataset(file, engine="h5netcdf")
        windows = found.attrs["windows"]
        # Files keep their names when the generator gains keys, because keys at their defaults are left out.
        assert file.name == f"oracle_{hashlib.sha256(windows.encode()).hexdigest()[:12]}.h5"
        assert "noise_std = " in windows and "drift_std" not in windows
        kept["val_bayes_mse" if "\nvalidation windows\n" in found.attrs["windows"] else "bayes_mse"] = found.bayes_mse.values
    assert len(kept) == 2
    trials = sorted((finished_sweep / "trials").iterdir())
    assert len(trials) == 2
    for trial in trials:
        horizon = xarray.open_datatree(trial / "trial.h5", engine="h5netcdf")["horizon"]
        assert list(horizon["horizon"].values) == [1, 2, 4]
        numpy.testing.assert_array_equal(horizon.excess_mse.values, horizon.test_mse.values - horizon.bayes_mse.values)
        assert (horizon.excess_mse.values > 0).all()
        for name, values in kept.items():
            numpy.testing.assert_array_equal(horizon[name].values, values)


def test_windows_start_cold_like_a_plain_filter(mambasynth, small, tmp_path):
    """train's bayes_mse is over the same windows as its losses."""
    settings = ["--d-model", 8, "--n-layers", 1, "--d-state", 4, "--d-ff", 8, "--max-horizon", 4, "--seq-len", 50, "--stride", 25,
                "--batch-size", 8, "--warmup-epochs", 1, "--epochs", 2, "--set", "evaluate.lb_k=[3]"]
    done = mambasynth("train", "--data", small, *settings, "--set", "data.test_n_steps=3220", "--out", tmp_path / "out")
    mambasynth("data", *SMALL, "--n-steps", 3220, "--path-seed", 43, "--no-figures", "--out", tmp_path / "test")
    trial = xarray.open_datatree(tmp_path / "out" / "trial.h5", engine="h5netcdf")
    horizon = trial["horizon"]
    with h5py.File(small / "series.h5") as series, h5py.File(tmp_path / "test" / "series.h5") as test:
        plain = PlainFilter(series)
        x, test_x = (file["x"][:].astype("f4").astype("f8") for file in (series, test))
    test_windows = [test_x[first:first + 50] for first in range(0, 3171, 50)]
    val_windows = [x[first:first + 50] for first in range(1350, 1451, 25)]
    for windows, name in ((test_windows, "bayes_mse"), (val_windows, "val_bayes_mse")):
        errors = numpy.stack([plain.squared_errors(window, plain.stationary, [1, 2, 4])[0] for window in windows])
        numpy.testing.assert_allclose(horizon[name].values, numpy.nanmean(errors, axis=(0, 1)), rtol=1e-10)
        if name == "bayes_mse":
            of_windows = numpy.nanmean(errors, axis=1)
    # 64 windows, 21 of which make up 1,024 steps: three blocks of 21, 21 and 22.
    assert list(trial["test_block"].values) == [0, 1050, 2100]
    assert list(horizon.windows_by_block.values) == [21, 21, 22]
    blocks = numpy.stack([of_windows[:21].mean(0), of_windows[21:42].mean(0), of_windows[42:].mean(0)])
    weights = numpy.array([21, 21, 22]) / 64
    error = lambda blocks: numpy.sqrt(((weights[:, None] * (blocks - weights @ blocks)) ** 2).sum(0) * 3 / 2)
    numpy.testing.assert_allclose(horizon.bayes_mse_se.values, error(blocks), rtol=1e-9)
    assert horizon.excess_mse_by_block.dims == ("horizon", "test_block")
    excess = horizon.excess_mse_by_block.values.T
    numpy.testing.assert_allclose(weights @ excess, horizon.excess_mse.values, rtol=1e-9)
    numpy.testing.assert_allclose(horizon.excess_mse_se.values, error(excess), rtol=1e-9)
    numpy.testing.assert_allclose(horizon.test_mse_se.values, error(excess + blocks), rtol=1e-9)
    assert f"at least {horizon.bayes_mse.values[0]:.4f} (Bayes)" in done.stderr
    told = f"excess {horizon.excess_mse.values[0]:.4f} ± {horizon.excess_mse_se.values[0]:.4f} (standard error of the test series)"
    assert told in done.stderr


def test_one_block_has_no_standard_error(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--test-n-steps", 300, "--out", tmp_path)
    with h5py.File(tmp_path / "trial.h5") as file:
        assert file["horizon/excess_mse_by_block"].shape[1] == 1
        assert numpy.isnan(file["horizon/excess_mse_se"][:]).all() and numpy.isnan(file["horizon/test_mse_se"][:]).all()
    assert "excess" in done.stderr and "±" not in done.stderr


def test_the_table_shows_the_excess(collate, sweep_copy):
    done = collate(sweep_copy)
    assert "excess MSE h1" in done.stdout
    assert "excess_mse.h1_mean" in (sweep_copy / "table.csv").read_text().splitlines()[0]


def test_the_table_shows_the_error_of_the_test_series(collate, sweep_copy):
    """The weighted standard error over blocks, of each cell's only trial."""
    done = collate(sweep_copy)
    assert "± test series" in done.stdout
    expected = []
    for file in sorted((sweep_copy / "trials").glob("*/trial.h5")):
        with h5py.File(file) as trial:
            values, windows = trial["horizon/excess_mse_by_block"][0], trial["horizon/windows_by_block"][:]
        blocks, share = len(values), windows / windows.sum()
        expected.append(numpy.sqrt(blocks / (blocks - 1) * numpy.sum((share * (values - share @ values)) ** 2)))
    with (sweep_copy / "table.csv").open() as file:
        found = [float(row["excess_mse.h1_test_se"]) for row in csv.DictReader(file)]
    assert sorted(found) == pytest.approx(sorted(expected), rel=1e-9)


def test_foreign_data_have_no_optimum(mambasynth, tiny_trial, tmp_path):
    rng = numpy.random.default_rng(0)
    numpy.savez(tmp_path / "data.npz", X=rng.standard_normal((3000, 6)))
    done = mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "data.npz", "--out", tmp_path / "out")
    assert "neither a test series nor an oracle" in done.stderr
    with h5py.File(tmp_path / "out" / "trial.h5") as file:
        assert "bayes_mse" not in file["horizon"] and "excess_mse" not in file["horizon"]


def test_a_process_too_large_for_the_filter_still_trains(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--dwell-mean", 1e9, "--out", tmp_path)
    assert "bayes_mse stays empty" in done.stderr and "data.dwell_mean" in done.stderr
    with h5py.File(tmp_path / "trial.h5") as file:
        assert "test_mse" in file["horizon"] and "bayes_mse" not in file["horizon"]


def test_oracle_files_are_reused_and_damaged_ones_rewritten(mambasynth, tiny_sweep, tmp_path):
    """A second sweep with the same data and windows reads them; truncated and outdated files are written again."""
    out = tmp_path / "out"
    mambasynth("sweep", tiny_sweep, "--out", out)
    kept = sorted(out.glob("data/*/oracle_*.h5"))
    content = [file.read_bytes() for file in kept]
    kept[0].write_bytes(content[0][:1000])
    shutil.rmtree(out / "trials")
    times = kept[1].stat().st_mtime_ns
    mambasynth("sweep", tiny_sweep, "--out", out)
    assert [file.read_bytes() for file in kept] == content
    assert kept[1].stat().st_mtime_ns == times
    with h5py.File(kept[1], "r+") as file:  # as written by versions without errors of the test series
        del file["bayes_mse_by_window"]
        file.attrs["schema_version"] = 1
    shutil.rmtree(out / "trials")
    mambasynth("sweep", tiny_sweep, "--out", out)
    assert [file.read_bytes() for file in kept] == content
