"""Trials that several ranks train together, over MPI on the CPU."""

import json
import os
import re
import signal
import time
from pathlib import Path

import h5py
import numpy
import pytest
from conftest import TINY_TRIAL
from test_sweep import output_at_end, ranks_of

# 42 windows in batches of 13; the last has 3, so one of four ranks gets none.
TRIAL = TINY_TRIAL.replace("batch_size = 8", "batch_size = 13").replace("epochs = 2", "epochs = 4")
CURVE = ("train_mse", "val_mse", "test_mse", "first_gradient_norm", "last_gradient_norm")


@pytest.fixture
def trial(tmp_path):
    file = tmp_path / "trial.toml"
    file.write_text(TRIAL)
    return file


def curve(out):
    with h5py.File(out / "trial.h5") as result:
        return {name: result[f"history/{name}"][()] for name in CURVE}, dict(result["provenance"].attrs)


def rows(out):
    log = out / "log.csv"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_any_number_of_ranks_gives_the_same_curve(mambasynth, trial, tmp_path):
    expected, _ = None, None
    for ranks in (1, 2, 3, 4):
        out = tmp_path / f"ranks{ranks}"
        mambasynth.over(ranks)("train", "--config", trial, "--out", out)
        found, provenance = curve(out)
        assert provenance["ranks"] == ranks
        expected = expected or found
        for name in CURVE:
            numpy.testing.assert_allclose(found[name], expected[name], rtol=2e-5, err_msg=f"{name} with {ranks} ranks")


def test_a_stopped_and_continued_trial_is_bit_identical_on_as_many_ranks(mambasynth, trial, tmp_path):
    several = mambasynth.over(3)
    several("train", "--config", trial, "--out", tmp_path / "whole", "--epochs", "60")
    out, stops = tmp_path / "stopped", 0
    while not (out / "trial.h5").exists():
        process = several.start("train", "--config", trial, "--out", out, "--epochs", "60")
        begun = rows(out)
        while process.poll() is None and rows(out) < begun + 5:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGUSR2)
        process.communicate(timeout=60)
        assert process.returncode in (0, 75)
        stops += process.returncode == 75
    assert stops > 0
    assert (out / "checkpoint.pt").read_bytes() == (tmp_path / "whole" / "checkpoint.pt").read_bytes()


def test_one_launch_runs_trials_with_different_numbers_of_ranks(mambasynth, tmp_path):
    sweep = tmp_path / "mixed.toml"
    sweep.write_text('[sweep]\nname = "mixed"\nseeds = [1, 2]\n[[sweep.axis]]\n"model.d_state" = [4, 8, 16]\n"sweep.ranks_per_trial" = [1, 2, 3]\n' + TRIAL)
    out = tmp_path / "out"
    plan = mambasynth.over(3)("sweep", sweep, "--out", out, "--dry-run").stdout
    assert plan.count(", 3 ranks") == 2 and plan.count(", 2 ranks") == 2
    mambasynth.over(3)("sweep", sweep, "--out", out)
    sizes = sorted(int(curve(file.parent)[1]["ranks"]) for file in out.glob("trials/*/trial.h5"))
    assert sizes == [1, 1, 2, 2, 3, 3]
    # A sweep's trial equals that of `train` with the same number of ranks.
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    pair = next(event["trial"] for event in events if event["event"] == "dispatched" and event.get("ranks") == 2)
    with h5py.File(out / "trials" / pair / "trial.h5") as result:
        configuration = result["provenance"].attrs["configuration"]
    (tmp_path / "pair.toml").write_text(configuration)
    mambasynth.over(2)("train", "--config", tmp_path / "pair.toml", "--out", tmp_path / "alone")
    assert (tmp_path / "alone" / "checkpoint.pt").read_bytes() == (out / "trials" / pair / "checkpoint.pt").read_bytes()
    assert "6 of 6 done" in mambasynth.over(3)("sweep", sweep, "--out", out).stderr


def test_more_ranks_per_trial_than_were_launched_are_refused(mambasynth, tmp_path, trial):
    told = mambasynth.over(2)("sweep", trial, "--out", tmp_path / "out", "--ranks-per-trial", "3", code=2).stderr
    assert "a trial of this sweep needs 3 ranks (sweep.ranks_per_trial; this launch has only 2)" in told


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_dead_or_hung_rank_is_an_error_on_the_others(mambasynth, trial, tmp_path, how):
    out = tmp_path / "out"
    command = ["train", "--config", trial, "--out", out, "--epochs", "100000", "--resume-every", "0.2", "--comm-timeout", "2"]
    several = mambasynth.over(2)
    several.command[1:1] = ["--enable-recovery"]
    process = several.start(*command)
    try:
        while not (out / "resume.pt").exists():
            assert process.poll() is None
            time.sleep(0.05)
        victim = ranks_of(process)[-1]
        os.kill(victim, how)
        begin = time.monotonic()
        while "does not respond" not in (told := process.stderr.readline()):
            assert told, "the launcher ended without a message"
        assert time.monotonic() - begin < 15
        assert "train.comm_timeout" in told and "its last save" in told
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        for rank in ranks_of(process):
            os.kill(rank, signal.SIGKILL)
        process.communicate()
    saved = rows(out)
    process = mambasynth.over(2).start(*command)
    while rows(out) <= saved:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGUSR2)
    assert process.wait(60) == 75


def test_a_lost_rank_costs_a_sweep_only_the_work_since_the_last_save(mambasynth, tmp_path):
    sweep = tmp_path / "pairs.toml"
    sweep.write_text('[sweep]\nname = "pairs"\nseeds = [1, 2, 3]\nranks_per_trial = 2\nrank_timeout = 3\n'
                     + TRIAL.replace("epochs = 4", "epochs = 150\nresume_every = 0.2\ncomm_timeout = 2"))
    mambasynth.over(2)("sweep", sweep, "--out", tmp_path / "whole")
    several = mambasynth.over(4)
    several.command[1:1] = ["--enable-recovery"]
    out = tmp_path / "out"
    process = several.start("sweep", sweep, "--out", out)
    while not list(out.glob("trials/*/resume.pt")):
        assert process.poll() is None
        time.sleep(0.02)
    victims = ranks_of(process)
    os.kill(victims[-1], signal.SIGKILL)
    _, told = output_at_end(process)
    assert "is lost" in told
    mambasynth.over(4)("sweep", sweep, "--out", out)
    assert len(list(out.glob("trials/*/checkpoint.pt"))) == 3
    for file in out.glob("trials/*/checkpoint.pt"):
        assert file.read_bytes() == (tmp_path / "whole" / "trials" / file.parent.name / "checkpoint.pt").read_bytes()
    assert len(list(out.glob("trials/*/trial.h5"))) == 3


def test_a_trial_that_runs_out_of_memory_continues_with_smaller_micro_batches(mambasynth, tmp_path):
    """The limit lies between the measured memory of a small and a large batch."""
    shape = ["--n-steps", 12000, "--n-layers", 2, "--d-model", 64, "--seq-len", 512, "--stride", 64, "--warmup-epochs", 1, "--epochs", 1,
             "--lb-points", 300, "--threads", 1, "--device", "cpu"]

    def data_size(batch):
        """Peak private memory in kilobytes, as ulimit -d counts it."""
        process = mambasynth.start("train", *shape, "--batch-size", batch, "--out", tmp_path / f"batch{batch}")
        most = 0
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            most = max([most, *(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))])
            time.sleep(0.005)
        process.communicate()
        assert process.returncode == 0
        return most

    small, large = data_size(4), data_size(64)
    limit = small + (large - small) // 2
    out = tmp_path / "limited"
    told = mambasynth("train", *shape, "--batch-size", 64, "--out", out, launcher=["bash", "-c", f'ulimit -d {limit}; exec "$@"', "_"]).stderr
    assert "out of memory with 64 windows at once; trying 32" in told
    found, provenance = curve(out)
    expected, whole = curve(tmp_path / "batch64")
    assert 0 < provenance["micro_batch"] < 64 and whole["micro_batch"] == 0
    for name in CURVE:
        numpy.testing.assert_allclose(found[name], expected[name], rtol=1e-4, err_msg=name)

    # All ranks of a trial follow the one that ran out of memory.
    out = tmp_path / "pair"
    limited = f'[ "$OMPI_COMM_WORLD_RANK" = 0 ] || ulimit -d {limit}; exec "$@"'
    told = mambasynth("train", *shape, "--batch-size", 128, "--out", out, launcher=["mpirun", "-n", "2", "bash", "-c", limited, "_"]).stderr
    assert told.count("out of memory with 64 windows at once; trying 32") == 1
    found, provenance = curve(out)
    mambasynth.over(2)("train", *shape, "--batch-size", 128, "--out", tmp_path / "whole_pair")
    expected, unlimited = curve(tmp_path / "whole_pair")
    assert 0 < provenance["micro_batch"] < 64 and unlimited["micro_batch"] == 0 and provenance["ranks"] == 2
    for name in CURVE:
        numpy.testing.assert_allclose(found[name], expected[name], rtol=1e-4, err_msg=name)

    sweep = tmp_path / "sweep.toml"
    sweep.write_text(whole["configuration"])
    mambasynth.over(1)("sweep", sweep, "--out", tmp_path / "sweep", launcher=["bash", "-c", f'ulimit -d {limit}; exec "$@"', "_"])
    events = (tmp_path / "sweep" / "events.jsonl").read_text()
    assert "out_of_memory, runs again with 32 windows at once" in events
