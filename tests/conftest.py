"""Fixtures that the pytest tests share: the programs, a tiny sweep, folders that cannot be written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

CHECKOUT = Path(__file__).resolve().parent.parent

# Two cells, one seed, one second each.
TINY_SWEEP = """\
[sweep]
name = "tiny"
seeds = [42]
baseline = { "train.gate_lr_factor" = 1.0 }

[[sweep.axis]]
"train.gate_lr_factor" = [0.0, 1.0]

[data]
n_steps = 3000

[model]
d_model = 16
n_layers = 2
d_state = 4
d_ff = 32
max_horizon = 4

[train]
seq_len = 64
stride = 64
batch_size = 8
lr = 1e-3
warmup_epochs = 1
epochs = 2
test_every = 1
"""
TINY_TRIAL = TINY_SWEEP[TINY_SWEEP.index("[data]"):]

# Tests may run as root in a container, run concurrently, and use more ranks and threads than there are cores.
MPI = {
    "OMP_WAIT_POLICY": "passive",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
}


def pytest_addoption(parser):
    parser.addoption("--build", default=CHECKOUT / "build" / "ci", type=Path, help="the build folder to test")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Runs the tests of the Slurm cluster in one worker, and first, because they mostly wait. (pytest 9 ignores xdist's
    own groups.)"""
    from xdist.scheduler import LoadScopeScheduling

    class OneClusterScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "slurm" if nodeid.startswith(("system/test_slurm.py", "system/test_container.py")) else nodeid

    return OneClusterScheduling(config, log)


class Program:
    """One of the built programs; a call runs it to completion."""

    def __init__(self, path, launcher=()):
        self.command = [*launcher, str(path)]

    def __call__(self, *arguments, code=0, launcher=(), env_more=None, **options):
        """Runs the program; its exit code must be `code` (None: any). Returns the completed process, output as text."""
        options.setdefault("timeout", 300)
        done = subprocess.run([*launcher, *self.command, *map(str, arguments)], capture_output=True, text=True,
                              env=os.environ | MPI | (env_more or {}), stdin=subprocess.DEVNULL, **options)
        assert code is None or done.returncode == code, (
            f"exit code {done.returncode}, not {code}: {' '.join(map(str, done.args))}\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, *arguments, **options):
        """Starts the program; returns the running process, which leads its own process group."""
        return subprocess.Popen([*self.command, *map(str, arguments)], text=True, env=os.environ | MPI,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                start_new_session=True, **options)

    def over(self, ranks):
        return Program(self.command[-1], launcher=["mpirun", "-n", str(ranks)])


@pytest.fixture(scope="session")
def build(request):
    return request.config.getoption("--build").resolve()


@pytest.fixture(scope="session")
def mambasynth(build):
    return Program(build / "bin" / "mambasynth")


@pytest.fixture(scope="session")
def collate(build):
    return Program(build / "bin" / "mambasynth-collate")


@pytest.fixture
def tiny_sweep(tmp_path):
    """The sweep file of two tiny trials."""
    file = tmp_path / "tiny.toml"
    file.write_text(TINY_SWEEP)
    return file


@pytest.fixture
def tiny_trial(tmp_path):
    """The configuration of one tiny trial."""
    file = tmp_path / "trial.toml"
    file.write_text(TINY_TRIAL)
    return file


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """made_once(NAME, MAKE): a folder that MAKE(FOLDER) fills, once for all workers. Tests must only read it."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)

    def made_once(name, make):
        folder, complete = shared / name, shared / f"{name}.complete"
        with FileLock(shared / f"{name}.lock"):
            if not complete.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                complete.touch()
        return folder

    return made_once


@pytest.fixture(scope="session")
def finished_sweep(mambasynth, made_once):
    """The folder of a sweep whose trials are done. Copy it before changing anything in it."""
    def make(folder):
        (folder / "tiny.toml").write_text(TINY_SWEEP)
        mambasynth.over(2)("sweep", folder / "tiny.toml", "--out", folder / "out")

    return made_once("finished_sweep", make) / "out"


@pytest.fixture
def sweep_copy(finished_sweep, tmp_path):
    return Path(shutil.copytree(finished_sweep, tmp_path / "copy"))


@pytest.fixture(scope="session")
def trial(finished_sweep):
    """The folder of one finished trial."""
    return sorted((finished_sweep / "trials").iterdir())[0]


@pytest.fixture(scope="session")
def reference():
    """The folder of the original's golden files."""
    folder = Path(os.environ.get("MAMBASYNTH_REFERENCE", CHECKOUT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"the original's golden files are not in {folder}; set MAMBASYNTH_REFERENCE to their folder")
    return folder


def mounted(command):
    """A launcher that first runs the shell text `command` in a new mount namespace."""
    probe = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"needs a mount namespace: {probe.stderr.strip()}")
    return ["unshare", "--mount", "--propagation", "private", "bash", "-ec", f'{command}; exec "$@"', "_"]


@pytest.fixture
def read_only(tmp_path):
    """A folder that not even root can write to, and the launcher that makes it so."""
    folder = tmp_path / "read_only"
    folder.mkdir()
    return folder, mounted(f"mount --bind {folder} {folder}; mount -o remount,ro,bind {folder}")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 256 KiB, and the launcher that mounts it."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    return folder, mounted(f"mount -t tmpfs -o size=256k tmpfs {folder}")


@pytest.fixture(scope="session")
def torch():
    """Python's torch, if tests/run.sh could install it."""
    folder = os.environ.get("MAMBASYNTH_PYTHON_TORCH")
    why_not = os.environ.get("MAMBASYNTH_NO_PYTHON_TORCH") or "tests/run.sh did not install it"
    if not folder or not Path(folder).is_dir():
        pytest.skip(f"Python's torch is not installed: {why_not}")
    sys.path.append(folder)
    import torch
    return torch


@pytest.fixture(scope="session")
def package_folder(build):
    """The folder from which Python imports our package: the build's, or where a wheel is installed."""
    folder = Path(os.environ.get("MAMBASYNTH_PYTHON_PACKAGE", build / "python"))
    if not (folder / "mambasynth" / "operators.so").exists():
        pytest.skip(f"the Python package's operators are not built in {build} (MAMBASYNTH_PYTHON is off)")
    return folder


@pytest.fixture(scope="session")
def package(torch, package_folder):
    """Our Python package. One thread, because other tests run at the same time: threads that spin-wait for each other on
    busy cores take ten times as long."""
    torch.set_num_threads(1)
    sys.path.insert(0, str(package_folder))
    import mambasynth
    return mambasynth
