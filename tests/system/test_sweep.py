"""A sweep over MPI ranks: plan, dispatch, resuming, killed ranks, two launchers in one folder, the table."""

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import TINY_SWEEP


def trial_folders(out):
    return sorted((out / "trials").iterdir())


def fingerprints(out):
    return {file.parent.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in out.glob("trials/*/trial.h5")}


def events(out):
    return [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]


def event_names(out):
    return [next(value for key, value in event.items() if key in ("event", "kind")) for event in events(out)]


def within(seconds, what, every=0.05):
    """Waits until what() is true and returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := what():
            return value
        time.sleep(every)
    raise AssertionError(f"{what.__name__}: not within {seconds} s")


def descendants(pid):
    """Every process below pid, read from /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    found, front = [], [pid]
    while front:
        front = [child for child, parent in parents.items() if parent in front]
        found += front
    return found


def ranks_of(process):
    """The mambasynth processes below a running mpirun."""

    def program(pid):
        try:
            return Path(f"/proc/{pid}/exe").resolve(strict=True).name
        except OSError:  # it has ended in the meantime
            return None

    return [pid for pid in descendants(process.pid) if program(pid) == "mambasynth"]


def output_at_end(process):
    """Waits until a launch with disturbed ranks has ended; returns its stdout and stderr. Kills an mpirun that lingers
    without ranks: after a lost rank, Debian 12's PMIx sometimes waits forever in PMIx_server_finalize."""
    began, last_seen = time.monotonic(), time.monotonic()
    while process.poll() is None and time.monotonic() - last_seen < 30:
        if ranks_of(process):
            last_seen = time.monotonic()
        if last_seen - began > 120:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError("ranks still run 120 s after one of them was disturbed")
        time.sleep(0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()


def lasting(epochs):
    return TINY_SWEEP.replace("epochs = 2\n", f"epochs = {epochs}\nresume_every = 0\n")


@pytest.fixture
def slow_sweep(tmp_path):
    """Trials that last long enough to be disturbed."""
    file = tmp_path / "slow.toml"
    file.write_text(lasting(150))
    return file


def test_the_sweep_folder_follows_the_contract(finished_sweep):
    for name in ("sweep.toml", "plan.csv", "events.jsonl"):
        assert (finished_sweep / name).is_file(), name
    folders = trial_folders(finished_sweep)
    assert len(folders) == 2
    for folder in folders:
        assert re.fullmatch(r"[0-9a-f]{12}", folder.name)
        assert (folder / "trial.h5").is_file()
        assert (folder / "checkpoint.pt").is_file()
        log = (folder / "log.csv").read_text().splitlines()
        assert log[0] == "epoch,train_mse,train_eval_mse,val_mse,test_mse,lr,seconds,best"
        assert len(log) == 3
        assert not (folder / "failure.json").exists()
    assert len(list((finished_sweep / "data").glob("*/series.h5"))) == 1
    with (finished_sweep / "plan.csv").open() as file:
        plan = list(csv.DictReader(file))
    assert {row["id"] for row in plan} == {folder.name for folder in folders}
    assert not [path for path in finished_sweep.rglob("*") if ".tmp" in path.name or path.name.endswith("~")]


def test_a_rerun_skips_every_finished_trial(mambasynth, tiny_sweep, sweep_copy):
    before = fingerprints(sweep_copy)
    started = event_names(sweep_copy).count("started")
    mambasynth.over(2)("sweep", tiny_sweep, "--out", sweep_copy)
    assert fingerprints(sweep_copy) == before
    assert event_names(sweep_copy).count("started") == started


def test_one_rank_without_a_launcher_gives_the_same_numbers(mambasynth, tiny_sweep, tmp_path, finished_sweep):
    import h5py
    mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out")
    assert len(trial_folders(tmp_path / "out")) == 2
    for folder in trial_folders(tmp_path / "out"):
        with h5py.File(folder / "trial.h5") as ours, h5py.File(finished_sweep / "trials" / folder.name / "trial.h5") as theirs:
            assert ours["final/test_mse"][()] == theirs["final/test_mse"][()]
            assert (ours["history/train_mse"][:] == theirs["history/train_mse"][:]).all()


def test_a_changed_sweep_runs_only_new_trials(mambasynth, tiny_sweep, sweep_copy):
    before = fingerprints(sweep_copy)
    tiny_sweep.write_text(tiny_sweep.read_text().replace("[0.0, 1.0]", "[0.0, 0.1, 1.0]"))
    mambasynth("sweep", tiny_sweep, "--out", sweep_copy)
    after = fingerprints(sweep_copy)
    assert len(after) == 3
    assert {name: after[name] for name in before} == before


def test_dry_run_prints_the_plan_and_writes_nothing(mambasynth, tiny_sweep, tmp_path):
    done = mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", "--dry-run")
    assert "2 trials" in done.stdout
    assert "train.gate_lr_factor" in done.stdout
    assert len(set(re.findall(r"\b[0-9a-f]{12}\b", done.stdout))) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name, trials", [("gate_lr", 20), ("horizons", 20), ("d_state", 25), ("full", 320), ("smoke", 6)])
def test_the_shipped_sweeps_can_be_planned(mambasynth, tmp_path, name, trials):
    from conftest import CHECKOUT
    done = mambasynth("sweep", CHECKOUT / "sweeps" / f"{name}.toml", "--out", tmp_path / "out", "--dry-run", "--no-measure")
    assert f"{trials} trials" in done.stdout


def test_status_counts_the_trials_of_a_finished_sweep(mambasynth, finished_sweep):
    done = mambasynth("status", finished_sweep)
    assert re.search(r"2\b.*done|done\b.*2", done.stdout), done.stdout


def test_status_shows_a_running_sweep(mambasynth, slow_sweep, tmp_path):
    out = tmp_path / "out"
    running = mambasynth.over(2).start("sweep", slow_sweep, "--out", out)
    try:
        within(60, lambda: (out / "events.jsonl").exists() and "started" in event_names(out))
        done = mambasynth("status", out, code=None)
        assert "running" in done.stdout, done.stdout + done.stderr
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def test_a_sweep_recovers_from_a_rank_killed_in_mid_trial(mambasynth, collate, slow_sweep, tmp_path):
    """The job fails, a rerun finishes it, and no trial is lost or duplicated."""
    out = tmp_path / "out"
    running = mambasynth.over(2).start("sweep", slow_sweep, "--out", out)
    within(60, lambda: (out / "events.jsonl").exists() and "epoch" in event_names(out))
    ranks = within(10, lambda: ranks_of(running))
    assert len(ranks) == 2
    os.kill(max(ranks), signal.SIGKILL)
    output_at_end(running)
    assert running.returncode != 0
    committed = fingerprints(out)
    assert len(committed) < 2

    mambasynth.over(2)("sweep", slow_sweep, "--out", out)
    after = fingerprints(out)
    assert len(after) == 2
    assert {name: after[name] for name in committed} == committed
    finished = [event["trial"] for event, name in zip(events(out), event_names(out)) if name == "finished"]
    assert sorted(finished) == sorted(after)
    with (out / "plan.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2
    collate(out)


def test_a_killed_run_continues_from_its_last_save(mambasynth, slow_sweep, tmp_path):
    """The numbers are those of an uninterrupted run, and the log has each epoch once."""
    import h5py
    epochs = 30  # the first one already saves
    slow_sweep.write_text(lasting(epochs))
    mambasynth("sweep", slow_sweep, "--out", tmp_path / "whole")
    out = tmp_path / "broken"
    running = mambasynth.start("sweep", slow_sweep, "--out", out)
    within(60, lambda: list(out.glob("trials/*/resume.pt")))
    assert running.poll() is None
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    mambasynth("sweep", slow_sweep, "--out", out)
    assert len(trial_folders(tmp_path / "whole")) == 2
    for folder in trial_folders(tmp_path / "whole"):
        with h5py.File(folder / "trial.h5") as whole, h5py.File(out / "trials" / folder.name / "trial.h5") as broken:
            for name in ("history/train_mse", "history/val_mse", "final/test_mse", "final/val_mse"):
                assert (whole[name][()] == broken[name][()]).all(), name
        logged = [line.split(",")[0] for line in (out / "trials" / folder.name / "log.csv").read_text().splitlines()[1:]]
        assert logged == [str(epoch) for epoch in range(1, epochs + 1)]
        assert not (out / "trials" / folder.name / "resume.pt").exists()


def test_a_second_launcher_is_refused_with_the_holders_process_id(mambasynth, slow_sweep, tmp_path):
    out = tmp_path / "out"
    running = mambasynth.over(2).start("sweep", slow_sweep, "--out", out)
    try:
        within(60, lambda: (out / "events.jsonl").exists() and "started" in event_names(out))
        done = mambasynth("sweep", slow_sweep, "--out", out, code=2)
        assert str(out) in done.stderr
        holder = re.search(r"process (\d+)", done.stderr)
        assert holder and int(holder.group(1)) in ranks_of(running), done.stderr
        assert running.poll() is None
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()


def test_the_lock_of_a_dead_launcher_is_replaced(mambasynth, slow_sweep, tiny_sweep, tmp_path):
    out = tmp_path / "out"
    running = mambasynth.start("sweep", slow_sweep, "--out", out)
    within(60, lambda: (out / "lock").exists())
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert (out / "lock").exists()
    mambasynth("sweep", tiny_sweep, "--out", out)


def test_a_sweep_with_more_ranks_than_trials_completes(mambasynth, tiny_sweep, tmp_path):
    mambasynth.over(4)("sweep", tiny_sweep, "--out", tmp_path / "out")
    assert len(fingerprints(tmp_path / "out")) == 2


def test_a_bad_sweep_is_reported_once_from_one_rank(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text() + "epohcs = 3\n")
    done = mambasynth.over(2)("sweep", tiny_sweep, "--out", tmp_path / "out", code=2)
    line, = [line for line in done.stderr.splitlines() if "epohcs" in line]
    assert "Did you mean 'train.epochs'?" in line, done.stderr


# ---- the table

def read_table(folder):
    with (folder / "table.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_table_has_one_row_per_cell(collate, sweep_copy):
    import h5py
    done = collate(sweep_copy)
    rows = read_table(sweep_copy)
    assert [float(row["train.gate_lr_factor"]) for row in rows] == [0.0, 1.0]
    assert [(row["n"], row["n_missing"], row["n_failed"], row["n_diverged"]) for row in rows] == [("1", "0", "0", "0")] * 2
    measured = []
    for folder in trial_folders(sweep_copy):
        with h5py.File(folder / "trial.h5") as file:
            measured.append(float(file["final/test_mse"][()]))
    assert sorted(float(row["test_mse_mean"]) for row in rows) == pytest.approx(sorted(measured), rel=1e-9)
    assert "levina_bickel_original.layer_2.k30_mean" in rows[0]
    assert done.stdout.count("|") > 10  # Markdown


def test_a_missing_trial_is_shown_and_counted(collate, sweep_copy):
    victim = trial_folders(sweep_copy)[0]
    (victim / "trial.h5").unlink()
    collate(sweep_copy, code=4)
    gap, = [row for row in read_table(sweep_copy) if row["n"] == "0"]
    assert gap["n_missing"] == "1"
    assert gap["test_mse_mean"].lower() in ("", "nan", "missing")


def test_two_code_versions_are_refused_unless_allowed(collate, sweep_copy):
    import h5py
    with h5py.File(trial_folders(sweep_copy)[0] / "trial.h5", "r+") as file:
        attributes = file["provenance"].attrs
        key, = [key for key in attributes if key in ("git_commit", "commit")]
        attributes[key] = "0" * 40
    done = collate(sweep_copy, code=2)
    assert "--allow-mixed" in done.stderr and "code" in done.stderr
    collate(sweep_copy, "--allow-mixed", "code")


def test_a_diverged_trial_is_counted_but_not_averaged(mambasynth, collate, tiny_sweep, tmp_path):
    text = tiny_sweep.read_text().replace("lr = 1e-3", "lr = 1e30").replace("[0.0, 1.0]", "[1.0]")
    tiny_sweep.write_text(text)
    mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=4)
    collate(tmp_path / "out", code=None)
    row, = read_table(tmp_path / "out")
    assert (row["n"], row["n_diverged"]) == ("0", "1")


def test_the_collator_needs_neither_torch_nor_mpi(build):
    needed = subprocess.run(["ldd", build / "bin" / "mambasynth-collate"], capture_output=True, text=True).stdout
    assert "hdf5" in needed
    names = re.sub(r"\(0x[0-9a-f]+\)", "", needed)  # an address may contain "c10" by chance
    assert not re.search("torch|c10|mpi|cuda", names)
