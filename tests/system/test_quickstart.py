"""What jobs/quickstart.sh shows: a sweep that learns, a measurable effect, and progress."""

import csv
import re
import subprocess

import pytest

from conftest import CHECKOUT
from terminal import on_a_terminal

SWEEP = CHECKOUT / "sweeps" / "quickstart.toml"


def cells(folder):
    with (folder / "table.csv").open() as file:
        return {row["train.gate_lr_factor"]: {key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)}


def test_the_quickstart_has_twelve_trials(mambasynth, tmp_path):
    assert "12 trials" in mambasynth("sweep", SWEEP, "--out", tmp_path / "out", "--dry-run", "--no-measure").stdout


def test_a_smaller_quickstart_learns_and_gates_help(mambasynth, collate, tmp_path):
    """A third of the series and of the epochs, one seed: half as good as the full sweep, but quick."""
    mambasynth.over(2)("sweep", SWEEP, "--set", "sweep.seeds=[42]", "--n-steps", 20000, "--epochs", 15, "--device", "cpu", "--out", tmp_path)
    collate(tmp_path)
    rows = cells(tmp_path)
    floor = rows["1.0"]["bayes_mse.h1_mean"]
    assert rows["1.0"]["excess_mse.h1_mean"] < 0.2 * floor
    assert rows["1.0"]["excess_mse.h1_mean"] < rows["0.0"]["excess_mse.h1_mean"]


@pytest.mark.long
def test_the_quickstart_learns_and_its_intervals_do_not_overlap(mambasynth, collate, tmp_path):
    mambasynth.over(2)("sweep", SWEEP, "--device", "cpu", "--out", tmp_path, timeout=1200)
    shown = collate(tmp_path).stdout
    assert max(len(line) for line in shown.splitlines() if line.startswith("|")) <= 100
    rows = cells(tmp_path)
    assert [row["n"] for row in rows.values()] == [3] * 4
    frozen, ordinary = rows["0.0"], rows["1.0"]
    assert ordinary["excess_mse.h1_mean"] < 0.1 * ordinary["bayes_mse.h1_mean"]
    for measure in ("excess_mse.h1", "levina_bickel_original.layer_1.k30"):
        assert ordinary[f"{measure}_ci_high"] < frozen[f"{measure}_ci_low"], shown


def test_mpirun_on_a_terminal_shows_a_progress_bar(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text().replace("epochs = 2\n", "epochs = 100\n"))
    columns = 60
    shown = on_a_terminal([*mambasynth.over(2).command, "sweep", tiny_sweep, "--device", "cpu", "--out", tmp_path / "out"], columns)
    # Too narrow for the sweep's name beside the time left.
    bars = re.findall(r"\r(\[[#.]{10,24}\] [^\r\x1b]*)", shown)
    assert any(re.search(r"\[#+\.+\] . of 2 done, . running.*, about .* left$", bar) for bar in bars), shown
    assert max(map(len, bars)) < columns
    assert "\r\x1b[Ksweep tiny: 2 of 2 done" in shown  # replaces the bar


def test_progress_without_a_terminal_is_printed_as_lines(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text().replace("epochs = 2\n", "epochs = 100\n"))
    done = mambasynth.over(2)("sweep", tiny_sweep, "--device", "cpu", "--progress-every", 0.2, "--out", tmp_path / "out")
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("sweep tiny:")]
    # A line repeats only if nothing has changed within an interval, as on a busy machine.
    assert len(set(lines)) >= 2 and len(set(lines)) > len(lines) / 2


BUILD = f"""set -euo pipefail; . {CHECKOUT}/jobs/environment.sh
steps() {{ for step in 1 2 3 4; do echo "[$step/4] Building CXX object src/$step.o"; echo a warning; done; echo "[5/5] Linking"; }}
steps | show_build_progress "$(steps | sum_of_work)\""""


def test_a_build_on_a_terminal_shows_a_progress_bar():
    shown = on_a_terminal(["bash", "-c", BUILD], 80)
    assert "\r[############............] 2 of 4 steps, about 0 s left" in shown
    assert "\r[########################] 5 of 5 steps, about 0 s left" in shown
    assert "warning" not in shown and shown.endswith("\r\x1b[K")


def test_a_build_without_a_terminal_reports_every_half_minute():
    slow = 'read() { builtin read "$@" || return; SECONDS=$((SECONDS + 20)); }; '  # each line takes 20 s
    done = subprocess.run(["bash", "-c", slow + BUILD], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [f"   {words} left" for words in
                                        ("2 of 4 steps, about 1 min 00 s", "3 of 4 steps, about 33 s", "4 of 4 steps, about 0 s", "5 of 5 steps, about 0 s")]


def test_slow_build_steps_count_for_more():
    done = subprocess.run(["bash", "-c", f"""set -eu; . {CHECKOUT}/jobs/environment.sh; sum_of_work <<<'[0/3] Building CXX object kernels/a.o
[0/3] Building CXX object src/a.o
[0/3] Linking CXX executable bin/a'"""], capture_output=True, text=True)
    assert done.stdout == "11\n", done.stderr
