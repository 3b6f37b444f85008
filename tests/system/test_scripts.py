"""What the scripts say to people who miss something."""

import os
import subprocess

from conftest import CHECKOUT


def run(*command, **environment):
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=60)


def test_missing_packages_and_libtorch_are_named_without_installing(tmp_path):
    """An empty cache and a PATH without compilers: what to load or install, and exit code 2."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "id", "mktemp", "rm", "chmod", "sed", "basename", "env", "uname"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = run(CHECKOUT / "jobs" / "install_deps.sh", "--no-install", "--tests", PATH=str(tools),
               MAMBASYNTH_CACHE=str(tmp_path / "cache"), Torch_DIR="", MAMBASYNTH_HEADERS_DIR="")
    assert done.returncode == 2
    assert "apt-get install" in done.stderr and "cmake" in done.stderr and "catch2" in done.stderr
    assert "Torch_DIR" in done.stderr and "MAMBASYNTH_HEADERS_DIR" in done.stderr
    assert not (tmp_path / "cache").exists()


def test_nothing_is_said_when_nothing_is_missing(tmp_path):
    done = run(CHECKOUT / "jobs" / "install_deps.sh", "--tests", "--no-install", Torch_DIR=str(tmp_path),
               MAMBASYNTH_HEADERS_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "" and done.stderr == ""


def test_a_job_script_outside_slurm():
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
    """A network that is not there stops the job before it starts."""
    for name, remedy in (("infiniband", "tcp.sh"), ("slingshot", "tcp.sh"), ("tcp", "Name one of these")):
        done = run("bash", "-c", f"set -e; . {CHECKOUT}/jobs/site/{name}.sh; echo went on", NCCL_SOCKET_IFNAME="nonesuch0")
        has_device = {"infiniband": "/sys/class/infiniband", "slingshot": "/sys/class/cxi"}.get(name)
        if has_device and os.path.isdir(has_device) and os.listdir(has_device):
            continue
        assert done.returncode == 2, name
        assert remedy in done.stderr and "went on" not in done.stdout
