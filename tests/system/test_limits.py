"""Unbounded input: numbers out of range, products of sizes, endless files, paths of arbitrary bytes. Each limit
is enforced in one line of bounded length, with the right reason, before anything is allocated or written."""

import os
import re

import pytest

LARGEST = 2**63 - 1


def refused(done, *patterns):
    """Checks that stderr is one bounded line that matches each pattern and does not ask for a bug report."""
    message = done.stderr
    assert message.count("\n") == 1 and message.endswith("\n"), message
    assert len(message) < 1200 and message[:-1].isprintable(), message
    for pattern in patterns:
        assert re.search(pattern, message), f"{pattern!r} not in:\n{message}"
    assert re.search(r"\(.+\)\. .+\.$", message), message
    assert "eport" not in message and "terminate" not in message


@pytest.mark.parametrize("arguments, patterns", [
    # numbers of flags without a key
    (["data", "--threads", 100000], ["threads = 100000 is out of range", "from 1 to"]),
    (["data", "--threads", "3x"], ["threads = 3x", "it must be an integer"]),
    (["data", "--threads", ""], ["threads = ", "it must be an integer"]),
    (["bench", "step", "--seconds", "nan"], ["seconds = nan"]),
    (["bench", "step", "--seconds", "1e400"], ["seconds = 1e400 is out of range"]),
    (["bench", "step", "--batch-size", LARGEST], [f"batch-size = {LARGEST} is out of range"]),
    (["status", "x", "--every", -1], ["every = -1 is out of range", "above 0"]),
    (["sweep", "x.toml", "--walltime", "inf"], ["walltime = inf"]),
    (["sweep", "x.toml", "--trials-per-rank", 10**9], ["trials-per-rank = 1000000000", "from 1 to 32"]),
    # sizes
    (["train", "--expand", 4611686018427387904], ["model.expand = 4611686018427387904 is out of range", "from 1 to 1000"]),
    (["train", "--expand", 1000, "--d-model", 1000000], ["model.expand = 1000 x model.d_model = 1000000", "this machine has|ulimit|control group|can address"]),
    (["data", "--n-circles", 1000000], ["data.n_circles = 1000000 is out of range"]),
    (["data", "--n-circles", 10000, "--ambient-dim", 1000000], ["data.n_circles = 10000 x data.ambient_dim = 1000000"]),
    (["oracle", "--n-steps", 10**12], ["data.n_steps = 1000000000000 x data.ambient_dim = 20"]),
    # empty names, as from unset variables
    (["data", "--out", ""], ["--out is empty"]),
    (["train", "--config", ""], ["--config is empty"]),
    (["train", "--data", ""], ["--data is empty"]),
    (["train", "--eval", ""], ["--eval is empty"]),
    (["convert", "", "a.pt"], ["in is empty"]),
    (["status", ""], ["dir is empty"]),
    (["sweep", ""], ["sweep is empty"]),
    (["generate", "--checkpoint", ""], ["--checkpoint is empty"]),
    # files that are not configurations
    (["train", "--config", "/dev/zero"], ["/dev/zero", "not a regular file"]),
    (["train", "--config", "/"], ["it is a folder"]),
    (["train", "--config", "x" * 5000], ["cannot read the configuration xxx", "too long"]),
    (["train", "--config", os.fsdecode(b"caf\xe9\n\x1b[31m.toml")], [r"caf\\xE9\\n\\x1B\[31m\.toml", "no such file"]),
    (["train", "--" + "x" * 100000], ["unknown flag '--xxx"]),
    (["train", "--set", "train.split=" + "x" * 100000], ["train.split = xxx"]),
], ids=lambda value: None if isinstance(value, list) and len(str(value)) > 60 else str(value))
def test_unbounded_input_is_refused_in_one_line(mambasynth, tmp_path, arguments, patterns):
    refused(mambasynth(*arguments, code=2, cwd=tmp_path), *patterns)
    assert not list(tmp_path.iterdir())


def test_the_collator_refuses_an_empty_folder_name(collate, tmp_path):
    refused(collate("", code=2), "DIR is empty")
    refused(collate(tmp_path, "--out", "", code=2), "--out is empty")


def test_endless_and_deeply_nested_files_are_refused(mambasynth, tmp_path):
    config = tmp_path / "deep.toml"
    config.write_text("[train]\nlr = " + "[" * 200_000 + "]" * 200_000)
    refused(mambasynth("train", "--config", config, code=2), r"deep\.toml:2: the nesting is too deep")
    config.write_text("[[sweep.axis]]\n".join(["", *(f'"{key}" = {list(range(1, 300))}\n' for key in (
        "train.epochs", "train.stride", "train.warmup_epochs", "train.test_every"))]))
    refused(mambasynth("sweep", config, "--dry-run", code=2), "more than 100000 trials", "299 values of train.epochs")
    os.truncate(config, 10**11)
    refused(mambasynth("train", "--config", config, code=2), "too long for a configuration")
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    refused(mambasynth("train", "--config", pipe, code=2), "not a regular file")


def test_a_series_larger_than_the_disk_is_refused_before_writing(mambasynth, tmp_path):
    done = mambasynth("data", "--n-steps", 10**12, "--format", "h5", "--out", tmp_path / "out", code=1)
    refused(done, "No space left on device: series.h5 takes 168000000 MB", r"\d+ MB are free")
    assert not list((tmp_path / "out").iterdir())


def test_a_path_of_arbitrary_bytes_is_used_unchanged(mambasynth, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    bytes_too = {"errors": "surrogateescape"}
    mambasynth("data", "--n-steps", 3000, "--no-figures", "--out", folder, **bytes_too)
    config = folder / os.fsdecode(b"gr\xfc\xdfe.toml")
    config.write_bytes(b'[data]\npath = "' + os.fsencode(folder) + b'"\n')
    done = mambasynth("oracle", "--config", config, "--out", folder / "oracle", **bytes_too)
    assert str(folder / "oracle" / "oracle.h5") in done.stdout
    h5py = pytest.importorskip("h5py")
    with h5py.File(os.fsencode(folder / "oracle" / "oracle.h5")) as file:
        assert file["provenance"].attrs["data"].endswith("caf\\xE9")
    broken = folder / "broken.toml"
    broken.write_bytes(b"[train]\nepochs = 0\n")
    refused(mambasynth("train", "--config", broken, code=2, **bytes_too), r"caf\\xE9/broken.toml:2: train.epochs = 0")
