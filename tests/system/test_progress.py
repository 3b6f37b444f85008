"""What programs show while they work: a bar on a terminal, lines in a log, nothing if they are quick."""

import json
import os
import re
import shutil
import signal
import subprocess

import h5py
import numpy
import pytest
from conftest import MPI
from terminal import on_a_terminal
from test_sweep import within

EAGER = "MAMBASYNTH_PROGRESS_SECONDS"
BAR = re.compile(r"\r(\[[#.]+\] [^\r\x1b]*)\x1b\[K")
LINE = r"{}: ((stage \d+ of \d+, )?[\w. ]+: )?([\d,]+ of [\d,]+ \w+ \(\d+ %\)|\d+ s so far)"


@pytest.fixture(scope="module")
def arguments(mambasynth, trial, finished_sweep, tmp_path_factory):
    """Verbs that work for half a second or more."""
    series = next((finished_sweep / "data").glob("*/series.h5"))
    long = tmp_path_factory.mktemp("long")
    mambasynth("data", "--n-steps", 60_000, "--format", "h5", "--no-figures", "--out", long)
    network = ["--checkpoint", trial / "checkpoint.pt", "--data", series, "--device", "cpu"]
    return {
        "data": ["data", "--n-steps", 200_000, "--no-figures"],
        "dimension": ["dimension", "--data", series, "--fci-centres", 20, "--no-figures"],
        "evaluate": ["evaluate", *network, "--umap", "off", "--no-figures"],
        "gates": ["gates", *network, "--umap", "--umap-points", 500, "--no-figures"],
        "generate": ["generate", *network, "--data", long, "--seed-len", 200, "--gen-len", 5000, "--n-samples", 12, "--no-figures"],
        "oracle": ["oracle", "--n-steps", 300_000],
    }


@pytest.mark.parametrize("verb", ["data", "dimension", "evaluate", "gates", "generate", "oracle"])
def test_a_log_gets_lines_of_every_long_verb(mambasynth, arguments, tmp_path, verb):
    done = mambasynth(*arguments[verb], "--out", tmp_path / "out", env_more={EAGER: "0.1"})
    told = [line for line in done.stderr.splitlines() if line.startswith(f"{verb}: ")]
    assert told and all(re.match(LINE.format(verb), line) for line in told), done.stderr
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    assert f"{verb}: " not in done.stdout


def test_compressing_a_series_is_counted(mambasynth, tmp_path):
    """It takes most of the time of `data`."""
    done = mambasynth("data", "--n-steps", 60_000, "--no-figures", "--format", "npz", "--out", tmp_path, env_more={EAGER: "0.1"})
    assert re.search(r"^data: stage 2 of 2, data\.npz: [\d,]+ of 60,000 steps", done.stderr, re.MULTILINE), done.stderr


def test_a_sweep_shows_the_time_left_on_80_columns(mambasynth, tiny_sweep, tmp_path):
    name = 'sweep.name="' + "x" * 40 + '"'
    shown = on_a_terminal([*mambasynth.command, "sweep", tiny_sweep, "--device", "cpu", "--out", tmp_path / "out", "--set", name], 80)
    bars = BAR.findall(shown)
    assert bars and max(map(len, bars)) < 80, shown
    assert all(re.match(r"\[[#.]{10,24}\] \d of 2 done(, 1 running( \(1 measuring\))?)?(, about .* left)?$", bar) for bar in bars), bars
    assert any(bar.endswith(" left") for bar in bars), bars


def test_a_terminal_shows_a_bar_that_disappears_and_changes_no_result(mambasynth, arguments, tmp_path):
    columns = 70
    shown = on_a_terminal([*mambasynth.command, *arguments["evaluate"], "--out", tmp_path / "out"], columns, "terminal", **{EAGER: "0.1"}).replace("\r\n", "\n")
    bars = BAR.findall(shown)
    stages = [(int(number), int(of)) for bar in bars for number, of in re.findall(r"stage (\d+) of (\d+): ", bar)]
    assert len({number for number, _ in stages}) >= 3 and stages == sorted(stages), shown
    assert len({of for _, of in stages}) == 1 and stages[-1][0] <= stages[-1][1]
    assert max(map(len, bars)) < columns
    # Nothing that stays follows a bar on its line.
    assert re.search(r"\r\x1b\[K[^\r\x1b]*$", shown)
    assert not re.search(r"\r\[[#.]+\] [^\r\x1b]*\n", shown)
    quiet = mambasynth(*arguments["evaluate"], "--out", tmp_path / "again")
    kept = re.sub(r"\r[^\r\n\x1b]*\x1b\[K", "", shown)
    assert [line for line in quiet.stdout.splitlines() if "again" not in line] == [
        line for line in kept.splitlines() if line in quiet.stdout.splitlines()]
    with h5py.File(tmp_path / "out/evaluation.h5") as shown_file, h5py.File(tmp_path / "again/evaluation.h5") as quiet_file:
        for name in ("intrinsic_dimension/gride", "intrinsic_dimension/levina_bickel_original", "activation/mean"):
            numpy.testing.assert_array_equal(shown_file[name][:], quiet_file[name][:])


def test_a_dumb_terminal_gets_lines(mambasynth, arguments, tmp_path):
    shown = on_a_terminal([*mambasynth.command, *arguments["oracle"], "--out", tmp_path], 80, TERM="dumb", **{EAGER: "0.1"})
    assert "\x1b" not in shown and re.search(LINE.format("oracle"), shown), shown


def test_what_takes_less_than_two_seconds_shows_nothing(mambasynth, tmp_path):
    command = ["data", "--n-steps", 1000, "--no-figures", "--out", tmp_path]
    assert on_a_terminal([*mambasynth.command, *command], 80) == ""
    assert mambasynth(*command).stderr == ""


def test_only_the_first_rank_speaks(mambasynth, tmp_path):
    done = mambasynth.over(2)("oracle", "--n-steps", 400_000, "--out", tmp_path, env_more={EAGER: "0.1"})
    told = [line for line in done.stderr.splitlines() if "oracle: stage 2 of 2, filter: " in line]
    counted = [int(re.search(r": ([\d,]+) of", line)[1].replace(",", "")) for line in told]
    assert counted and counted == sorted(counted), done.stderr


def test_an_unusable_interval_is_ignored_with_a_warning(mambasynth, tmp_path):
    done = mambasynth("data", "--n-steps", 1000, "--no-figures", "--out", tmp_path, env_more={EAGER: "soon"})
    assert done.stderr == f"warning: {EAGER}=soon is ignored (it is not a number from 0.1 to 86400). Correct or unset it.\n"


def test_the_collator_counts_trials(collate, finished_sweep, tmp_path):
    folder = shutil.copytree(finished_sweep, tmp_path / "copy")
    done = collate("--report", tmp_path / "report", folder, env_more={EAGER: "0.1"})
    assert re.search(r"^collate: stage \d of 4|^collate: stage \d of 3", done.stderr, re.MULTILINE), done.stderr


def test_status_knows_a_trial_that_is_measured_and_the_command_that_continues(mambasynth, tiny_sweep, tmp_path):
    out, events = tmp_path / "out", tmp_path / "out/events.jsonl"
    tiny_sweep.write_text(tiny_sweep.read_text().replace("n_steps = 3000", "n_steps = 20000"))
    command = ["sweep", tiny_sweep.name, "--device", "cpu", "--out", "out", "--set", 'sweep.name="a b"']
    running = mambasynth.start(*command, cwd=tmp_path)
    try:
        assert within(60, lambda: events.exists() and '"measuring"' in events.read_text(), every=0.002)
        os.killpg(running.pid, signal.SIGSTOP)
        assert events.read_text().count('"finished"') < 2, "it was too quick to be looked at"
        seen = json.loads(mambasynth("status", out, "--json").stdout)
        text = mambasynth("status", out).stdout
    finally:
        os.killpg(running.pid, signal.SIGCONT)
        running.terminate()
        running.communicate(timeout=60)
    kinds = [json.loads(line)["event"] for line in events.read_text().splitlines()]
    at = kinds.index("measuring")
    assert kinds[at - 1] == "epoch"
    if kinds[at + 1] != "finished" or len(seen["running"]) == 1:
        assert [one["stage"] for one in seen["running"]] == ["measuring"], text
        assert re.search(r"^  \w{12}  0 on \S+ +measuring +2/2 ", text, re.MULTILINE), text

    stopped = mambasynth("status", out, cwd=tmp_path).stdout
    continues = re.search(r"^not running; this continues it:\n  (.+)$", stopped, re.MULTILINE)
    assert continues and continues[1].endswith("--out out --set 'sweep.name=\"a b\"'"), stopped
    elsewhere = mambasynth("status", out, cwd="/").stdout
    assert f"  cd {tmp_path} && {continues[1]}\n" in elsewhere
    subprocess.run(elsewhere.split("continues it:\n")[1].splitlines()[0], shell=True, check=True, capture_output=True, env=os.environ | MPI)
    assert json.loads(mambasynth("status", out, "--json").stdout)["counts"]["done"] == 2
