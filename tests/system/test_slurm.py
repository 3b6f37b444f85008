"""The job scripts on a real two-node Slurm: submitted with sbatch, finished, collated."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import pytest
from conftest import CHECKOUT, TINY_SWEEP
from test_kill import numbers

pytestmark = pytest.mark.slurm
CLUSTER = CHECKOUT / "tests" / "system" / "slurm_cluster.sh"


@pytest.fixture(scope="module")
def slurm():
    """The environment variables of a running cluster."""
    if os.geteuid() != 0:
        pytest.skip("starting a Slurm cluster needs root")
    for program in ("slurmctld", "slurmd", "munged"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"{program} is not installed (packages slurm-wlm and munge)")
    folder = tempfile.mkdtemp(prefix="mambasynth-slurm-")
    os.chmod(folder, 0o755)  # munge's socket must be accessible to all, and pytest's folders are not
    environment = os.environ | {"SLURM_CLUSTER": folder}
    started = subprocess.run([CLUSTER, "start"], env=environment, capture_output=True, text=True, timeout=120)
    assert started.returncode == 0, started.stderr
    yield environment | {"SLURM_CONF": re.search(r"SLURM_CONF=(\S+)", started.stdout).group(1)}
    subprocess.run([CLUSTER, "stop"], env=environment, check=True, timeout=120)
    shutil.rmtree(folder)


@pytest.fixture
def job_environment(slurm, build, tmp_path):
    """For sbatch: the cluster's variables, and the tested program on the jobs' PATH."""
    file = tmp_path / "environment.sh"
    file.write_text(f'PATH="{build}/bin:$PATH"\n')
    return slurm | {"MAMBASYNTH_ENV": str(file)}


def exit_code(job, environment):
    """Waits until a job, or every task of an array, has ended; returns the largest exit code. (sbatch --wait
    polls only every 10 s.)"""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        shown = subprocess.run(["scontrol", "show", "job", job], env=environment, capture_output=True, text=True, check=True).stdout
        states, codes = re.findall(r"JobState=(\w+)", shown), re.findall(r" ExitCode=(\d+):(\d+)", shown)
        if not {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED"} & set(states):
            return max(int(code) or 128 * bool(int(signal)) + int(signal) for code, signal in codes)
        time.sleep(0.2)
    raise AssertionError(f"job {job} did not end within 600 s:\n{shown}")


@pytest.fixture
def submit(job_environment, tmp_path):
    """Submits a job script from its own folder and waits; returns exit code, output and folder."""
    folder = tmp_path / "submitted from"
    folder.mkdir()

    def submit(script, *arguments, slurm_options=()):
        done = subprocess.run(
            ["sbatch", "--parsable", "--gpus-per-node=0", "--output=%j.out", *slurm_options, CHECKOUT / "jobs" / script, *map(str, arguments)],
            env=job_environment, cwd=folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        code = exit_code(done.stdout.strip(), job_environment)
        return code, "".join(file.read_text() for file in folder.glob("*.out")), folder

    return submit


def names_of_jobs(folder, environment):
    """As squeue shows them, of the jobs submitted from the folder."""
    shown = [subprocess.run(["scontrol", "show", "job", file.stem], env=environment, capture_output=True, text=True, check=True).stdout
             for file in sorted(folder.glob("*.out"), key=lambda file: int(file.stem))]
    return [re.search(r"JobName=(\S+)", text)[1] for text in shown]


@pytest.mark.parametrize("name, axis", [("gate_lr", '"train.gate_lr_factor" = [0.0, 1.0]'),
                                        ("horizons", '"model.max_horizon" = [1, 4]'),
                                        ("d_state", '"model.d_state" = [4, 8]')])
def test_a_submitted_sweep_finishes_and_collates(submit, job_environment, collate, tmp_path, name, axis):
    sweep = tmp_path / "small.toml"
    text = TINY_SWEEP.replace('"train.gate_lr_factor" = [0.0, 1.0]', axis).replace('"tiny"', f'"small_{name}"')
    text = re.sub("^baseline.*\n", "", text, flags=re.MULTILINE)
    if name == "horizons":
        text = text.replace("max_horizon = 4\n", "")
    if name == "d_state":
        text = text.replace("d_state = 4\n", "")
    sweep.write_text(text)
    code, output, folder = submit(f"sweep_{name}.slurm", sweep)
    assert code == 0, output
    out = folder / "runs" / f"small_{name}"  # the default: runs/<sweep name> under the submit folder
    assert len(list(out.glob("trials/*/trial.h5"))) == 2
    collate(out)
    assert names_of_jobs(folder, job_environment) == [f"small_{name}"]
    # The job has made its report, and printed where.
    assert "2 trials, all done" in (out / "report" / "report.md").read_text()
    assert "report/report.html" in output


def test_a_job_submitted_again_skips_finished_trials(submit, job_environment, tiny_sweep, tmp_path):
    out = tmp_path / "out"
    written = []
    for options in ([], ["--job-name=mine"]):
        code, output, folder = submit("sweep_gate_lr.slurm", tiny_sweep, "--out", out, slurm_options=options)
        assert code == 0, output
        written.append({file: file.stat().st_mtime_ns for file in out.glob("trials/*/trial.h5")})
    assert len(written[0]) == 2
    assert written[1] == written[0]
    assert names_of_jobs(folder, job_environment) == ["tiny", "mine"]


def test_options_after_the_script_go_to_the_sweep(submit, tmp_path):
    code, output, _ = submit("sweep_gate_lr.slurm", "--dry-run", "--no-measure", "--out", tmp_path / "out")
    assert code == 0, output
    assert "20 trials" in output


def test_an_array_divides_a_sweep(submit, collate, tiny_sweep):
    """Each task runs its part in its own folder; together they make up the sweep."""
    code, output, folder = submit("sweep_array.slurm", tiny_sweep, slurm_options=["--array=1-2"])
    assert code == 0, output
    parts = [folder / "runs" / "tiny" / f"part_{part}" for part in (1, 2)]
    trials = [{file.parent.name for file in part.glob("trials/*/trial.h5")} for part in parts]
    assert [len(of_part) for of_part in trials] == [1, 1] and not trials[0] & trials[1]
    table = collate(*parts, "--out", folder).stdout
    assert "2 trials in 2 cells: 2 done, 0 waiting" in table
    # One report of both parts, complete once the last of them has ended.
    assert "2 trials, all done" in (parts[0].parent / "report" / "report.md").read_text()
    assert not (parts[0] / "report").exists()


def test_a_report_that_fails_does_not_change_the_exit_code_of_the_sweep(submit, tiny_sweep, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report").write_text("in the way")
    code, output, _ = submit("sweep_gate_lr.slurm", tiny_sweep, "--out", out)
    assert code == 0, output
    assert "its report was not made" in output and f"{out}/report" in output
    assert len(list(out.glob("trials/*/trial.h5"))) == 2


def test_a_report_of_several_sweeps_is_a_job(submit, finished_sweep, sweep_copy, tmp_path):
    toml = sweep_copy / "sweep.toml"
    toml.write_text(toml.read_text().replace('name = "tiny"', 'name = "other"'))
    code, output, folder = submit("report.slurm", finished_sweep, sweep_copy, "--out", tmp_path / "tables", "--report", "both")
    assert code == 0, output
    text = (folder / "both" / "report.md").read_text()
    assert "# Sweeps tiny and other" in text
    code, output, _ = submit("report.slurm", sweep_copy)
    assert code == 0, output
    assert (sweep_copy / "report" / "report.html").exists()
    code, output, _ = submit("report.slurm")
    assert code == 2 and "no folder of a sweep named" in output


def test_a_sweep_of_the_checkout_is_found_from_anywhere(submit):
    code, output, _ = submit("sweep_d_state.slurm", "sweeps/smoke.toml", "--dry-run", "--no-measure")
    assert code == 0, output
    assert "6 trials" in output


def test_the_doctor_sees_both_nodes(slurm, mambasynth, tmp_path):
    done = subprocess.run(["srun", "--nodes=2", "--ntasks-per-node=1", "--mpi=pmix", *mambasynth.command, "doctor", "--json", "--out", tmp_path],
                          env=slurm, capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    levels = {finding["check"]: finding["level"] for finding in report["findings"]}
    assert [rank["environment"]["SLURM_NODEID"] for rank in report["ranks"]] == ["0", "1"]
    assert (levels["mpi.ranks"], levels["mpi.pmix"]) == ("ok", "ok"), done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    # Tasks that cannot connect are reported once.
    done = subprocess.run(["srun", "--nodes=2", "--ntasks-per-node=1", "--mpi=none", *mambasynth.command, "doctor", "--out", tmp_path],
                          env=slurm, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("srun started 2 tasks that cannot find each other") == 1
    assert "srun --mpi=pmix" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_writes_job_lines_that_slurm_accepts(slurm, mambasynth, tmp_path):
    done = subprocess.run([*mambasynth.command, "doctor", "--job"], env=slurm, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("#SBATCH ")]
    assert any("--partition=" in line for line in lines) and any("--time=" in line for line in lines), done.stdout
    assert "srun --mpi=pmix starts the ranks" in done.stdout
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/bash\n" + "\n".join(lines) + "\ntrue\n")
    accepted = subprocess.run(["sbatch", "--test-only", script], env=slurm, capture_output=True, text=True, timeout=60)
    assert accepted.returncode == 0, accepted.stderr + done.stdout
    refused = subprocess.run([*mambasynth.command, "doctor", "--job", "--partition", "nowhere"], env=slurm,
                             capture_output=True, text=True, timeout=60)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Choose one of" in refused.stderr


def test_a_second_job_in_one_folder_is_refused_with_the_first_ones_id(submit, job_environment, tiny_sweep, tmp_path):
    slow = tmp_path / "slow.toml"
    slow.write_text(tiny_sweep.read_text().replace("epochs = 2\n", "epochs = 2000\n"))
    out = tmp_path / "out"
    first = subprocess.run(
        ["sbatch", "--parsable", "--gpus-per-node=0", "--nodes=1", f"--output={tmp_path}/first.out",
         CHECKOUT / "jobs" / "sweep_gate_lr.slurm", slow, "--out", out],
        env=job_environment, capture_output=True, text=True, check=True)
    job = first.stdout.strip()
    try:
        end = time.monotonic() + 60
        while not (out / "lock").exists() and time.monotonic() < end:
            time.sleep(0.1)
        code, output, _ = submit("sweep_gate_lr.slurm", slow, "--out", out, slurm_options=["--nodes=1"])
        assert code == 2, output
        assert job in output
    finally:
        subprocess.run(["scancel", job], env=job_environment, check=True)


def test_a_canceled_job_is_not_requeued(job_environment, undisturbed, tmp_path):
    """scancel is final: ranks save if they can, but the job does not return to the queue."""
    sweep, _ = undisturbed
    out = tmp_path / "out"
    job = subprocess.run(["sbatch", "--parsable", "--gpus-per-node=0", f"--output={tmp_path}/job.out",
                          CHECKOUT / "jobs" / "sweep_gate_lr.slurm", sweep, "--out", out],
                         env=job_environment, capture_output=True, text=True, check=True).stdout.strip()
    end = time.monotonic() + 60
    while not list(out.glob("trials/*/resume.pt")) and time.monotonic() < end:
        time.sleep(0.1)
    subprocess.run(["scancel", job], env=job_environment, check=True)
    states = set()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        shown = subprocess.run(["scontrol", "show", "job", job], env=job_environment, capture_output=True, text=True).stdout
        states.add(re.search(r"JobState=(\w+)", shown)[1])
        assert "Restarts=0" in shown, (tmp_path / "job.out").read_text()
        time.sleep(0.5)
    assert "CANCELLED" in states and "PENDING" not in states, (tmp_path / "job.out").read_text()


LONGER = TINY_SWEEP.replace("epochs = 2\n", "epochs = 200\nresume_every = 0.5\n").replace("seeds = [42]", "seeds = [42, 43]").replace("test_every = 1", "test_every = 20")


@pytest.fixture(scope="module")
def undisturbed(mambasynth, made_once):
    def make(folder):
        (folder / "longer.toml").write_text(LONGER)
        mambasynth.over(2)("sweep", folder / "longer.toml", "--out", folder / "out")

    folder = made_once("longer", make)
    return folder / "longer.toml", numbers(folder / "out")


@pytest.mark.parametrize("how", ["warned before its end", "requeued by Slurm"])
def test_a_preempted_job_is_requeued_and_finishes(job_environment, undisturbed, tmp_path, how):
    sweep, expected = undisturbed
    out = tmp_path / "out"

    def ask(*command):
        return subprocess.run(command, env=job_environment, capture_output=True, text=True, timeout=60)

    job = ask("sbatch", "--parsable", "--gpus-per-node=0", f"--output={tmp_path}/job.out",
              CHECKOUT / "jobs" / "sweep_gate_lr.slurm", sweep, "--out", out).stdout.strip()
    try:
        interrupted = 0
        end = time.monotonic() + 240
        while time.monotonic() < end:
            shown = ask("scontrol", "show", "job", job).stdout
            restarts, state = re.search(r"Restarts=(\d+)", shown), re.search(r"JobState=(\w+)", shown)
            assert restarts and state, (tmp_path / "job.out").read_text()
            if state[1] in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"):
                time.sleep(3)  # while Slurm requeues a job, it can be seen as failed
                if f"JobState={state[1]}" in ask("scontrol", "show", "job", job).stdout:
                    break
            running = state[1] == "RUNNING" and int(restarts[1]) == interrupted < 2
            if running and list(out.glob("trials/*/resume.pt")):
                time.sleep(1)
                if how == "requeued by Slurm":
                    assert ask("scontrol", "requeue", job).returncode == 0
                else:
                    assert ask("scancel", "--batch", "--signal=USR2", job).returncode == 0
                interrupted += 1
            time.sleep(0.3)
        said = (tmp_path / "job.out").read_text()
        assert state[1] == "COMPLETED", said
        assert interrupted >= 1, said
        if how == "warned before its end":
            assert f"job {job} goes back to the queue and continues" in said
        assert numbers(out) == expected
    finally:
        ask("scancel", job)
