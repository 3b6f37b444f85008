"""The scripts when something is missing, stale or slow."""

import os
import re
import subprocess

import pytest
from conftest import CHECKOUT


def run(*command, cwd=None, **environment):
    return subprocess.run([*map(str, command)], env=os.environ | environment, cwd=cwd, capture_output=True, text=True, timeout=60)


def test_missing_packages_and_libtorch_are_named_without_installing(tmp_path):
    """An empty cache and a PATH without compilers: what to load or install, and exit code 2."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "id", "mkdir", "mktemp", "rm", "chmod", "sed", "basename", "env", "uname"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = run(CHECKOUT / "jobs" / "install_deps.sh", "--no-install", "--tests", PATH=str(tools),
               MAMBASYNTH_CACHE=str(tmp_path / "cache"), Torch_DIR="", MAMBASYNTH_HEADERS_DIR="")
    assert done.returncode == 2
    assert "apt-get install" in done.stderr and "cmake" in done.stderr and "catch2" in done.stderr
    assert "Torch_DIR" in done.stderr and "MAMBASYNTH_HEADERS_DIR" in done.stderr
    assert not (tmp_path / "cache").exists()


def test_unit_tests_need_catch2_and_no_cluster_or_browser(tmp_path):
    def packages(*options):
        return run("bash", "-c", 'checkout=$1; . "$1/jobs/install/packages.sh"; tests=$2 unit_tests=$3; wanted_packages', "bash", CHECKOUT,
                   *options, MAMBASYNTH_CACHE=str(tmp_path)).stdout.split()

    neither, unit, all_tests = packages("false", "false"), packages("false", "true"), packages("true", "false")
    assert "cmake" in neither and "catch2" not in neither
    assert "catch2" in unit and "slurm-wlm" not in unit and "chromium" not in unit
    assert set(unit) < set(all_tests) and "slurm-wlm" in all_tests
    done = run(CHECKOUT / "jobs" / "install_deps.sh", "--unit-tests", "--bundle", tmp_path / "bundle.tar")
    assert done.returncode == 2 and "--tests" in done.stderr


def test_install_deps_is_silent_if_nothing_is_missing(tmp_path):
    done = run(CHECKOUT / "jobs" / "install_deps.sh", "--tests", "--no-install", Torch_DIR=str(tmp_path),
               MAMBASYNTH_HEADERS_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""


def test_a_job_script_outside_slurm_is_refused():
    done = subprocess.run([CHECKOUT / "jobs" / "sweep_gate_lr.slurm"],
                          env={key: value for key, value in os.environ.items() if not key.startswith("SLURM")},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "sbatch" in done.stderr and "mpirun" in done.stderr


def test_unknown_options_are_refused():
    for script in ("jobs/install_deps.sh", "jobs/quickstart.sh", "tests/run.sh"):
        done = run(CHECKOUT / script, "--instal")
        assert done.returncode == 2 and "--instal" in done.stderr, script


def test_site_files_do_not_fall_back():
    """A missing network stops the job before it starts."""
    for name, remedy in (("infiniband", "tcp.sh"), ("slingshot", "tcp.sh"), ("tcp", "Name one of these")):
        done = run("bash", "-c", f"set -e; . {CHECKOUT}/jobs/site/{name}.sh; echo went on", NCCL_SOCKET_IFNAME="nonesuch0")
        has_device = {"infiniband": "/sys/class/infiniband", "slingshot": "/sys/class/cxi"}.get(name)
        if has_device and os.path.isdir(has_device) and os.listdir(has_device):
            continue
        assert done.returncode == 2, name
        assert remedy in done.stderr and "went on" not in done.stdout


def fake_tools(folder, **tools):
    """A folder for PATH with programs that run these shell texts."""
    folder.mkdir()
    for name, text in tools.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


# More lines than a pipe holds, written slowly after the one searched for: a reader that stops early kills the writer.
SLOWLY = "for i in {1..40}; do printf '%4096s\\n' x; /bin/sleep 0.01; done"


def test_output_matches_reads_output_to_its_end(tmp_path):
    """`| grep -q` exits at the first match; under pipefail, the writer's death then looks like no match."""
    tools = fake_tools(tmp_path / "tools", slow=f"echo first; {SLOWLY}; echo last", failing="echo first; exit 3")
    script = """
set -euo pipefail
. "$1/jobs/environment.sh"
for words in "first slow" "last slow" "nosuch slow" "first failing" "first nosuch"; do
  # shellcheck disable=SC2086
  if output_matches $words; then echo "$words: yes"; else echo "$words: no"; fi
done"""
    done = run("bash", "-c", script, "_", CHECKOUT, PATH=f"{tools}:{os.environ['PATH']}")
    assert done.stdout.splitlines() == ["first slow: yes", "last slow: yes", "nosuch slow: no", "first failing: no", "first nosuch: no"]


def test_a_cuda_compiler_in_the_cache_serves_if_no_toolkit_is_new_enough(tmp_path):
    """The order: CUDACXX, PATH, CUDA_HOME, the cache; the first that is new enough. Fetching one needs a recent driver."""
    nvcc = "echo 'Cuda compilation tools, release {}, V0'"
    tools = fake_tools(tmp_path / "tools", nvcc=nvcc.format("11.8"), **{"nvidia-smi": 'echo "${DRIVER-}"; echo 580.65.06'})
    script = f""". {CHECKOUT}/jobs/environment.sh
find_cuda_toolkit && echo "$CUDACXX" || echo none
can_fetch_cuda_toolkit && echo can fetch || echo cannot fetch"""

    def found(**environment):
        return run("bash", "-c", script, **{"PATH": f"{tools}:{os.environ['PATH']}", "CUDACXX": "", "CUDA_HOME": str(tmp_path / "home"),
                                            "MAMBASYNTH_CACHE": str(tmp_path / "cache"), "DRIVER": "580.65.06"} | environment).stdout.splitlines()

    assert found() == ["none", "can fetch" if os.uname().machine == "x86_64" else "cannot fetch"]
    assert found(DRIVER="550.54.15")[1] == found(DRIVER="No devices were found")[1] == "cannot fetch"
    pin = re.search(r"^nvidia-cuda-nvcc==(\S+)", (CHECKOUT / "jobs" / "requirements-cuda.txt").read_text(), re.MULTILINE)[1]
    cached = tmp_path / "cache" / f"cuda-{pin}"
    cached.mkdir(parents=True)
    fake_tools(cached / "bin", nvcc=nvcc.format("13.0"))
    assert found()[0] == str(cached / "bin" / "nvcc")
    (tmp_path / "home").mkdir()
    fake_tools(tmp_path / "home" / "bin", nvcc=nvcc.format("12.8"))
    assert found()[0] == str(tmp_path / "home" / "bin" / "nvcc")
    assert found(CUDACXX=str(cached / "bin" / "nvcc"))[0] == str(cached / "bin" / "nvcc")


def test_no_script_closes_a_pipe_early():
    """Commands that may stop reading early must read a file or a variable, not a pipe."""
    early = re.compile(r"\|\s*(grep\s+-\w*[qm]|head\b|sed\s+[^|]*\bq\b|awk\s+[^|]*exit)")
    scripts = [path for folder in ("jobs", "containers", "tests", ".ci") for path in sorted((CHECKOUT / folder).rglob("*"))
               if path.suffix in (".sh", ".slurm", ".def") or path == CHECKOUT / ".ci" / "run"]
    assert len(scripts) > 10
    lines = [(path.name, line) for path in scripts for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert [found for found in lines if early.search(found[1])] == []


FAKE_SLURM = {
    "srun": f'if [ "$1" = --mpi=list ]; then echo pmix; {SLOWLY}; exit; fi; trap : USR2; : >"${{STARTED:-/dev/null}}"; /bin/sleep "${{WORK:-0}}"; echo "srun $*"; exit "${{CODE:-0}}"',
    "mpirun": 'echo "mpirun $*"',
    "mambasynth": "exit 0",
    "scontrol": f'if [ "$1" = requeue ]; then echo requeued; exit; fi; echo "   JobState=RUNNING Reason=None"; {SLOWLY}',
    "sleep": '[ "$1" = 60 ] || exec /bin/sleep "$@"',
}


def sweep_job(tools, tmp_path, launcher=(), **environment):
    """jobs/run_sweep.sh as Slurm starts it, with fake programs."""
    return run(*launcher, CHECKOUT / "jobs" / "run_sweep.sh", "sweeps/smoke.toml", "--out", tmp_path / "out",
               **{"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_SUBMIT_DIR": str(tmp_path), "PATH": f"{tools}:{os.environ['PATH']}"} | environment)


def test_slow_replies_from_slurm_are_read_completely(tmp_path):
    tools = fake_tools(tmp_path / "tools", **FAKE_SLURM)
    done = sweep_job(tools, tmp_path)
    assert done.stdout.startswith("srun --mpi=pmix"), done.stderr
    # Warned by Slurm, the job saves and goes back to the queue.
    warn = '"$@" & job=$!; until [ -e "$STARTED" ]; do sleep 0.1; done; kill -USR2 $job; wait $job'
    done = sweep_job(tools, tmp_path, launcher=["bash", "-c", warn, "_"], WORK="2", CODE="75", STARTED=str(tmp_path / "started"))
    assert done.returncode == 75 and "requeued" in done.stdout and "goes back to the queue" in done.stderr, done.stderr


@pytest.mark.parametrize("code, reported", [("0", True), ("4", True), ("1", False), ("75", False)])
def test_a_sweep_job_makes_its_report_once_every_trial_has_run(tmp_path, code, reported):
    tools = fake_tools(tmp_path / "tools", **FAKE_SLURM | {"mambasynth-collate": 'echo "collate $*"'})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.csv").touch()
    done = sweep_job(tools, tmp_path, CODE=code)
    assert done.returncode == int(code), done.stderr
    out = tmp_path / "out"
    assert (f"collate {out} --out {out} --report {out}/report" in done.stdout) == reported, done.stdout


@pytest.mark.parametrize("failure", ["exit 1", "exit 2", "kill -9 $$"])
def test_a_failed_report_leaves_the_exit_code_of_the_sweep(tmp_path, failure):
    tools = fake_tools(tmp_path / "tools", **FAKE_SLURM | {"mambasynth-collate": failure})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.csv").touch()
    for code in (0, 4):
        done = sweep_job(tools, tmp_path, CODE=str(code))
        assert done.returncode == code
        assert "results are complete, but its report was not made" in done.stderr, done.stderr


def test_implausible_slurm_variables_are_ignored(tmp_path):
    tools = fake_tools(tmp_path / "tools", **FAKE_SLURM | {"srun": "exit 1"})
    for tasks, started in (("2", "mpirun -n 2 "), ("", "mpirun sh "), ("garbage", "mpirun sh ")):
        done = sweep_job(tools, tmp_path, SLURM_NTASKS=tasks)
        assert done.returncode == 0 and done.stdout.startswith(started), (done.stdout, done.stderr)
        assert ("SLURM_NTASKS=garbage is ignored" in done.stderr) == (tasks == "garbage")
    done = sweep_job(tools, tmp_path, SLURM_SUBMIT_DIR="/nonexistent")
    assert done.returncode == 0 and "SLURM_SUBMIT_DIR=/nonexistent is ignored" in done.stderr


def test_user_shell_settings_do_not_affect_scripts(tmp_path):
    """CDPATH makes cd print and go elsewhere; GREP_OPTIONS and locales change what grep and other programs print."""
    (tmp_path / "jobs").mkdir()
    script = ". jobs/environment.sh; echo $checkout; echo $LC_ALL"
    for environment in ({}, {"CDPATH": f"{CHECKOUT}:{tmp_path}"}, {"GREP_OPTIONS": "--invert-match"}, {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}):
        assert run("bash", "-c", script, cwd=CHECKOUT, **environment).stdout == f"{CHECKOUT}\nC\n", environment


def test_a_job_script_with_a_stale_job_id_finds_run_sweep(tmp_path):
    tools = fake_tools(tmp_path / "tools",
                       scontrol="echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1")
    scripts = sorted((CHECKOUT / "jobs").glob("sweep_*.slurm"))
    assert scripts
    for script in scripts:
        done = run(script, SLURM_JOB_ID="424242", MAMBASYNTH_ENV="/nonexistent", PATH=f"{tools}:{os.environ['PATH']}")
        assert done.returncode == 2 and "MAMBASYNTH_ENV" in done.stderr, done.stderr


def test_a_toolkit_of_cuda_12_gets_the_libtorch_for_it(tmp_path):
    for release, expected in (("12.8", r"torch-2\.10\.\d+-cuda12"), ("13.0", r"torch-2\.11\.\d+-cuda(-complete)?")):
        tools = fake_tools(tmp_path / release, nvcc=f"echo 'Cuda compilation tools, release {release}, V0'")
        script = f""". {CHECKOUT}/jobs/environment.sh
for part in pins pypi; do . {CHECKOUT}/jobs/install/$part.sh; done
cuda=true install=true
choose_libtorch
torch_folder $torch_kind"""
        said = run("bash", "-euc", script, CUDACXX=str(tools / "nvcc"), MAMBASYNTH_CACHE=str(tmp_path / "cache")).stdout
        assert re.fullmatch(rf"{tmp_path}/cache/{expected}\n", said), said
