"""How the program ends: with the verb's own code, whatever libraries do after its work, and with all that it printed."""

import re
import subprocess

import pytest

TINY = ["--d-model", 16, "--n-layers", 2, "--d-state", 4, "--d-ff", 32, "--max-horizon", 4, "--seq-len", 64, "--stride", 64,
        "--batch-size", 8, "--epochs", 1, "--warmup-epochs", 0, "--set", "evaluate.probes=false", "--set", "evaluate.controls=false"]

# Each verb with little work: {series} a series, {checkpoint} a model, {sweep} a finished sweep, {out} a fresh folder.
VERBS = {
    "--version": ["--version"],
    "--help": ["--help"],
    "data": ["data", "--n-steps", 500, "--no-figures", "--out", "{out}"],
    "train": ["train", "--data", "{series}", *TINY, "--no-figures", "--out", "{out}"],
    "sweep": ["sweep", "{sweep}/sweep.toml", "--out", "{sweep}"],
    "status": ["status", "{sweep}"],
    "evaluate": ["evaluate", "--checkpoint", "{checkpoint}", "--data", "{series}", "--umap", "off", "--no-figures",
                 "--set", "evaluate.probes=false", "--set", "evaluate.controls=false", "--out", "{out}"],
    "dimension": ["dimension", "--data", "{series}", "--no-figures", "--out", "{out}"],
    "generate": ["generate", "--checkpoint", "{checkpoint}", "--data", "{series}", "--gen-len", 20, "--n-samples", 1, "--seed-len", 40, "--no-figures",
                 "--out", "{out}"],
    "gates": ["gates", "--checkpoint", "{checkpoint}", "--data", "{series}", "--layer", 1, "--sample", 0, "--no-figures", "--out", "{out}"],
    "oracle": ["oracle", "--data", "{series}", "--out", "{out}"],
    "convert": ["convert", "{checkpoint}", "{out}/weights.safetensors"],
    "doctor": ["doctor"],
    "bench": ["bench", "scan", "--batch-size", 1, "--seq-len", 64],
}


@pytest.fixture
def arguments(sweep_copy, trial, tmp_path):
    """The command line of a verb, its places filled in."""
    out = tmp_path / "out"
    out.mkdir()
    places = {"series": next((sweep_copy / "data").glob("*/series.h5")), "checkpoint": trial / "checkpoint.pt",
              "sweep": sweep_copy, "out": out}
    return lambda verb: [str(word).format(**places) for word in VERBS[verb]]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_has_done_its_work_ends_with_its_own_code(mambasynth, arguments, verb):
    done = mambasynth(*arguments(verb), code=None)
    # doctor's code is about this machine: 1 where something must be corrected first.
    assert done.returncode in ((0, 1) if verb == "doctor" else (0,)), done.stderr
    assert done.stdout + done.stderr != ""
    for trace in ("free()", "Segmentation", "Aborted", "terminate called"):
        assert trace not in done.stderr


def test_a_refused_command_line_ends_with_its_own_code(mambasynth):
    assert "--epochs" in mambasynth("train", "--epoch", "3", code=2).stderr


@pytest.mark.parametrize("verb", ["--version", "status", "dimension", "doctor"])
def test_output_that_cannot_be_written_is_an_error(mambasynth, arguments, verb):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*mambasynth.command, *arguments(verb)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1
    # The system's reason is known where the last write is the one that failed.
    assert len(re.findall(r"^stdout cannot be written \((No space left on device|an earlier write failed)\)\. "
                          r"Free space, or send the output elsewhere\.$", done.stderr, re.MULTILINE)) == 1


def test_a_reader_that_leaves_early_is_no_error(mambasynth):
    done = subprocess.run(["bash", "-c", 'set -o pipefail; "$0" --version | true', *mambasynth.command], capture_output=True, text=True, timeout=60)
    assert "stdout cannot be written" not in done.stderr
