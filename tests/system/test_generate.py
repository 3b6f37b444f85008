"""mambasynth generate: its statistics of how well a continuation matches the process behind the series."""

import h5py
import numpy
import pytest
import xarray


@pytest.fixture(scope="module")
def flags(trial, finished_sweep):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    return ["generate", "--checkpoint", trial / "checkpoint.pt", "--data", data, "--seed-len", 64, "--gen-len", 600, "--device", "cpu"]


@pytest.fixture(scope="module")
def judged(mambasynth, flags, made_once):
    """A generation with bursts and temperature: its folder and its stdout."""
    def make(folder):
        done = mambasynth(*flags, "--temperature", 2.83, "--perturb-interval", 100, "--perturb-scale", 20, "--perturb-duration", 2,
                          "--out", folder / "out")
        (folder / "printed").write_text(done.stdout)

    folder = made_once("generated", make)
    return folder / "out", (folder / "printed").read_text()


def test_the_file_holds_the_printed_statistics(judged):
    out, printed = judged
    with h5py.File(out / "generation.h5") as file:
        assert [word.decode() for word in file["condition"]] == ["truth", "generated", "without_bursts"]
        dynamics = file["dynamics"]
        assert dynamics["circle"].shape == (3, 3, 600)
        assert dynamics["transitions"].shape == (3, 10, 10)
        assert (dynamics["transitions"][:].sum((1, 2)) == dynamics["switches"][:].sum(1)).all()
        assert list(dynamics["lasting"][:] + dynamics["failed"][:].sum(1)) == [3, 3, 3]
        assert dynamics["lasting"][0] == 3 and numpy.isnan(dynamics["first_failure"][0]).all()
        assert numpy.isclose(dynamics["process/dwell_probability"][:].sum(), 1)
        numpy.testing.assert_allclose(dynamics["process/transition_matrix"][:].sum(1), 1)
        rates = [f"{rate:.3f} ± {error:.3f}" for rate, error in zip(dynamics["switch_rate"], dynamics["switch_rate_se"])]
        line = next(line for line in printed.splitlines() if line.startswith("switches per 1,000 steps"))
        assert all(rate in line for rate in rates)
    for name in ("generation_dynamics", "generation_statistics"):
        assert (out / f"plots/{name}.gp").is_file()
    assert (out / "plots/generation_dynamics_bursts.dat").read_text().count("\n") == 1 + 3 * 5


def test_the_true_continuation_is_decoded(judged, flags):
    """Compared with the series' own circles."""
    out, _ = judged
    with h5py.File(out / "generation.h5") as file, h5py.File(flags[4]) as series:
        known = numpy.stack([series["circle"][start + 64:start + 664] for start in file["seed_start"]])
        found = file["dynamics/circle"][0]
        visited = found >= 0
        assert visited.mean() > 0.9  # the rest are visits cut off by the end
        assert (found == known)[visited].mean() > 0.99
        # Distances from a circle are those of white noise, and predictions are no better than the noise allows.
        assert abs(file["dynamics/distance_rms"][0] - 19 ** 0.5) < 0.15
        assert abs(file["dynamics/prediction_mse"][0] - 2.83 ** 2) < 0.4


def test_conditions_differ_only_by_the_bursts(judged, mambasynth, flags, tmp_path):
    out, _ = judged
    mambasynth(*flags, "--temperature", 2.83, "--no-figures", "--no-oracle", "--out", tmp_path)
    with h5py.File(out / "generation.h5") as file, h5py.File(tmp_path / "generation.h5") as plain:
        generated, calm = file["generated"][:], file["generated_without_bursts"][:]
        assert (generated[:, :100] == calm[:, :100]).all()
        assert (generated[:, 100] != calm[:, 100]).all()
        assert (calm[:, :100] == plain["generated"][:, :100]).all()
        # Both use the same temperature noise, so the difference that remains after a burst is small.
        late = generated[:, 190:200] - calm[:, 190:200]
        assert late.std() < 2
        assert not (file["dynamics/distance"][1] == file["dynamics/distance"][2]).all()
        ratio, switches = file["dynamics/bursts/switch_rate_ratio"][()], file["dynamics/switches"][:].sum(1)
        assert numpy.isclose(ratio, switches[1] / switches[2]) if switches[2] else numpy.isnan(ratio)
        assert "dynamics" not in plain and "generated_without_bursts" not in plain


def test_without_bursts_there_is_nothing_to_compare(mambasynth, flags, tmp_path):
    done = mambasynth(*flags, "--no-figures", "--out", tmp_path / "calm")
    with h5py.File(tmp_path / "calm/generation.h5") as file:
        assert [word.decode() for word in file["condition"]] == ["truth", "generated"]
        assert "bursts" not in file["dynamics"] and "since_burst" not in file
    assert "bursts:" not in done.stdout
    mambasynth(*flags, "--perturb-interval", 100, "--no-compare", "--no-figures", "--out", tmp_path / "alone")
    with h5py.File(tmp_path / "alone/generation.h5") as file:
        assert [word.decode() for word in file["condition"]] == ["truth", "generated"]
        assert "bursts" not in file["dynamics"] and file["since_burst"].shape == (100,)


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray_reads_dynamics_with_named_dimensions(judged, engine):
    out, _ = judged
    tree = xarray.open_datatree(out / "generation.h5", engine=engine)
    assert tree["dynamics/phase"].dims == ("condition", "sample", "time")
    assert tree["dynamics/phase"].attrs["units"] == "radian"
    assert tree["dynamics/transitions"].dims == ("condition", "circle_id", "next_circle")
    assert float(tree["dynamics/switch_rate"].sel(condition="truth")) >= 0
    assert tree["dynamics/failure_time"].sel(failure="off_manifold").dims == ("condition", "sample")
    assert tree["dynamics/dwell_count"].dims == ("condition", "dwell_bin")
    assert tree["dynamics/switches_since_burst"].dims == ("condition", "since_burst")
    assert tree["dynamics/visits/steps"].dims == ("visit",)
    assert tree["dynamics/process/occupancy"].dims == ("circle_id",)


def test_a_foreign_series_has_no_process_statistics(mambasynth, flags, tmp_path):
    with h5py.File(flags[4]) as series:
        numpy.savez(tmp_path / "data.npz", X=series["x"][:])
    done = mambasynth(*flags[:4], tmp_path / "data.npz", *flags[5:], "--perturb-interval", 100, "--no-figures", "--out", tmp_path / "out")
    assert done.stderr.count("note: no statistics of visits and failures") == 1
    with h5py.File(tmp_path / "out/generation.h5") as file:
        assert "dynamics" not in file and "condition" not in file


def test_the_original_checkpoint_stays_near_the_circles(mambasynth, reference, tmp_path):
    """Greedy generation stays near the circles and switches less often than the process."""
    mambasynth("generate", "--checkpoint", reference / "model_next.pt", "--data", reference, "--n-samples", 4, "--gen-len", 1200,
               "--device", "cpu", "--no-figures", "--out", tmp_path)
    with h5py.File(tmp_path / "generation.h5") as file:
        truth, generated = file["dynamics/distance_rms"][:]
        assert generated < 0.3 * truth
        assert file["dynamics/switch_rate"][1] < file["dynamics/switch_rate"][0]
