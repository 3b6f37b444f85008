"""A stop signal ends every verb: within two seconds on an idle machine, with exit code 75 and nothing half-written."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from test_sweep import within

# Allows for a machine that runs other tests, too.
SECONDS = 6
STOPPED = 75

LONG_SERIES = ["--n-steps", 20_000_000]
LONG_TRAINING = ["--epochs", 1_000_000, "--warmup-epochs", 1]
LITTLE_MEASURED = [word for key in ("probes", "controls", "similarity") for word in ("--set", f"evaluate.{key}=false")]
# Arguments that take minutes, and a file that must exist before the signal is sent (None: no file).
LONG = {
    "data": (["data", *LONG_SERIES, "--no-figures", "--out", "{out}"], "out/.series.h5*.tmp"),
    "data, embedding": (["data", "--n-steps", 10_000, "--out", "{out}"], "out/series.h5"),
    "train, generating": (["train", "--config", "{trial}", *LONG_SERIES, "--out", "{out}"], "out"),
    "train": (["train", "--config", "{trial}", *LONG_TRAINING, "--out", "{out}"], "out/log.csv"),
    "sweep, generating": (["sweep", "{sweep}", "--set", "data.n_steps=20000000", "--out", "{out}"], "out/data/*/.series.h5*.tmp"),
    "sweep, waiting": (["sweep", "{sweep}", "--out", "{locked}"], "locked/lock.*"),
    "oracle": (["oracle", *LONG_SERIES, "--out", "{out}"], None),
    "dimension": (["dimension", "--data", "{wide}", "--out", "{out}"], None),
    "evaluate": (["evaluate", "--checkpoint", "{checkpoint}", "--data", "{series}", "--umap", "on", "--lb-points", 100_000, "--dimension-points", 100_000, "--out", "{out}"], None),
    "generate": (["generate", "--checkpoint", "{checkpoint}", "--data", "{series}", "--gen-len", 100_000, "--n-samples", 100, "--out", "{out}"], None),
    "bench": (["bench", "step"], None),
    "status": (["status", "{locked}", "--watch", "--every", 1000], None),
    "a pipe that nobody fills": (["dimension", "--data", "{pipe}", "--out", "{out}"], None),
}


@pytest.fixture(scope="module")
def places(mambasynth, made_once, trial):
    """The files that the commands read."""
    import numpy

    def make(folder):
        mambasynth("data", "--n-steps", 300_000, "--no-figures", "--format", "h5", "--out", folder / "series")
        numpy.save(folder / "wide.npy", numpy.random.default_rng(1).normal(size=(100_000, 40)))

    folder = made_once("long_work", make)
    return {"series": folder / "series", "wide": folder / "wide.npy", "checkpoint": trial / "checkpoint.pt"}


def catches(process, number):
    """Whether the process has a handler for the signal, so the program is loaded."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"SigCgt:\s*([0-9a-f]+)", status).group(1), 16) >> (number - 1) & 1


def temporaries(folder):
    return [str(path) for path in folder.rglob("*") if path.name.startswith(".") or path.name.endswith(".tmp") or ".tmp" in path.name]


@pytest.mark.parametrize("what", LONG)
def test_each_verb_stops_on_a_signal(mambasynth, tmp_path, tiny_trial, tiny_sweep, places, what):
    arguments, begun = LONG[what]
    locked, pipe = tmp_path / "locked", tmp_path / "wide.npy"
    locked.mkdir()
    (locked / "lock").write_text('{"host": "elsewhere", "pid": 1, "token": "theirs", "heartbeat": 1}')
    (locked / "plan.csv").write_text("id,seed,cost\n")
    os.mkfifo(pipe)
    names = places | {"out": tmp_path / "out", "trial": tiny_trial, "sweep": tiny_sweep, "locked": locked, "pipe": pipe}
    running = mambasynth.start(*(str(argument).format(**names) for argument in arguments), cwd=tmp_path)
    try:
        within(60, lambda: running.poll() is not None or catches(running, signal.SIGTERM))
        if begun:
            within(60, lambda: list(tmp_path.glob(begun)) or running.poll() is not None)
        time.sleep(0.7)
        assert running.poll() is None, running.communicate()
        begin = time.monotonic()
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == STOPPED, f"{running.returncode}\n{out}\n{err}"
    assert time.monotonic() - begin < SECONDS
    assert temporaries(tmp_path) == []
    assert [name.name for name in locked.iterdir() if name.name.startswith("lock")] == ["lock"]
    assert len(re.findall(r"stop", err)) >= 1, err


@pytest.mark.parametrize("arguments", [["train", *LONG_TRAINING], ["data", "--n-steps", 10**11]], ids=["a log", "a last message"])
def test_a_stalled_reader_does_not_prevent_a_stop(mambasynth, tmp_path, tiny_trial, arguments):
    """The pipe at stderr is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 512)
    os.set_blocking(writing, True)
    given = ["--config", tiny_trial, *arguments[1:], "--no-figures", "--out", tmp_path / "out"]
    running = subprocess.Popen([*mambasynth.command, arguments[0], *map(str, given)], stderr=writing, stdout=subprocess.DEVNULL)
    try:
        time.sleep(2)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=SECONDS) in (1, STOPPED)
    finally:
        running.kill()
        running.wait()
        os.close(reading)
        os.close(writing)


def test_a_stopped_training_continues_to_the_same_numbers(mambasynth, tmp_path, tiny_trial):
    """It may be stopped at any moment, including validation."""
    h5py = pytest.importorskip("h5py")
    longer = ["--config", tiny_trial, "--epochs", 40, "--train-eval", "--no-figures", *LITTLE_MEASURED]
    mambasynth("train", *longer, "--out", tmp_path / "whole")
    log = tmp_path / "broken" / "log.csv"
    for attempt in range(5):
        epochs = len(log.read_text().splitlines()) if log.exists() else 0
        running = mambasynth.start("train", *map(str, longer), "--out", str(tmp_path / "broken"))
        within(60, lambda: running.poll() is not None or log.exists() and len(log.read_text().splitlines()) > epochs)
        time.sleep(0.01 * attempt)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)
        assert running.returncode in (0, STOPPED)
        if running.returncode == 0:
            break
    mambasynth("train", *longer, "--out", tmp_path / "broken")
    with h5py.File(tmp_path / "whole" / "trial.h5") as whole, h5py.File(tmp_path / "broken" / "trial.h5") as broken:
        for name in ("history/train_mse", "history/train_eval_mse", "history/val_mse", "final/test_mse"):
            assert (whole[name][()] == broken[name][()]).all(), name


def test_the_next_run_removes_the_temporaries_of_a_killed_one(mambasynth, tmp_path):
    out = tmp_path / "out"
    arguments = ["data", "--no-figures", "--format", "h5", "--out", out]
    running = mambasynth.start(*map(str, [*arguments, *LONG_SERIES]))
    within(60, lambda: list(out.glob(".series.h5*.tmp")))
    live = mambasynth.start(*map(str, [*arguments, *LONG_SERIES]))
    try:
        within(60, lambda: len(list(out.glob(".series.h5*.tmp"))) == 2)
        running.kill()
        running.communicate()
        mambasynth(*arguments, "--n-steps", 1000)
        assert len(temporaries(out)) == 1, "only the live writer's"
    finally:
        live.kill()
        live.communicate()
    mambasynth(*arguments, "--n-steps", 1000)
    assert temporaries(out) == []
