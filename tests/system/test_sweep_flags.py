"""Sweeps from the command line, and the hours that a dry run states."""

import re
import tomllib

import pytest

from conftest import TINY_SWEEP

# What TINY_SWEEP says, without a file.
AXES = ["--axis", "train.gate_lr_factor=0.0,1.0", "--baseline", "train.gate_lr_factor=1.0"]
BASE = ["--n-steps", "3e3", "--d-model", 16, "--n-layers", 2, "--d-state", 4, "--d-ff", 32, "--max-horizon", 4, "--seq-len", 64, "--stride", 64,
        "--batch-size", 8, "--lr", "1e-3", "--warmup-epochs", 1, "--epochs", 2, "--test-every", 1]
PLAN = ["--dry-run", "--no-measure"]


def ids(text):
    return re.findall(r"^  ([0-9a-f]{12})  ", text, re.MULTILINE)


def test_a_sweep_of_flags_is_the_sweep_of_a_file(mambasynth, finished_sweep, tmp_path):
    """The same sweep.toml, the same plan, the same trials; and that sweep.toml continues the folder."""
    flags = ["sweep", *AXES, "--seeds", 42, "--name", "tiny", *BASE]
    out = tmp_path / "out"
    mambasynth.over(2)(*flags, "--out", out)
    for name in ("sweep.toml", "plan.csv"):
        assert (out / name).read_text() == (finished_sweep / name).read_text()
    assert sorted(file.name for file in (out / "trials").iterdir()) == sorted(file.name for file in (finished_sweep / "trials").iterdir())
    assert "2 of 2 done" in (again := mambasynth("sweep", out / "sweep.toml", "--out", out)).stdout + again.stderr
    # A dry run of this folder knows that nothing is left.
    plan = mambasynth(*flags, "--out", out, "--dry-run").stdout
    assert plan.count("  done\n") == 2 and "2 of 2 trials done" in plan


def test_seeds_are_a_list_or_a_range_with_both_ends(mambasynth, tmp_path):
    def seeds(text):
        return tomllib.loads(mambasynth("sweep", *AXES, "--seeds", text, "--print-config").stdout)["sweep"]["seeds"]

    assert seeds("42:47") == [42, 43, 44, 45, 46, 47]
    assert seeds("42,43") == [42, 43]
    assert seeds("1,5:7") == [1, 5, 6, 7]
    plan = mambasynth("sweep", *AXES, *BASE, "--seeds", "42:47", *PLAN, cwd=tmp_path).stdout
    assert "12 trials = 2 cells x 6 seeds (42 to 47)" in plan and len(set(ids(plan))) == 12
    for text, told in (("47:42", "must not be above the last"), ("0:200000", "at most 100000"), ("1:3,2", "contains 2 twice"), ("a:b", "42:47")):
        assert told in mambasynth("sweep", *AXES, "--seeds", text, *PLAN, code=2).stderr, text


def test_axes_replace_those_of_a_file_and_add_others(mambasynth, tiny_sweep):
    def resolved(*words):
        return tomllib.loads(mambasynth("sweep", tiny_sweep, *words, "--print-config").stdout)["sweep"]

    changed = resolved("--axis", "model.n_layers=1:3", "--axis", "train.gate_lr_factor=.5,1", "--seeds", "7,8")
    assert changed["axis"] == [{"train.gate_lr_factor": [0.5, 1]}, {"model.n_layers": [1, 2, 3]}]
    assert changed["seeds"] == [7, 8] and changed["baseline"] == {"train.gate_lr_factor": 1.0} and changed["name"] == "tiny"
    assert resolved("--axis", "train.gate_lr_factor=0,0.1", "--baseline", "train.gate_lr_factor=0.1")["baseline"] == {"train.gate_lr_factor": 0.1}
    other = resolved("--axis", "train.lr_floor=group,global", "--axis", "data.n_steps=2e3,3000", "--axis", "evaluate.lb_k=[3,4],5")["axis"]
    assert other[1:] == [{"train.lr_floor": ["group", "global"]}, {"data.n_steps": [2000, 3000]}, {"evaluate.lb_k": [[3, 4], 5]}]


@pytest.mark.parametrize("words, told", [
    ([], ["no sweep given", "--axis"]),
    (["--axis", "train.lr"], ["no value follows 'train.lr'", "--axis train.gate_lr_factor=0,0.1,1"]),
    (["--axis", "train.gate_lr_facto=1,2"], ["--axis: unknown key", "train.gate_lr_factor"]),
    (["--axis", "train.lr=1e-3,,1e-4"], ["has an empty value"]),
    (["--axis", "train.lr=fast,slow"], ["train.lr", "wrong type"]),
    (["--axis", "train.lr=1e-3", "--axis", "train.lr=1e-4"], ["given twice"]),
    (["--axis", "train.seed=1,2"], ["train.seed cannot be an axis"]),
    (["--axis", "train.lr=1e-3,1e-4", "--lr", "1e-5"], ["train.lr is an axis"]),
    (["--axis", "train.lr=1e-3,1e-4", "--baseline", "train.lr=1"], ["is not a cell of this sweep", "0.001, 1e-04"]),
    (["--axis", "train.lr=1e-3,1e-4", "--baseline", "train.epochs=1"], ["no axis varies"]),
    (["{file}", "--axis", "train.gate_lr_factor=0,0.1"], ["the baseline train.gate_lr_factor = 1.0 is not a cell", "--baseline"]),
    (["{joint}", "--axis", "model.d_model=8,16"], ["cannot replace the axis of the file", "train.lr"]),
])
def test_an_axis_that_makes_no_sense_is_refused(mambasynth, tiny_sweep, tmp_path, words, told):
    joint = tmp_path / "joint.toml"
    joint.write_text('[[sweep.axis]]\n"model.d_model" = [8, 16]\n"train.lr" = [1e-3, 1e-4]\n')
    given = [word.format(file=tiny_sweep, joint=joint) for word in words]
    stderr = mambasynth("sweep", *given, *PLAN, cwd=tmp_path, code=2).stderr
    assert [text for text in told if text not in stderr] == [], stderr
    assert stderr.count("\n") == 1


def seconds_in(text):
    return sum(float(amount) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit] for amount, unit in re.findall(r"([\d.]+) (s|min|h|d)\b", text))


def test_a_dry_run_times_steps_and_divides_by_the_ranks(mambasynth, tiny_sweep, tmp_path):
    """A trial's time grows with its epochs, and ranks share the trials."""
    # Long enough that rounding does not matter.
    done = mambasynth("sweep", tiny_sweep, "--axis", "train.gate_lr_factor=0,1", "--axis", "train.epochs=2e5,4e5", "--dry-run", "--ranks", 2,
                      "--device", "cpu", "--out", tmp_path / "out")
    assert "--no-measure" in done.stderr and "timing training steps on" in done.stderr
    assert not (tmp_path / "out").exists()
    trials = {epochs: seconds_in(time) for epochs, time in re.findall(r"train\.epochs = (\d+) .* about (.*)$", done.stdout, re.MULTILINE)}
    assert trials["400000"] / trials["200000"] == pytest.approx(2, rel=0.1)
    one, two = re.search(r"^total: about (.*) on one rank, (.*) on 2 ranks; the longest trial takes", done.stdout, re.MULTILINE).groups()
    assert seconds_in(one) / seconds_in(two) == pytest.approx(2, rel=0.15)
    assert re.search(r"^Based on training steps of 1 shape, timed on \S+ \(cpu, 1 thread\), one rank alone\.", done.stdout, re.MULTILINE)


def test_a_dry_run_without_measuring_says_that_no_time_is_known(mambasynth, tiny_sweep):
    done = mambasynth("sweep", tiny_sweep, *PLAN)
    assert done.stderr == "" and "No time was measured" in done.stdout and "about" not in done.stdout


def test_a_dry_run_prefers_the_trials_that_have_finished(mambasynth, sweep_copy, tiny_sweep):
    tiny_sweep.write_text(TINY_SWEEP.replace("[0.0, 1.0]", "[0.0, 0.1, 1.0]"))
    done = mambasynth("sweep", tiny_sweep, "--dry-run", "--out", sweep_copy)
    assert done.stderr == ""
    assert "2 of 3 trials done\nremaining: about " in done.stdout
    assert "Based on 2 finished trials of this folder, including the measurements after training." in done.stdout
