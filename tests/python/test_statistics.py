"""Sweeps of known numbers through the collator; what it makes of them is computed again by scipy and statsmodels."""

import itertools

import h5py
import numpy
import pandas
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

FACTOR, STATES = "train.gate_lr_factor", "model.d_state"


def write_trial(file, identity, axes, seed, measures):
    """The least that a committed trial holds. `measures`: test_mse, excess_mse.h1."""
    file.parent.mkdir(parents=True)
    settings = {"train.seed": seed, **axes}
    sections = {}
    for key, value in settings.items():
        section, name = key.split(".")
        sections.setdefault(section, []).append(f"{name} = {value}")
    configuration = "".join(f"[{section}]\n" + "\n".join(lines) + "\n" for section, lines in sections.items())
    with h5py.File(file, "w") as h5:
        h5.attrs["schema_version"] = 1
        attributes = h5.create_group("provenance").attrs
        attributes.update({"state": "done", "trial_id": identity, "git_commit": "1" * 40, "git_dirty": 0,
                           "device": "cpu", "data_hash": "d0", "seconds": 10.0 + seed, "configuration": configuration})
        h5["final/test_mse"] = measures["test_mse"]
        h5["horizon/horizon"] = numpy.array([1])
        h5["horizon/excess_mse"] = numpy.array([measures["excess_mse.h1"]])


def write_sweep(folder, frame, baseline, axes):
    """`frame`: a row for each trial with the columns of `axes` (as the plan writes them), seed, and measures; rows
    whose measures are missing are planned and have not run."""
    folder.mkdir()
    lists = "".join(f'[[sweep.axis]]\n"{axis}" = [{", ".join(dict.fromkeys(frame[axis]))}]\n' for axis in axes)
    (folder / "sweep.toml").write_text(f"[sweep]\n{baseline}\n{lists}")
    lines = [",".join(["id", *axes, "seed", "cost"])]
    for number, row in enumerate(frame.to_dict("records")):
        identity = f"{number:012x}"
        lines.append(",".join([identity, *(row[axis] for axis in axes), str(row["seed"]), "1"]))
        if not numpy.isnan(row["test_mse"]):
            file = folder / "trials" / identity / "trial.h5"
            write_trial(file, identity, {axis: row[axis] for axis in axes}, row["seed"], row)
    (folder / "plan.csv").write_text("\n".join(lines) + "\n")


def made_up(levels, seeds, effect, scatter=1.0, draws=5):
    """Trials of a full product. Seeds differ by more than cells do, as those of networks."""
    random = numpy.random.default_rng(draws)
    of_seed = dict(zip(seeds, random.normal(0, 3, len(seeds))))
    rows = []
    for values in itertools.product(*levels.values()):
        for seed in seeds:
            test = 40 + of_seed[seed] + effect(*map(float, values)) + scatter * random.normal()
            measures = {"test_mse": test, "excess_mse.h1": test - 37 + random.normal()}
            rows.append(dict(zip(levels, values), seed=seed) | measures)
    return pandas.DataFrame(rows)


def exact_sign_flip(differences):
    return stats.permutation_test((differences,), numpy.mean, permutation_type="samples", n_resamples=numpy.inf,
                                  vectorized=True).pvalue


def student(values):
    return stats.t.interval(0.95, len(values) - 1, numpy.mean(values), stats.sem(values))


def expected_differences(frame, axes, baseline_of, measures=("test_mse", "excess_mse.h1")):
    """A row for each comparison: `baseline_of` maps the values of a cell to those of its baseline."""
    cells = {values: rows.set_index("seed") for values, rows in frame.groupby(axes, sort=False)}
    rows = []
    for values, cell in cells.items():
        base = cells.get(baseline_of(values))
        if base is None or base is cell:
            continue
        for measure in measures:
            differences = (cell[measure] - base[measure]).dropna().to_numpy()
            n, mean = len(differences), differences.mean()
            row = {"measure": measure, "n_pairs": n, "mean": mean, "ci_low": numpy.nan, "ci_high": numpy.nan, "p": 1.0,
                   "p_least": 2.0 ** (1 - n), "effect_size": numpy.nan}
            if n > 1:
                row |= dict(zip(("ci_low", "ci_high"), student(differences)))
                row |= {"p": exact_sign_flip(differences), "effect_size": mean / differences.std(ddof=1)}
            rows.append(dict(zip(axes, values)) | row)
    expected = pandas.DataFrame(rows)
    expected["p_holm"] = multipletests(expected["p"], method="holm")[1]
    return expected


def check_differences(folder, expected, axes):
    found = pandas.read_csv(folder / "differences.csv", dtype=dict.fromkeys(axes, str))
    contract = ["measure", "n_pairs", "mean", "ci_low", "ci_high", "p", "p_least", "p_holm"]
    assert list(found)[:len(axes) + len(contract)] == [*axes, *contract]
    # Time has no better direction, so it is shown without a test and is not in the family.
    untested = found[found["measure"] == "seconds"]
    assert len(untested) and untested[["p", "p_holm", "family"]].isna().all(axis=None)
    tested = found[found["measure"] != "seconds"].reset_index(drop=True)
    pandas.testing.assert_frame_equal(tested[list(expected)], expected, rtol=1e-9, atol=1e-12)
    assert tested["family"].nunique() == 1 and tested["family"][0].startswith(f"{len(tested)} comparisons")
    return tested


@pytest.mark.parametrize("seeds", [2, 5, 12])
def test_differences_are_those_of_scipy_and_statsmodels(collate, tmp_path, seeds):
    frame = made_up({FACTOR: ["0.0", "0.01", "0.1", "1.0"]}, range(42, 42 + seeds), lambda factor: -factor)
    write_sweep(tmp_path / "sweep", frame, f'baseline = {{ "{FACTOR}" = 1 }}', [FACTOR])
    collate(tmp_path / "sweep")
    expected = expected_differences(frame, [FACTOR], lambda values: ("1.0",))
    assert len(expected) == 6
    check_differences(tmp_path / "sweep", expected, [FACTOR])


def test_seeds_that_one_side_lacks_are_no_pairs(collate, tmp_path):
    frame = made_up({FACTOR: ["0.0", "0.1", "1.0"]}, range(8), lambda factor: factor)
    lost = ((frame[FACTOR] == "0.0") & (frame["seed"] < 3)) | ((frame[FACTOR] == "1.0") & (frame["seed"] > 5))
    frame.loc[lost | ((frame[FACTOR] == "0.1") & (frame["seed"] != 1)), ["test_mse", "excess_mse.h1"]] = numpy.nan
    write_sweep(tmp_path / "sweep", frame, f'baseline = {{ "{FACTOR}" = 1.0 }}', [FACTOR])
    collate(tmp_path / "sweep", code=4)
    expected = expected_differences(frame, [FACTOR], lambda values: ("1.0",))
    assert list(expected["n_pairs"]) == [3, 3, 1, 1]
    check_differences(tmp_path / "sweep", expected, [FACTOR])


def test_the_other_axes_are_those_of_the_cell(collate, tmp_path):
    axes = [FACTOR, STATES]
    levels = {FACTOR: ["0.0", "1.0"], STATES: ["8", "16", "32"]}
    frame = made_up(levels, range(4), lambda factor, states: factor * states / 9)
    write_sweep(tmp_path / "sweep", frame, f'baseline = {{ "{STATES}" = 32 }}', axes)
    collate(tmp_path / "sweep")
    expected = expected_differences(frame, axes, lambda values: (values[0], "32"))
    assert len(expected) == 8
    check_differences(tmp_path / "sweep", expected, axes)


def test_the_best_cell_and_those_not_distinguishable_from_it(collate, tmp_path):
    effects = {"0.0": 9, "0.01": 0.3, "0.1": 0, "1.0": 4}
    frame = made_up({FACTOR: list(effects)}, range(6), lambda factor: effects[str(factor)])
    write_sweep(tmp_path / "sweep", frame, f'baseline = {{ "{FACTOR}" = 1.0 }}', [FACTOR])
    collate(tmp_path / "sweep")
    found = pandas.read_csv(tmp_path / "sweep" / "differences.csv", dtype={FACTOR: str})
    for measure in ("test_mse", "excess_mse.h1"):
        values = frame.pivot(index="seed", columns=FACTOR, values=measure)
        best = values.mean().idxmin()
        others = [cell for cell in values if cell != best]
        p = multipletests([stats.ttest_rel(values[cell], values[best]).pvalue for cell in others], method="holm")[1]
        expected = {best: "best"} | {cell: "not distinguishable" for cell, one in zip(others, p) if one >= 0.05}
        assert 1 < len(expected) < 4, "the case has all three kinds"
        marks = found[found["measure"] == measure].set_index(FACTOR)["best"].fillna("")
        assert dict(marks) == {cell: expected.get(cell, "") for cell in marks.index}


def test_trends_are_those_of_scipy(collate, tmp_path):
    frame = made_up({FACTOR: ["1.0", "0.01", "0.0", "0.1"]}, range(5), lambda factor: -8 * factor ** 0.25)
    frame.loc[(frame[FACTOR] == "0.1") & (frame["seed"] == 2), ["test_mse", "excess_mse.h1"]] = numpy.nan
    write_sweep(tmp_path / "sweep", frame, "", [FACTOR])
    collate(tmp_path / "sweep", code=4)
    assert not (tmp_path / "sweep" / "differences.csv").exists()  # no baseline
    trends = pandas.read_csv(tmp_path / "sweep" / "trends.csv").set_index("measure")
    for measure in ("test_mse", "excess_mse.h1"):
        values = frame.pivot(index="seed", columns=FACTOR, values=measure).dropna()
        assert list(values) == ["0.0", "0.01", "0.1", "1.0"] and len(values) == 4
        slopes = [stats.linregress(numpy.log10([0.01, 0.1, 1]), row[1:]).slope for row in values.to_numpy()]
        found = trends.loc[measure]
        assert found["axis"] == FACTOR and found["scale"] == "log10" and found["apart"] == 0 and found["cells"] == 4
        assert (found["n"], found["seeds_left_out"]) == (4, 1)
        assert found[["slope", "ci_low", "ci_high"]].to_list() == pytest.approx([numpy.mean(slopes), *student(slopes)])
        assert found["spearman"] == pytest.approx(stats.spearmanr([0, 0.01, 0.1, 1], values.mean()).statistic)
        # All 4^4 resamples of seeds.
        drawn = [stats.spearmanr([0, 0.01, 0.1, 1], values.iloc[list(seeds)].mean()).statistic
                 for seeds in itertools.product(range(4), repeat=4)]
        expected = numpy.quantile(numpy.round(drawn, 9), [0.025, 0.975], method="inverted_cdf")
        assert found[["spearman_ci_low", "spearman_ci_high"]].to_list() == pytest.approx(list(expected))


def test_files_of_a_sweep_that_has_changed_are_removed(collate, tmp_path):
    frame = made_up({FACTOR: ["0.0", "0.1", "1.0"]}, range(2), lambda factor: factor)
    write_sweep(tmp_path / "sweep", frame, f'baseline = {{ "{FACTOR}" = 1.0 }}', [FACTOR])
    assert "2 measures x 2 cells" in " ".join(collate(tmp_path / "sweep").stdout.split())
    assert {"differences.csv", "trends.csv"} <= {file.name for file in (tmp_path / "sweep").iterdir()}
    two = frame[frame[FACTOR] != "0.1"]
    write_sweep(tmp_path / "other", two, "", [FACTOR])
    printed = collate(tmp_path / "other", "--out", tmp_path / "sweep").stdout
    assert f'baseline = {{ "{FACTOR}" = 1.0 }}' in " ".join(printed.split())
    assert not {"differences.csv", "trends.csv"} & {file.name for file in (tmp_path / "sweep").iterdir()}
