"""`mambasynth doctor`: alone, over ranks, and when something is wrong."""

import json
import os
import signal
import socket
import time

import pytest


def levels(done):
    return {finding["check"]: finding["level"] for finding in json.loads(done.stdout)["findings"]}


def test_a_single_process_gets_a_short_report_without_errors(mambasynth, tmp_path):
    done = mambasynth("doctor", cwd=tmp_path)
    assert "error" not in done.stdout.split("\n\n")[-2]
    assert f"Results can go to {tmp_path}" in done.stdout or f"{tmp_path} is in" in done.stdout
    assert len(done.stdout.splitlines()) < 25
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_the_json_report_describes_ranks_and_folder(mambasynth, tmp_path):
    report = json.loads(mambasynth("doctor", "--json", "--out", tmp_path / "runs" / "new").stdout)
    assert report["schema_version"] == 1
    assert report["worst"] in ("ok", "note", "warning")
    assert report["ranks"][0]["host"] == socket.gethostname()
    assert report["ranks"][0]["mpi"]["threads"].startswith("MPI_THREAD_")
    assert report["folder"]["path"] == str(tmp_path)
    assert report["folder"]["links"][0]["won"] == list(range(report["folder"]["rounds"]))
    assert list(tmp_path.iterdir()) == []


def test_three_ranks_give_one_report(mambasynth, tmp_path):
    done = mambasynth.over(3)("doctor", "--json", "--out", tmp_path)
    report = json.loads(done.stdout)  # one report: two would not parse
    assert [rank["rank"] for rank in report["ranks"]] == [0, 1, 2]
    won = [rounds for link in report["folder"]["links"] for rounds in link["won"]]
    assert sorted(won) == list(range(report["folder"]["rounds"]))
    text = mambasynth.over(3)("doctor", "--out", tmp_path).stdout
    assert text.count("rank  host") == 1
    assert "3 ranks on 1 host, as many as were started" in text
    assert list(tmp_path.iterdir()) == []


def test_mpiruns_default_binding_is_undone_and_a_requested_one_kept(mambasynth, tmp_path):
    """By default, mpirun binds each of two ranks to one core, which all threads of a trial would share."""
    if len(cores := sorted(os.sched_getaffinity(0))) < 2:
        pytest.skip("needs two cores")

    def cores_of_ranks(*environment, ranks=2):
        done = mambasynth.over(ranks)("doctor", "--json", "--out", tmp_path, launcher=["env", *environment])
        return [rank["cores"] for rank in json.loads(done.stdout)["ranks"]]

    assert cores_of_ranks("-u", "OMPI_MCA_hwloc_base_binding_policy") == [cores, cores]
    for flag in ("hwloc_base_cpu_set", "hwloc_base_cpu_list"):
        environment = ["-u", "OMPI_MCA_hwloc_base_binding_policy", f"OMPI_MCA_{flag}={cores[0]}"]
        assert cores_of_ranks(*environment, ranks=1) == [[cores[0]]]
    assert [len(bound) for bound in cores_of_ranks("OMPI_MCA_hwloc_base_binding_policy=core")] == [1, 1]


def test_tasks_that_slurm_started_without_pmi_are_an_error(mambasynth, tmp_path, monkeypatch):
    # An ancestor process named like Slurm's step manager.
    step = tmp_path / "slurmstepd"
    step.symlink_to("/bin/bash")
    launcher = [step, "-c", '"$@"; exit $?', "_"]
    monkeypatch.setenv("SLURM_NTASKS", "2")
    monkeypatch.setenv("SLURM_STEP_ID", "0")
    done = mambasynth("doctor", "--out", tmp_path, code=1, launcher=launcher)
    assert "this program is one rank, not 2 (SLURM_NTASKS=2" in done.stdout
    assert "srun --mpi=pmix" in done.stdout
    # Of two tasks that cannot find each other, only the first reports.
    monkeypatch.setenv("SLURM_PROCID", "1")
    assert mambasynth("doctor", "--out", tmp_path, code=1, launcher=launcher).stdout == ""


def test_missing_cores_and_gpus_are_reported(mambasynth, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "100000")
    assert levels(mambasynth("doctor", "--json", "--out", tmp_path))["cpu.threads"] == "warning"
    monkeypatch.setenv("SLURM_JOB_GPUS", "0")
    done = mambasynth("doctor", "--json", "--out", tmp_path, code=None)
    if "gpu" in levels(done):
        pytest.skip("this machine has a GPU")
    assert done.returncode == 1
    assert "SLURM_JOB_GPUS=0" in done.stdout


def test_an_unwritable_folder_is_an_error(mambasynth, read_only):
    folder, launcher = read_only
    done = mambasynth("doctor", "--out", folder / "out", code=1, launcher=launcher)
    assert "results cannot be written to" in done.stdout and "Read-only file system" in done.stdout


def test_a_full_disk_is_an_error(mambasynth, small_disk):
    folder, launcher = small_disk
    done = mambasynth("doctor", "--out", folder, code=1, launcher=launcher)
    assert "cannot be flushed and renamed" in done.stdout and "No space left on device" in done.stdout


def test_a_file_in_the_path_of_the_output_folder_is_an_error(mambasynth, tmp_path):
    (tmp_path / "file").write_text("")
    assert "Not a directory" in mambasynth("doctor", "--out", tmp_path / "file" / "out", code=1).stdout


def test_bad_usage_exits_with_2(mambasynth):
    assert "--out" in mambasynth("doctor", "--uot", "x", code=2).stderr
    mambasynth("doctor", "--timeout", "-1", code=2)


def test_a_terminated_doctor_leaves_no_files(mambasynth, tmp_path):
    running = mambasynth.over(2).start("doctor", "--timeout", "20", "--out", tmp_path)
    try:
        end = time.monotonic() + 30
        while not list(tmp_path.iterdir()) and time.monotonic() < end:
            time.sleep(0.001)
        os.killpg(running.pid, signal.SIGTERM)
    finally:
        running.communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []
