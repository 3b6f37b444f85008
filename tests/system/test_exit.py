"""How the program ends: with the verb's own exit code, whatever libraries do afterward, and with all of its output."""

import os
import re
import subprocess
import time

import pytest

from conftest import MPI

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
    """arguments(VERB): the command line of a verb, with its placeholders filled in."""
    out = tmp_path / "out"
    out.mkdir()
    places = {"series": next((sweep_copy / "data").glob("*/series.h5")), "checkpoint": trial / "checkpoint.pt",
              "sweep": sweep_copy, "out": out}
    return lambda verb: [str(word).format(**places) for word in VERBS[verb]]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_succeeds_exits_with_its_own_code(mambasynth, arguments, verb):
    done = mambasynth(*arguments(verb), code=None)
    # doctor's 1 means that something on this machine must be fixed.
    assert done.returncode in ((0, 1) if verb == "doctor" else (0,)), done.stderr
    assert done.stdout + done.stderr != ""
    for trace in ("free()", "Segmentation", "Aborted", "terminate called"):
        assert trace not in done.stderr


def test_a_refused_command_line_exits_with_2(mambasynth):
    assert "--epochs" in mambasynth("train", "--epoch", "3", code=2).stderr


def in_bash(redirections, command):
    """Runs a command in bash with these redirections."""
    return subprocess.run(["bash", "-c", f'"$@" {redirections}', "_", *map(str, command)], env=os.environ | MPI, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "sweep"])
def test_output_that_cannot_be_written_is_an_error(mambasynth, arguments, tmp_path, verb):
    done = in_bash(">/dev/full", [*mambasynth.command, *arguments(verb)])
    assert done.returncode == 1
    assert len(re.findall(r"^cannot write to stdout \(No space left on device\)\. Free space, or redirect the output elsewhere\.$", done.stderr,
                          re.MULTILINE)) == 1
    if "{out}" in " ".join(map(str, VERBS[verb])):  # files already written stay
        assert [file for file in (tmp_path / "out").iterdir() if file.suffix in (".h5", ".safetensors")]


@pytest.mark.parametrize("words", [["--help"], ["sweep", "{sweep}/sweep.toml", "--dry-run"], ["train", "--print-config"], ["status", "{sweep}", "--json"]],
                         ids=lambda words: words[0])
def test_a_closed_stdout_is_an_error(mambasynth, sweep_copy, words):
    done = in_bash(">&-", [*mambasynth.command, *(word.format(sweep=sweep_copy) for word in words)])
    assert done.returncode == 1
    assert done.stderr.count("cannot write to stdout (Bad file descriptor)") == 1


def test_the_collator_also_reports_output_that_cannot_be_written(collate, sweep_copy):
    for redirection, reason in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
        for words in (["--help"], [sweep_copy]):
            done = in_bash(redirection, [*collate.command, *words])
            assert done.returncode == 1 and done.stderr.count(f"cannot write to stdout ({reason})") == 1
    assert (sweep_copy / "table.csv").exists()


# How a log can be lost.
LOST = {"full": "2>/dev/full", "closed": "2>&-", "all but stdout closed": "<&- 2>&-", "no reader": None}


def without_log(kind, command):
    if LOST[kind]:
        return in_bash(LOST[kind], command)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run([*map(str, command)], env=os.environ | MPI, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer,
                              text=True, timeout=120)
    finally:
        os.close(writer)


@pytest.mark.parametrize("verb", VERBS)
def test_a_lost_log_changes_no_result(mambasynth, arguments, tmp_path, verb):
    done = without_log(list(LOST)[list(VERBS).index(verb) % len(LOST)], [*mambasynth.command, *arguments(verb)])
    assert done.returncode in ((0, 1) if verb == "doctor" else (0,))
    if "{out}" in " ".join(map(str, VERBS[verb])):
        assert [file for file in (tmp_path / "out").iterdir() if file.suffix in (".h5", ".safetensors")]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_log_changes_neither_a_trial_nor_a_refusal(mambasynth, collate, arguments, tmp_path, kind):
    assert without_log(kind, [*mambasynth.command, *arguments("train")]).returncode == 0
    assert {file.name for file in (tmp_path / "out").iterdir()} >= {"trial.h5", "checkpoint.pt", "log.csv"}
    for command in ([*mambasynth.command, "train", "--epoch", 3], [*mambasynth.command, "nosuch"], [*mambasynth.command, "sweep", "/nonexistent.toml"],
                    [*collate.command, "--nosuch"]):
        assert without_log(kind, command).returncode == 2, command


@pytest.mark.parametrize("kind", LOST)
def test_a_sweep_over_ranks_finishes_without_a_log(mambasynth, tiny_sweep, tmp_path, kind):
    ranks = [*mambasynth.command, "sweep", tiny_sweep, "--out", tmp_path / "out"]
    if "closed" in kind:  # without its streams, mpirun itself sometimes hangs
        ranks = ["bash", "-c", f'exec "$@" {LOST[kind]}', "_", *ranks]
        done = in_bash("", ["mpirun", "-n", 2, *ranks])
    else:
        done = without_log(kind, ["mpirun", "-n", 2, *ranks])
    assert done.returncode == 0
    assert len(list((tmp_path / "out" / "trials").glob("*/trial.h5"))) == 2


def test_files_do_not_take_the_place_of_closed_streams(mambasynth, collate, sweep_copy, tmp_path):
    """Otherwise the first file opened would get the descriptor of stdout or stderr, and with it the output."""
    written = []
    for redirections, code in (("", 0), ("<&- 2>&-", 0), ("<&- >&- 2>&-", 1)):
        out = tmp_path / f"out{len(written)}"
        done = in_bash(redirections, [*mambasynth.command, "data", "--n-steps", 300, "--no-figures", "--out", out])
        assert done.returncode == code
        assert in_bash(redirections, [*collate.command, sweep_copy, "--out", out]).returncode == code
        written.append({file.name: file.read_bytes() for file in out.iterdir() if file.suffix in (".csv", ".json", ".npz")})
    assert len(written[0]) >= 3 and written[1] == written[0] and written[2] == written[0]


def test_a_nonblocking_pipe_gets_the_whole_output(mambasynth):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    program = subprocess.Popen([*mambasynth.command, "train", "--help"], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    time.sleep(0.5)
    with open(reader) as output:
        text = output.read()
    assert program.wait(60) == 0 and text == mambasynth("train", "--help").stdout


def test_a_reader_that_stops_early_is_not_an_error(mambasynth):
    done = subprocess.run(["bash", "-c", 'set -o pipefail; "$0" --version | true', *mambasynth.command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == ""
