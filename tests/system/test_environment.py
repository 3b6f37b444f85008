"""Stale, implausible and user-specific environment variables: each is checked, named once if ignored, and not fatal."""

import os
import subprocess
import time

import pytest

from conftest import MPI

LAUNCHERS = ("SLURM_", "PMI", "OMPI_COMM_WORLD", "OMP_NUM_THREADS")


@pytest.fixture
def clean(monkeypatch):
    """An environment without variables of a launcher."""
    for name in os.environ:
        if name.startswith(LAUNCHERS):
            monkeypatch.delenv(name)


@pytest.fixture
def with_squeue(tmp_path, monkeypatch):
    """with_squeue(TEXT): puts a squeue that runs this shell text first on PATH."""
    def with_squeue(text):
        folder = tmp_path / "tools"
        folder.mkdir()
        (folder / "squeue").write_text(f"#!/bin/sh\n{text}\n")
        (folder / "squeue").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return with_squeue


INVALID = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"
HOUR_LEFT = 'echo 1:00:00'


def warnings(done):
    return [line for line in done.stderr.splitlines() if line.startswith("warning: ")]


# SLURM_JOB_END_TIME (an int: seconds from now), job ID, squeue's reply, and the variable that a warning names
@pytest.mark.parametrize("end, job, squeue, named", [
    ("1", "424242", INVALID, "SLURM_JOB_END_TIME"),
    ("Unknown", "424242", HOUR_LEFT, "SLURM_JOB_END_TIME"),
    ("nan", "7", HOUR_LEFT, "SLURM_JOB_END_TIME"),
    ("-5", "7", HOUR_LEFT, "SLURM_JOB_END_TIME"),
    ("1e300", "7", HOUR_LEFT, "SLURM_JOB_END_TIME"),
    (-100, "7", HOUR_LEFT, "SLURM_JOB_END_TIME"),
    (3600, None, HOUR_LEFT, "SLURM_JOB_END_TIME"),
    (60, "424242", INVALID, "SLURM_JOB_ID"),
    (60, "7", "exit 0", "SLURM_JOB_ID"),
    (3600, "garbage", HOUR_LEFT, "SLURM_JOB_ID"),
    ("", "424242", INVALID, "SLURM_JOB_ID"),
    ("", "7", HOUR_LEFT, None),
    (3600, "7", "exit 127", None),
])
def test_an_implausible_job_end_is_ignored_with_a_warning(mambasynth, sweep_copy, clean, with_squeue, monkeypatch, end,
                                                          job, squeue, named):
    with_squeue(squeue)
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + end) if isinstance(end, int) else end)
    if job is not None:
        monkeypatch.setenv("SLURM_JOB_ID", job)
    next((sweep_copy / "trials").glob("*/trial.h5")).unlink()
    done = mambasynth("sweep", sweep_copy / "sweep.toml", "--out", sweep_copy)
    assert len(list((sweep_copy / "trials").glob("*/trial.h5"))) == 2
    told = {line.split()[1].split("=")[0] for line in warnings(done)}
    assert named is None and told == set() or named in told, done.stderr


def test_a_sweep_saves_and_stops_when_the_job_ends_soon(mambasynth, tiny_sweep, tmp_path, clean, with_squeue,
                                                        monkeypatch):
    with_squeue("echo 0:05")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 2))
    assert "the job ends in" in mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=75).stderr


@pytest.mark.parametrize("words, value", [
    *((["sweep", "x.toml", "--walltime"], value) for value in ("nan", "inf", "-1", "0", "1e300", "-inf", "two", "")),
    (["sweep", "x.toml", "--progress-every"], "nan"), (["status", "x", "--every"], "1e300"), (["doctor", "--timeout"], "inf")])
def test_flags_in_seconds_refuse_invalid_values(mambasynth, words, value):
    done = mambasynth(*words[:-1], f"{words[-1]}={value}", code=2)
    assert words[-1] in done.stderr and len(done.stderr.splitlines()) == 1 and len(done.stderr) < 300, done.stderr


# variables, and words that doctor's report must contain
LEFT_OVER = [
    ({"SLURM_JOB_ID": "1", "SLURM_NTASKS": "4"}, "a job for 4"),
    ({"PMI_RANK": "2", "PMI_SIZE": "4"}, "PMI_SIZE=4 is left over"),
    ({"PMI_RANK": "2"}, "PMI_RANK=2 is left over"),
    ({"PMIX_RANK": "1", "PMIX_NAMESPACE": "gone"}, "PMIX_RANK=1 is left over"),
    ({"OMPI_COMM_WORLD_SIZE": "4"}, "OMPI_COMM_WORLD_SIZE=4 is left over"),
    ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}, "SLURM_STEP_NUM_TASKS=4 is left over"),
    ({"OMP_NUM_THREADS": "garbage"}, "OMP_NUM_THREADS=garbage is ignored"),
    ({"SLURM_CPUS_PER_TASK": "-1"}, "SLURM_CPUS_PER_TASK=-1 is ignored"),
]


@pytest.mark.parametrize("variables, words", LEFT_OVER, ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")
def test_leftover_launcher_variables_are_named_without_an_error(mambasynth, tmp_path, clean, monkeypatch, variables,
                                                                words):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert words in mambasynth("doctor", "--out", tmp_path).stdout


def test_variables_of_a_finished_mpirun_leave_one_rank(mambasynth, tiny_trial, tmp_path):
    """With all variables of a rank set after mpirun has ended, MPI itself would abort the program."""
    subprocess.run(["mpirun", "-n", "2", "bash", "-c", f"env -0 >{tmp_path}/told.$OMPI_COMM_WORLD_RANK"], env=os.environ | MPI, check=True, timeout=60)
    for rank in range(2):
        told = [word for word in (tmp_path / f"told.{rank}").read_text().split("\0") if word and not word.startswith("OMPI_MCA_rmaps")]
        environment = ["env", "-i", *told]
        done = mambasynth("bench", "scan", "--batch-size", 1, "--seq-len", 64, launcher=environment)
        assert [line.split(" is ignored")[0] for line in warnings(done)] == ["warning: OMPI_COMM_WORLD_SIZE=2"]
        assert "OMPI_COMM_WORLD_SIZE=2 is left over" in mambasynth("doctor", "--out", tmp_path, launcher=environment).stdout
        out = tmp_path / f"out{rank}"
        mambasynth("train", "--config", tiny_trial, "--no-figures", "--out", out, launcher=environment)
        assert (out / "trial.h5").exists()


# variables of a Slurm step or another launcher, and the one that a warning names (None if they may be this process's)
@pytest.mark.parametrize("variables, named", [
    ("SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=n1 SLURM_NTASKS=4", None),
    ("SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=n1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=3 SLURM_LOCALID=3", "SLURM_STEP_ID"),
    ("SLURM_NODELIST=n1", "SLURM_NODELIST"),
    ("SLURM_NODELIST=n1 SLURM_STEP_ID=0", "SLURM_STEP_ID"),
    ("FLUX_JOB_ID=1", "FLUX_JOB_ID"),
])
def test_leftover_step_variables_do_not_end_a_verb(mambasynth, clean, variables, named):
    done = mambasynth("bench", "scan", "--batch-size", 1, "--seq-len", 64, launcher=["env", *variables.split()])
    told = {line.split()[1].split("=")[0] for line in warnings(done)}
    assert told == set() if named is None else named in told


def test_the_shell_of_an_interactive_step_is_one_rank(mambasynth, tmp_path, clean):
    """As under salloc and `srun --pty`: Slurm's step manager is an ancestor, but there is no PMI."""
    step = tmp_path / "slurmstepd"
    step.symlink_to("/bin/bash")
    variables = "SLURM_JOB_ID=1 SLURM_JOBID=1 SLURM_NODELIST=n1 SLURM_NTASKS=4 SLURM_STEP_ID=4294967290 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0"
    launcher = [step, "-c", '"$@"; exit $?', "_", "env", *variables.split()]
    assert warnings(mambasynth("bench", "scan", "--batch-size", 1, "--seq-len", 64, launcher=launcher)) == []
    mambasynth("doctor", "--out", tmp_path / "out", launcher=launcher)


@pytest.mark.parametrize("value", ["garbage", "0", "-3", "100000", "99999999999"])
def test_an_implausible_number_of_threads_is_ignored(mambasynth, tmp_path, clean, monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    done = mambasynth("data", "--n-steps", 200, "--no-figures", "--out", tmp_path)
    assert [line.split(" is ignored")[0] for line in warnings(done)] == [f"warning: OMP_NUM_THREADS={value}"]


def test_an_unknown_instruction_set_is_refused_in_one_line(mambasynth, tmp_path, monkeypatch):
    monkeypatch.setenv("MAMBASYNTH_CPU", "garbage")
    for words in (["doctor"], ["data", "--n-steps", 200, "--out", tmp_path], ["bench", "scan"]):
        done = mambasynth(*words, code=2)
        assert done.stderr.startswith("MAMBASYNTH_CPU=garbage is not") and len(done.stderr.splitlines()) == 1
        assert "report" not in done.stderr and done.stdout == ""


@pytest.mark.parametrize("kind", ["missing", "file", "read_only", "long"])
def test_an_unusable_temporary_folder_is_named(mambasynth, tmp_path, read_only, monkeypatch, kind):
    folder, launcher = tmp_path / kind, ()
    if kind == "file":
        folder.touch()
    elif kind == "read_only":
        folder, launcher = read_only
    elif kind == "long":
        folder = tmp_path / ("x" * 200) / ("y" * 200)
        folder.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(folder))
    done = mambasynth("bench", "scan", "--batch-size", 1, "--seq-len", 64, launcher=launcher)
    assert [line.split("=")[0] for line in warnings(done)] == ([] if kind == "long" else ["warning: TMPDIR"])
    assert "mkdir" not in done.stderr and len(done.stderr.splitlines()) <= 2


def test_a_missing_home_or_locale_changes_nothing(mambasynth, tmp_path, monkeypatch):
    for name, value in {"LANG": "xx_YY.UTF-8", "LC_ALL": "qq", "TZ": "garbage", "COLUMNS": "-7", "XDG_CONFIG_HOME": "/nonexistent"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HOME")
    done = mambasynth("data", "--n-steps", 200, "--no-figures", "--out", tmp_path)
    assert done.stderr == ""


def test_a_program_bound_to_one_core_starts_one_thread(mambasynth, tiny_trial, tmp_path, clean):
    core = str(min(os.sched_getaffinity(0)))
    mambasynth("train", "--config", tiny_trial, "--no-figures", "--out", tmp_path / "out", launcher=["taskset", "-c", core])
    import h5py
    with h5py.File(tmp_path / "out" / "trial.h5") as file:
        assert str(file["provenance"].attrs["threads"]) == "1"


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """A folder for LOCPATH with the German locale, whose decimal mark is a comma."""
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", folder / "de_DE.UTF-8"], capture_output=True, text=True)
    if not (folder / "de_DE.UTF-8").is_dir():
        pytest.skip(f"localedef cannot make a German locale: {made.stderr}")
    return folder


def test_gnuplot_startup_files_and_locales_do_not_change_figures(mambasynth, tmp_path, german, finished_sweep):
    """Figures are byte-identical whatever gnuplot settings the user has."""
    series = next((finished_sweep / "data").glob("*/series.h5"))
    homes = {"none": "", "decimals": "set decimalsign locale 'de_DE.UTF-8'\n", "broken": "this is (not gnuplot\n"}
    for name, text in homes.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / ".gnuplot").write_text(text)
    users = [{"HOME": tmp_path / "none"}, {"HOME": tmp_path / "decimals"}, {"HOME": tmp_path / "broken"},
             {"LC_ALL": "de_DE.UTF-8"}, {"LANG": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8"},
             {"GNUTERM": "garbage"}, {"GNUPLOT_DRIVER_DIR": "/nonexistent"}, {"FIT_SCRIPT": "garbage"}]
    drawn = []
    for number, user in enumerate(users):
        out = tmp_path / f"out{number}"
        variables = [f"{name}={value}" for name, value in user.items()]
        mambasynth("dimension", "--data", series, "--k", "5,10", "--out", out, launcher=["env", f"LOCPATH={german}", *variables])
        kinds = (".svg", ".png", ".pdf", ".dat")
        drawn.append({file.name: file.read_bytes() for file in sorted(out.rglob("*")) if file.suffix in kinds})
    assert len(drawn[0]) >= 3
    for number, user in enumerate(users):
        assert drawn[number] == drawn[0], user


def test_numbers_do_not_depend_on_the_locale(mambasynth, tmp_path, german):
    printed = {mambasynth("data", "--n-steps", 300, "--noise-std", "0.25", "--no-figures", "--out", tmp_path / "out",
                          launcher=["env", f"LOCPATH={german}", f"LC_ALL={locale}"]).stdout for locale in ("C", "de_DE.UTF-8")}
    assert len(printed) == 1
