"""Ranks and jobs killed at random times: after the last rerun, each trial is there once, bit-identical to
that of an undisturbed sweep."""

import os
import random
import signal
import time

import h5py
import numpy
import pytest
from conftest import TINY_SWEEP
from test_sweep import events, output_at_end, ranks_of

RANKS = 3
SWEEP = (TINY_SWEEP.replace("seeds = [42]", "seeds = [42, 43]").replace("[0.0, 1.0]", "[0.0, 0.1, 1.0]").replace("stride = 64", "stride = 32")
         .replace("epochs = 2\ntest_every = 1", "epochs = 12\ntest_every = 3\nresume_every = 0.05"))
# Timings differ from run to run.
TIMES = {"/history/seconds"}


def numbers(out):
    """Every array of every trial, as bytes."""
    found = {}
    for file in sorted(out.glob("trials/*/trial.h5")):
        with h5py.File(file) as trial:
            arrays = {}

            def take(name, node):
                if isinstance(node, h5py.Dataset) and f"/{name}" not in TIMES:
                    arrays[name] = numpy.asarray(node[()]).tobytes() if node.dtype.kind in "fiu" else str(node[()])

            trial.visititems(take)
            found[file.parent.name] = arrays
    return found


@pytest.fixture(scope="module")
def undisturbed(mambasynth, made_once):
    def make(folder):
        (folder / "killed.toml").write_text(SWEEP)
        mambasynth.over(RANKS)("sweep", folder / "killed.toml", "--out", folder / "out")

    folder = made_once("undisturbed", make)
    return folder / "killed.toml", numbers(folder / "out")


def disturb(process, dice):
    """Injects one fault at a random time; returns whether there was still something to disturb."""
    end = time.monotonic() + dice.uniform(0.1, 2.5)
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        time.sleep(0.01)
    victims = ranks_of(process)
    if not victims:
        return False
    what = dice.choice(["rank", "rank", "job", "usr2", "term"])
    try:
        if what == "rank":
            os.kill(dice.choice(victims), signal.SIGKILL)
        elif what == "job":  # like a node that loses power: no process can clean up
            os.killpg(process.pid, signal.SIGKILL)
            for victim in victims:
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        else:
            process.send_signal(signal.SIGUSR2 if what == "usr2" else signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def test_concurrent_trials_of_one_process_are_bit_identical_to_separate_ones(mambasynth, undisturbed, tmp_path):
    sweep, expected = undisturbed
    mambasynth("sweep", sweep, "--out", tmp_path, "--trials-per-rank", "3")
    at_once, most = 0, 0
    for event in events(tmp_path):
        at_once += {"started": 1, "finished": -1}.get(event["event"], 0)
        most = max(most, at_once)
    assert most == 3
    assert numbers(tmp_path) == expected


@pytest.mark.parametrize("injections", [8, pytest.param(200, marks=pytest.mark.long)])
def test_no_kill_loses_or_duplicates_a_trial(mambasynth, undisturbed, tmp_path, injections):
    sweep, expected = undisturbed
    seed = random.randrange(10**6)
    print("seed", seed)
    dice = random.Random(seed)
    done, round_ = 0, 0
    while done < injections:
        out = tmp_path / f"out{round_}"
        round_ += 1
        while done < injections and len(numbers(out)) < len(expected):
            process = mambasynth.over(RANKS).start("sweep", sweep, "--out", out, "--trials-per-rank", str(dice.choice([1, 2])))
            done += disturb(process, dice)
            output_at_end(process)
        mambasynth.over(RANKS)("sweep", sweep, "--out", out)
        assert numbers(out) == expected, f"seed {seed}"
        assert not (out / "lock").exists()
        assert not [str(file) for file in out.rglob("*") if file.name.startswith(".") or file.name.endswith((".tmp", "resume.pt"))]
