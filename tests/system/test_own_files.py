"""Files that the program wrote and later finds damaged, replaced, or held by another process."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from test_stop import LITTLE_MEASURED
from test_sweep import events, within

# Each replaces one of our files with something else.
DAMAGES = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "garbage": lambda file: file.write_bytes(b"no such thing \x00\xff" * 200),
    "a folder": lambda file: (file.unlink(), (file / "sub").mkdir(parents=True)),
    "a link to nothing": lambda file: (file.unlink(), file.symlink_to("nowhere")),
}


def damage_file(damage, file):
    if not file.exists():
        file.write_text("x")
    DAMAGES[damage](file)


@pytest.fixture
def stopped_sweep(mambasynth, tiny_sweep, tmp_path):
    """An interrupted sweep with saved states and no results: (sweep file, folder)."""
    tiny_sweep.write_text(tiny_sweep.read_text().replace("epochs = 2", "epochs = 30").replace("test_every = 1", "test_every = 30\nresume_every = 0.01")
                          + "[evaluate]\nprobes = false\ncontrols = false\nsimilarity = false\n")
    out = tmp_path / "out"
    running = mambasynth.start("sweep", str(tiny_sweep), "--out", str(out))
    within(60, lambda: list(out.glob("trials/*/resume.pt")))
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 75
    return tiny_sweep, out


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_sweep_replaces_its_own_damaged_files(mambasynth, collate, stopped_sweep, damage):
    """Even with all files damaged at once, the sweep completes without a failed trial."""
    sweep, out = stopped_sweep
    begun = next(out.glob("trials/*/resume.pt")).parent
    own = [out / name for name in ("sweep.toml", "plan.csv", "events.jsonl")]
    own += [begun / name for name in ("resume.pt", "checkpoint.pt", "log.csv", "failure.json", "trial.h5")]
    own += [next(out.glob("data/*/series.h5")), *out.glob("data/*/oracle_*.h5")]
    for file in own:
        damage_file(damage, file)
    if damage in ("a folder", "a link to nothing"):
        damage_file(damage, out / "lock")
    done = mambasynth("sweep", sweep, "--out", out)
    assert len(list(out.glob("trials/*/trial.h5"))) == 2
    assert not [event for event in events(out) if event["event"] == "failed"]
    warned = [line for line in done.stderr.splitlines() if "damaged" in line]
    assert any("series.h5" in line for line in warned), done.stderr
    if damage != "a link to nothing":
        assert any("resume.pt" in line for line in warned), done.stderr
    collate(out)


@pytest.mark.parametrize("name, damage", [("resume.pt", "truncated"), ("checkpoint.pt", "truncated"), ("checkpoint.pt", "a folder"), ("checkpoint.pt", "missing")])
def test_a_training_whose_save_is_damaged_starts_over(mambasynth, tiny_trial, tmp_path, name, damage):
    longer = ["train", "--config", tiny_trial, "--epochs", 30, "--resume-every", 0.01, "--no-figures", *LITTLE_MEASURED, "--out", tmp_path]
    running = mambasynth.start(*map(str, longer))
    log = tmp_path / "log.csv"
    within(60, lambda: log.exists() and len(log.read_text().splitlines()) > 3)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    if damage == "missing":
        (tmp_path / name).unlink()
    else:
        damage_file(damage, tmp_path / name)
    done = mambasynth(*longer)
    assert name in done.stderr and "starts over" in done.stderr
    assert (tmp_path / "trial.h5").exists() and (damage == "missing" or (tmp_path / f"{name}.damaged").exists())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_training_whose_result_is_damaged_runs_again(mambasynth, tiny_trial, trial, tmp_path, damage):
    out = Path(shutil.copytree(trial, tmp_path / "out"))
    damage_file(damage, out / "trial.h5")
    mambasynth("train", "--config", tiny_trial, "--no-figures", *LITTLE_MEASURED, "--out", out)
    assert (out / "trial.h5").is_file() and not (out / "trial.h5").is_symlink()
    assert os.path.lexists(out / "trial.h5.damaged")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["trial.h5", "failure.json", "lock", "events.jsonl", "sweep.toml"])
def test_the_collator_names_only_the_damaged_trial(mambasynth, collate, sweep_copy, name, damage):
    victim = sorted((sweep_copy / "trials").iterdir())[0]
    if name == "failure.json":
        (victim / "trial.h5").unlink()
    damage_file(damage, (victim if name in ("trial.h5", "failure.json") else sweep_copy) / name)
    of_trial = name in ("trial.h5", "failure.json")
    done = collate(sweep_copy, code=4 if of_trial else 0)
    assert not of_trial or victim.name in done.stderr, done.stderr
    mambasynth("status", sweep_copy)


def unshared(*flags):
    launcher = ["unshare", *flags]
    if subprocess.run([*launcher, "true"], capture_output=True).returncode != 0:
        pytest.skip("unshare cannot create namespaces here")
    return launcher


# How the second launcher sees the first one's machine.
VIEWS = {
    "another container": ["-pf", "--mount-proc"],
    "another container that shows its host's processes": ["-pf"],
    "another host name": ["-u"],
}


@pytest.mark.parametrize("holder_inside", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_a_live_lock_is_respected_across_namespaces(mambasynth, tiny_sweep, tmp_path, view, holder_inside):
    launcher = unshared(*VIEWS[view])
    tiny_sweep.write_text(tiny_sweep.read_text().replace("epochs = 2", "epochs = 100000"))
    out = tmp_path / "out"
    first, second = (launcher, ()) if holder_inside else ((), launcher)
    holding = subprocess.Popen([*first, *mambasynth.command, "sweep", tiny_sweep, "--out", out], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        within(60, lambda: (out / "events.jsonl").exists() and any(event["event"] == "epoch" for event in events(out)))
        done = mambasynth("sweep", tiny_sweep, "--out", out, launcher=second, code=2)
        assert "is held by another launcher" in done.stderr
        assert holding.poll() is None
    finally:
        os.killpg(holding.pid, signal.SIGKILL)
        holding.communicate()
