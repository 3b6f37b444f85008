"""The images: their scripts without Apptainer; with Apptainer, whole sweeps inside them, alone and under Slurm.

MAMBASYNTH_IMAGE=IMAGE.sif        an image to test; without it, the tests build one, which takes a quarter of an hour
MAMBASYNTH_CUDA_IMAGE=IMAGE.sif   the same for GPUs
MAMBASYNTH_MIRROR=URL             the Debian archive to build them from
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time

import h5py
import pytest
from conftest import CHECKOUT, MPI, TINY_SWEEP
from test_slurm import LONGER, slurm  # noqa: F401, slurm is a fixture

BUILD = CHECKOUT / "containers" / "build.sh"
DEFINITION = CHECKOUT / "containers" / "mambasynth.def"
# The start of an image, which run_sweep.sh checks.
SIF = b"#!/usr/bin/env run-singularity\n\0SIF_MAGIC\0"


def run(*command, cwd=None, timeout=60, **environment):
    return subprocess.run([*map(str, command)], env=os.environ | environment, cwd=cwd, capture_output=True, text=True, timeout=timeout)


@pytest.fixture
def tools(tmp_path):
    """A folder for PATH with fake Slurm and Apptainer commands, which print their arguments."""
    folder = tmp_path / "tools"
    folder.mkdir()

    def add(name, text):
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)

    add("srun", '[ "$1" != --mpi=list ] || { echo pmix; exit; }\necho "hash=$MAMBASYNTH_IMAGE_HASH end=$SLURM_JOB_END_TIME"\nprintf "<%s>" "$@"')
    add("squeue", "echo 2030-01-01T00:00:00")
    add("apptainer", 'printf "<%s>" "$@" >>' + f'"{folder}/called"')
    return folder


def job(tools, *arguments, container, cwd, **environment):
    """jobs/run_sweep.sh as Slurm would start it."""
    return run(CHECKOUT / "jobs" / "run_sweep.sh", "sweeps/smoke.toml", *arguments, cwd=cwd, SLURM_JOB_ID="7", SLURM_NTASKS="2",
               SLURM_SUBMIT_DIR=str(cwd), CONTAINER=str(container), PATH=f"{tools}:{os.environ['PATH']}", **environment)


def test_help_of_the_build_script_names_every_option():
    done = run(BUILD, "--help")
    assert done.returncode == 0
    options = re.findall(r"^    (--[a-z]+)\)", BUILD.read_text(), re.MULTILINE)
    assert "--mirror" in options
    assert [option for option in [*options, "APPTAINER", "IMAGE.sif"] if option not in done.stdout] == []


def test_the_build_script_sets_every_argument_of_the_definition():
    definition, script = DEFINITION.read_text(), BUILD.read_text()
    asked = set(re.findall(r"{{ *(\w+) *}}", definition))
    assert asked and asked == set(re.findall(r'--build-arg "(\w+)=', script))
    assert "jobs/install_deps.sh {{ DEPENDENCIES }}" in definition
    presets = re.findall(r"\bpreset=(\w+)", script)
    assert presets == ["cpu", "cuda"]
    for preset in presets:
        assert f'"name": "{preset}"' in (CHECKOUT / "CMakePresets.json").read_text()
    paths = re.findall(r"(?:^|\s)((?:tests|sweeps|jobs)/[\w/]+\.\w+)", definition)
    assert paths
    for path in paths:
        assert (CHECKOUT / path).exists(), path


def test_the_image_keeps_every_file_that_a_unit_test_finds_by_path():
    kept = DEFINITION.read_text().split()
    needed = []
    for file in (CHECKOUT / "tests").rglob("CMakeLists.txt"):
        for name in re.findall(r'MAMBASYNTH_\w+="\$\{CMAKE_CURRENT_SOURCE_DIR\}/([^"]+)"', file.read_text()):
            needed.append(str((file.parent / name).relative_to(CHECKOUT)))
    assert len(needed) >= 2
    assert [path for path in needed if path not in kept] == []


@pytest.mark.parametrize("arguments, environment, words", [
    (["--instal"], {}, ["--instal", "--help"]),
    (["--cuda", "--base", "ftp://somewhere/cuda"], {"APPTAINER": "true"}, ["ftp://somewhere/cuda", "docker://NAME"]),
    (["--base", "/nonexistent/base.sif"], {"APPTAINER": "true"}, ["/nonexistent/base.sif", "docker://NAME"]),
    ([], {"APPTAINER": "/nonexistent/apptainer"}, ["/nonexistent/apptainer", "Name one"]),
    (["/nonexistent/folder/image.sif"], {"APPTAINER": "true"}, ["/nonexistent/folder"]),
])
def test_the_build_script_reports_a_problem_in_one_line(arguments, environment, words):
    done = run(BUILD, *arguments, **environment)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("build.sh: ")
    assert [word for word in words if word not in done.stderr] == []


@pytest.mark.parametrize("arguments, expected", [
    ([], {"PRESET": "cpu", "DEPENDENCIES": "--unit-tests"}),
    (["--cuda"], {"PRESET": "cuda", "DEPENDENCIES": "--unit-tests --cuda"}),
    (["--cuda", "--base", "docker://nvidia/cuda:12.8.1-devel-ubuntu24.04"], {"PRESET": "cuda", "BOOTSTRAP": "docker",
                                                                           "BASE": "nvidia/cuda:12.8.1-devel-ubuntu24.04"}),
    (["--base", "base.sif"], {"PRESET": "cpu", "BOOTSTRAP": "localimage", "BASE": "FOLDER/base.sif"}),
])
def test_the_build_script_passes_on_what_to_build_from_what(tmp_path, arguments, expected):
    apptainer = tmp_path / "apptainer"
    apptainer.write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" >"{tmp_path}/called"\n'
                         'for argument; do [[ $argument != *.unfinished ]] || touch "$argument"; done\n')
    apptainer.chmod(0o755)
    (tmp_path / "base.sif").write_bytes(SIF)
    done = run(BUILD, *arguments, tmp_path / "image.sif", cwd=tmp_path, APPTAINER=str(apptainer))
    assert done.returncode == 0, done.stderr
    given = dict(line.split("=", 1) for line in (tmp_path / "called").read_text().splitlines() if "=" in line)
    assert {name: given.get(name, "").replace(str(tmp_path), "FOLDER") for name in expected} == expected


def test_a_failed_build_keeps_the_old_image(tmp_path):
    image = tmp_path / "image.sif"
    image.write_bytes(SIF)
    done = run(BUILD, image, APPTAINER="false")
    assert done.returncode == 1 and "could not be built" in done.stderr
    assert image.read_bytes() == SIF
    assert list(tmp_path.iterdir()) == [image]


def test_an_image_of_this_commit_is_rebuilt_only_with_force(tmp_path):
    image, apptainer = tmp_path / "image.sif", tmp_path / "apptainer"
    image.write_bytes(SIF)
    commit = run("git", "-C", CHECKOUT, "rev-parse", "HEAD").stdout.strip()
    apptainer.write_text(f'#!/bin/bash\n[ "$1" = inspect ] && echo "revision: {commit}"\n')
    apptainer.chmod(0o755)
    done = run(BUILD, image, APPTAINER=str(apptainer))
    assert done.returncode == 0 and "already" in done.stderr
    assert run(BUILD, "--force", image, APPTAINER=str(apptainer)).returncode == 1


@pytest.mark.parametrize("kind", ["missing", "text file", "empty file", "folder", "registry URL"])
def test_a_job_refuses_a_container_that_is_not_an_image(tools, tmp_path, kind):
    container = tmp_path / "image.sif"
    if kind in ("text file", "empty file"):
        container.write_text("an image, surely\n" * 9 if kind == "text file" else "")
    elif kind == "folder":
        container.mkdir()
    elif kind == "registry URL":
        container = "docker://somewhere/mambasynth"
    done = job(tools, container=container, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"CONTAINER={container}" in done.stderr and "containers/build.sh" in done.stderr
    assert done.stdout == ""


def test_a_job_without_apptainer_reports_it_in_one_line(tools, tmp_path):
    image = tmp_path / "image.sif"
    image.write_bytes(SIF)
    for name in ("bash", "dirname", "basename", "head", "tail", "tr", "readlink"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "apptainer").unlink()
    done = run(CHECKOUT / "jobs" / "run_sweep.sh", "sweeps/smoke.toml", cwd=tmp_path, SLURM_JOB_ID="7",
               CONTAINER=str(image), PATH=str(tools))
    assert done.returncode == 2 and "MAMBASYNTH_ENV" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("out", [["--out", "new/folder"], ["--out=new/folder", "--dry-run"]])
def test_a_job_runs_the_image_with_its_hash_end_time_and_folders(tools, tmp_path, out):
    image, results = tmp_path / "image.sif", tmp_path / "results"
    image.write_bytes(SIF)
    results.mkdir()
    (tmp_path / "submit").mkdir()
    out = [argument.replace("new", str(results / "new")) for argument in out]
    done = job(tools, *out, container=image, cwd=tmp_path / "submit", TZ="UTC")
    assert done.returncode == 0, done.stderr
    assert f"hash={hashlib.sha256(SIF).hexdigest()} end=1893456000" in done.stdout
    assert f"<{tools}/apptainer><exec>" in done.stdout
    shown = re.findall(r"<--bind><(.*?)>", done.stdout)
    assert sorted(shown) == sorted(map(str, (CHECKOUT, CHECKOUT / "sweeps", tmp_path / "submit", results)))
    assert f"<{image}><mambasynth><sweep>" in done.stdout


# ---- with Apptainer


@pytest.fixture(scope="module")
def apptainer():
    named = os.environ.get("APPTAINER", "apptainer")
    found = shutil.which(named) or shutil.which("singularity")
    if not found:
        pytest.skip("neither apptainer nor singularity was found, and APPTAINER does not name one")
    return found


def built(folder, apptainer, variable, *options):
    """The image that the variable names, or a new one."""
    if variable in os.environ:
        return os.path.abspath(os.environ[variable])
    image = folder / "mambasynth.sif"
    mirror = ["--mirror", os.environ["MAMBASYNTH_MIRROR"]] if "MAMBASYNTH_MIRROR" in os.environ else []
    done = run(BUILD, *options, *mirror, image, APPTAINER=apptainer, timeout=7200)
    assert done.returncode == 0, done.stderr[-5000:]
    return str(image)


@pytest.fixture(scope="module")
def image(apptainer, tmp_path_factory):
    return built(tmp_path_factory.mktemp("image"), apptainer, "MAMBASYNTH_IMAGE")


@pytest.fixture(scope="module")
def cuda_image(apptainer, tmp_path_factory):
    return built(tmp_path_factory.mktemp("cuda-image"), apptainer, "MAMBASYNTH_CUDA_IMAGE", "--cuda")


def sha256(file):
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def containers_of(out):
    """The image hash in each trial's provenance."""
    found = []
    for file in sorted(out.glob("trials/*/trial.h5")):
        with h5py.File(file) as trial:
            found.append(trial["provenance"].attrs["container"])
    return found


@pytest.mark.long
def test_the_unit_tests_pass_inside_the_image(apptainer, image):
    done = run(apptainer, "test", image, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* test programs passed, \d+ skipped, 0 failed", done.stdout)


@pytest.mark.long
def test_the_image_has_labels_version_and_help(apptainer, image):
    labels = run(apptainer, "inspect", "--labels", image).stdout
    version = run(apptainer, "run", image, "--version").stdout
    commit = re.search(r"revision: (\w{40})", labels)[1]
    assert re.search(rf"^commit +{commit}$", version, re.MULTILINE)
    assert "CONTAINER=" in run(apptainer, "run-help", image).stdout


@pytest.mark.long
@pytest.mark.parametrize("where", ["mpirun inside", "mpirun outside"])
def test_the_smoke_sweep_runs_on_two_ranks_without_slurm(apptainer, image, tmp_path, where):
    program = ["mambasynth", "sweep", "/opt/mambasynth/sweeps/smoke.toml", "--out", tmp_path / "out"]
    ranks = ["mpirun", "-n", "2"]
    enter = [apptainer, "exec", "--bind", tmp_path, image]
    command = [*enter, *ranks, *program] if where == "mpirun inside" else [*ranks, *enter, *program]
    done = run(*command, cwd=tmp_path, timeout=900, **MPI | {"MAMBASYNTH_IMAGE_HASH": sha256(image)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert containers_of(tmp_path / "out") == [sha256(image)] * 6


@pytest.mark.long
def test_a_trial_records_the_hash_of_an_image_visible_in_the_container(apptainer, image, tmp_path):
    inside = 'test -f "${APPTAINER_CONTAINER:-$SINGULARITY_CONTAINER}"'
    if run(apptainer, "exec", "--bind", os.path.dirname(image), image, "sh", "-c", inside).returncode != 0:
        pytest.skip("Apptainer unpacks images here (squashfuse is not installed, or cannot mount), so a container does not know its image")
    (tmp_path / "tiny.toml").write_text(TINY_SWEEP)
    done = run(apptainer, "exec", "--bind", f"{tmp_path},{os.path.dirname(image)}", image, "mambasynth", "sweep",
               "tiny.toml", "--out", "out", cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert containers_of(tmp_path / "out") == [sha256(image)] * 2


@pytest.mark.long
def test_the_unit_tests_pass_inside_the_gpu_image_and_say_that_there_is_no_gpu(apptainer, cuda_image):
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has a GPU")
    done = run(apptainer, "test", cuda_image, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"[1-9]\d* test programs passed, [1-9]\d* skipped, 0 failed, no GPU \(apptainer test --nv", done.stdout)


@pytest.mark.long
def test_the_gpu_image_is_small_enough_to_copy_and_has_code_for_each_card(apptainer, cuda_image):
    assert os.path.getsize(cuda_image) < 3e9
    version = run(apptainer, "run", cuda_image, "--version").stdout
    assert re.search(r"\b90-real\b.*\b90-virtual\b.*\b120-real\b", version), version


@pytest.mark.long
def test_doctor_in_the_gpu_image_tells_a_missing_nv_from_a_missing_gpu(apptainer, cuda_image):
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has a GPU")
    alone = run(apptainer, "run", cuda_image, "doctor", timeout=120)
    assert alone.returncode == 0 and "No GPU here" in alone.stdout, alone.stdout + alone.stderr
    in_job = run(apptainer, "exec", cuda_image, "env", "SLURM_JOB_GPUS=0", "mambasynth", "doctor", timeout=120)
    assert in_job.returncode != 0 and "apptainer exec --nv" in in_job.stdout, in_job.stdout + in_job.stderr


@pytest.mark.long
def test_a_sweep_in_the_gpu_image_runs_without_a_gpu(apptainer, cuda_image, tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY_SWEEP)
    done = run(apptainer, "exec", "--bind", tmp_path, cuda_image, "mambasynth", "sweep", "tiny.toml", "--out", "out", cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(containers_of(tmp_path / "out")) == 2


@pytest.fixture
def submit(slurm, apptainer, image, tmp_path):  # noqa: F811
    """submit(COMMAND...): runs a Slurm command with CONTAINER set to the image."""
    environment = slurm | {"CONTAINER": image, "PATH": os.path.dirname(apptainer) + ":" + os.environ["PATH"]}

    def submit(*command):
        return subprocess.run([*map(str, command)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=900)

    return submit


SCRIPT = CHECKOUT / "jobs" / "sweep_gate_lr.slurm"


@pytest.mark.long
@pytest.mark.slurm
def test_a_job_on_two_nodes_runs_the_image(submit, image, collate, tmp_path):
    out = tmp_path / "out"
    done = submit("sbatch", "--wait", "--gpus-per-node=0", f"--output={tmp_path}/job.out", SCRIPT, "sweeps/smoke.toml", "--out", out)
    assert done.returncode == 0, (tmp_path / "job.out").read_text()
    assert containers_of(out) == [sha256(image)] * 6
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert {event["rank"] for event in events if event["event"] == "started"} == {0, 1}
    assert "6 trials in 3 cells: 6 done, 0 waiting" in collate(out).stdout


@pytest.mark.long
@pytest.mark.slurm
def test_a_warned_job_saves_and_is_requeued(submit, image, tmp_path):
    """The warning must not reach the process that serves the image's files: USR2 kills it, and the ranks with it."""
    (tmp_path / "longer.toml").write_text(LONGER)
    out, said = tmp_path / "out", tmp_path / "job.out"
    job = submit("sbatch", "--parsable", "--gpus-per-node=0", f"--output={said}", SCRIPT, "longer.toml", "--out", out).stdout.strip()
    try:
        warned = False
        end = time.monotonic() + 240
        while time.monotonic() < end:
            state = re.search(r"JobState=(\w+)", submit("scontrol", "show", "job", job).stdout)[1]
            if state in ("COMPLETED", "FAILED", "TIMEOUT"):
                break
            if not warned and list(out.glob("trials/*/resume.pt")):
                assert submit("scancel", "--batch", "--signal=USR2", job).returncode == 0
                warned = True
            time.sleep(0.3)
        assert warned and state == "COMPLETED", said.read_text()
        assert f"job {job} goes back to the queue and continues" in said.read_text()
        assert "Bus error" not in said.read_text()
        assert containers_of(out) == [sha256(image)] * 4
    finally:
        submit("scancel", job)
