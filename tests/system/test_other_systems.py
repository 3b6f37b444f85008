"""The README's commands on the systems that it names, each as a new machine: a bare root file system."""

import os
import shutil
import subprocess

import pytest

from conftest import CHECKOUT

pytestmark = pytest.mark.long


@pytest.fixture
def in_debian(tmp_path):
    """in_debian(RELEASE, COMMAND...): the completed process; what the command writes to /out is in tmp_path / "out"."""
    if os.geteuid() != 0:
        pytest.skip("the root file system of another release needs root")
    if not shutil.which("mmdebstrap"):
        pytest.skip("mmdebstrap is not installed")

    def in_debian(release, *command):
        return subprocess.run([CHECKOUT / "tests" / "in_debian.sh", release, tmp_path / "out", *command],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=3600)

    return in_debian


@pytest.mark.parametrize("release", ["trixie"])
def test_the_quickstart_runs_on_a_new_machine(in_debian, tmp_path, release):
    done = in_debian(release, "jobs/quickstart.sh", "--out", "/out/quickstart")
    assert done.returncode == 0, done.stderr[-4000:]
    assert "12 trials in 4 cells: 12 done" in done.stdout
    assert (tmp_path / "out" / "quickstart" / "sweep_summary.png").stat().st_size > 0


@pytest.mark.parametrize("release", ["trixie"])
def test_the_unit_tests_and_headers_pass_on_a_new_machine(in_debian, release):
    done = in_debian(release, "tests/run.sh", "--quick")
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert ", 0 failed, " in done.stdout.splitlines()[-1]
