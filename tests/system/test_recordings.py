"""Recordings of the user: every format and shape, every verb, and what is refused."""

import csv
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy
import pytest
from conftest import CHECKOUT, MPI
from test_bad_input import says

STEPS, CHANNELS, WINDOW = 1500, 3, 32
MODEL = ["--d-model", 8, "--n-layers", 2, "--d-state", 4, "--d-ff", 16, "--max-horizon", 2, "--warmup-epochs", 0, "--epochs", 1,
         "--seq-len", WINDOW, "--stride", 32, "--batch-size", 8, "--lr", 1e-3, "--seed", 1]
QUICK = [*MODEL, "--no-figures", "--lb-points", 400, "--lb-k", "10,30"] + [
    word for key in ("probes", "controls", "similarity") for word in ("--set", f"evaluate.{key}=false")]


@pytest.fixture(scope="module")
def x():
    """(time, channel): two rhythms with noise; values that single precision cannot hold exactly."""
    time = numpy.arange(STEPS)[:, None]
    rhythm = numpy.sin(2 * numpy.pi * time / numpy.array([25, 40, 60]))
    return rhythm + 0.3 * numpy.random.default_rng(5).standard_normal((STEPS, CHANNELS))


@pytest.fixture(scope="module")
def state():
    return numpy.arange(STEPS) // 100 % 3


def write_table(file, x, separator=",", header=None):
    lines = [separator.join(header)] if header else []
    lines += [separator.join(repr(float(value)) for value in row) for row in x]
    file.write_text("\n".join(lines) + "\n")


def result(folder):
    """What the training computed: the ID, and the losses of trial.h5 bit for bit."""
    with h5py.File(folder / "trial.h5") as file:
        losses = {name: file[name][()] for name in ("final/train_mse", "final/val_mse", "final/test_mse")}
        return file["provenance"].attrs["trial_id"], losses, list(file["horizon/test_mse"][:])


def test_every_format_gives_the_same_trial(mambasynth, x, state, tmp_path):
    """Also with other arrays in the file, a header, an index column or a time column, which are not channels."""
    numpy.save(tmp_path / "a.npy", x)
    numpy.savez(tmp_path / "a.npz", lfp=x, states=state, rate=250.0)
    write_table(tmp_path / "a.csv", numpy.column_stack([numpy.arange(STEPS), numpy.arange(STEPS) / 250, x, state]),
                header=["", "time (s)", "left", "right", "depth", "label"])
    write_table(tmp_path / "a.tsv", x, separator="\t")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["session/lfp"] = x
        file["session/spikes"] = numpy.zeros((4, 2))
    flags = {"a.h5": ["--array", "session/lfp"]}
    results = {}
    for name in ("a.npy", "a.npz", "a.csv", "a.tsv", "a.h5"):
        out = tmp_path / f"out_{name}"
        done = mambasynth("train", "--data", tmp_path / name, *flags.get(name, []), *QUICK, "--out", out)
        results[name] = result(out)
        assert "neither a test series nor an oracle" in done.stderr and "held out at the end" in done.stderr, done.stderr
        if name == "a.csv":
            assert all(word in done.stderr for word in ("first column is not a channel", "'time (s)' is not a channel", "'label' is not a channel"))
        if name == "a.npz":
            assert "'states' labels the steps" in done.stderr
    assert all(found == results["a.npy"] for found in results.values()), results
    with h5py.File(tmp_path / "out_a.npy" / "trial.h5") as file:
        assert numpy.isfinite(file["final/test_mse"][()]) and "bayes_mse" not in file["horizon"]
    # 300 steps for test, a gap of one window, and of the 1,168 before it the last tenth for validation.
    assert "31 training, 3 validation, 9 test windows of 32 steps, 3 channels" in done.stderr
    log = [row for row in csv.DictReader((tmp_path / "out_a.npy" / "log.csv").open())]
    assert numpy.isfinite(float(log[-1]["test_mse"]))


def test_keys_of_a_recording_change_the_id_only_if_set(mambasynth, x, tmp_path):
    numpy.save(tmp_path / "a.npy", x)
    ids = {}
    for name, flags in {"default": [], "same": ["--test-fraction", 0.2, "--sampling-rate", 250], "less": ["--test-fraction", 0.1],
                        "scaled": ["--standardise"]}.items():
        mambasynth("train", "--data", tmp_path / "a.npy", *QUICK, *flags, "--out", tmp_path / name)
        ids[name] = result(tmp_path / name)[0]
    assert ids["default"] == ids["same"]
    assert len({ids["default"], ids["less"], ids["scaled"]}) == 3


def test_windows_never_cross_the_borders_of_trials(mambasynth, x, state, tmp_path):
    """Fifteen trials of 100 steps: three windows of 32 each, the last four steps of a trial are in none."""
    trials = x.reshape(15, 100, CHANNELS)
    numpy.savez(tmp_path / "a.npz", trials=trials, label=state.reshape(15, 100))
    out = tmp_path / "out"
    done = mambasynth("train", "--data", tmp_path / "a.npz", *QUICK, "--activations", "--out", out)
    # Whole trials: the last 3 for test, 1 of the other 12 for validation.
    assert "33 training, 3 validation, 9 test windows" in done.stderr
    with h5py.File(out / "activations.h5") as file:
        starts = file["window"][:]
        assert list(starts) == [100 * trial + 32 * window for trial in range(15) for window in range(3)]
        for window, start in enumerate(starts):
            trial, step = divmod(start, 100)
            assert (file["activation/input"][window] == trials[trial, step:step + 32].astype("f4")).all()
        assert (file["state/circle"][:, 0] == starts // 100 % 3).all()
    generated = tmp_path / "generated"
    mambasynth("generate", "--checkpoint", out / "checkpoint.pt", "--seed-len", 30, "--gen-len", 50, "--n-samples", 20, "--no-figures",
               "--out", generated)
    with h5py.File(generated / "generation.h5") as file:
        assert all(start % 100 <= 20 for start in file["seed_start"][:])
        for sample, start in enumerate(file["seed_start"][:]):
            assert (file["truth"][sample] == x[start + 30:start + 80].astype("f4")).all()
    mambasynth("gates", "--checkpoint", out / "checkpoint.pt", "--no-figures", "--out", tmp_path / "gates")
    with h5py.File(tmp_path / "gates" / "gates.h5") as file:
        assert file.attrs["windows"] == 45 and all(start % 100 <= 68 for start in file["sample_start"][:])
    too_long = mambasynth("train", "--data", tmp_path / "a.npz", *QUICK, "--seq-len", 101, "--out", tmp_path / "no", code=3)
    says(too_long, "trials of the recording are shorter", "each has 100 steps")


def test_trials_are_another_recording_than_the_same_values_in_one_piece(mambasynth, x, tmp_path):
    """Their windows differ, so a trial on one must not pass for a trial on the other."""
    ids = set()
    for name, array in (("a", x), ("b", x.reshape(15, 100, CHANNELS)), ("c", x.reshape(5, 300, CHANNELS))):
        numpy.save(tmp_path / f"{name}.npy", array)
        plan = mambasynth("sweep", "--seeds", 1, "--data", tmp_path / f"{name}.npy", "--dry-run", "--no-measure").stdout
        ids.add(re.search(r"^  (\w{12}) ", plan, re.MULTILINE)[1])
    assert len(ids) == 3


def test_a_standardised_recording_comes_back_in_its_units(mambasynth, x, tmp_path):
    volts = 1e-5 * x * [1, 10, 100] + [0, 3, 0]
    numpy.save(tmp_path / "a.npy", volts)
    plain = mambasynth("train", "--data", tmp_path / "a.npy", *QUICK, "--out", tmp_path / "plain")
    assert "--standardise scales each channel" in plain.stderr
    out = tmp_path / "out"
    done = mambasynth("train", "--data", tmp_path / "a.npy", *QUICK, "--standardise", "--sampling-rate", 250, "--activations", "--out", out)
    assert "units of their standard deviations" in done.stderr and "--standardise scales" not in done.stderr
    with h5py.File(out / "trial.h5") as file:
        # Over the training windows only: the test part and the validation part, each after a gap of one window, come after.
        last = 1500 - 300 - 32 - int(0.1 * 1168) - 32
        used = volts.astype("f4")[:last // 32 * 32].astype("f8")
        numpy.testing.assert_allclose(file["standardisation/mean"][:], used.mean(0), rtol=1e-12)
        numpy.testing.assert_allclose(file["standardisation/std"][:], used.std(0), rtol=1e-9)
        assert 0.1 < file["final/test_mse"][()] < 3
    with h5py.File(out / "activations.h5") as file:
        inputs = file["activation/input"][:].reshape(-1, CHANNELS)
        numpy.testing.assert_allclose(inputs, volts[:len(inputs)], rtol=1e-5, atol=1e-9)
        spread = file["prediction/h1"][:].std((0, 1)) / volts.std(0)
        assert (spread < 2).all() and abs(file["prediction/h1"][..., 1].mean() - 3) < 1e-3
    checkpoint = ["--checkpoint", out / "checkpoint.pt"]
    made = mambasynth("generate", *checkpoint, "--seed-len", 32, "--gen-len", 40, "--n-samples", 1, "--out", tmp_path / "generated")
    assert "using the checkpoint's series" in made.stderr and "units of its channels' standard deviations" in made.stderr
    with h5py.File(tmp_path / "generated" / "generation.h5") as file:
        start = file["seed_start"][0]
        assert (file["seed"][0] == volts[start:start + 32].astype("f4")).all()
        assert (file["truth"][0] == volts[start + 32:start + 72].astype("f4")).all()
        assert abs(file["generated"][..., 1].mean() - 3) < 1e-3
        assert file["time"].attrs["units"] == "s" and file["time"][1] == pytest.approx(1 / 250)
    assert "Time (s)" in (tmp_path / "generated" / "plots" / "generation_0.gp").read_text()
    mambasynth("gates", *checkpoint, "--n-samples", 1, "--layer", 1, "--out", tmp_path / "gates")
    with h5py.File(tmp_path / "gates" / "gates.h5") as file:
        assert file["step"].attrs["units"] == "s" and file["step"][10] == pytest.approx(0.04)
    assert "Time (s)" in (tmp_path / "gates" / "plots" / "gates_layer1_0.gp").read_text()
    measured = mambasynth("evaluate", *checkpoint, *QUICK[QUICK.index("--lb-points"):], "--umap", "off", "--out", tmp_path / "measured")
    assert "in squared standard deviations" in measured.stdout and "no Bayes errors" in measured.stderr
    with h5py.File(tmp_path / "measured" / "evaluation.h5") as file, h5py.File(out / "trial.h5") as trial:
        assert (file["horizon/test_mse"][:] == trial["horizon/test_mse"][:]).all()
        assert (file["horizon/val_mse"][:] == trial["horizon/val_mse"][:]).all()
        assert (file["standardisation/std"][:] == trial["standardisation/std"][:]).all()
        for row in range(2):
            assert f"{file['horizon/test_mse'][row]:.4f}" in measured.stdout
    # The same recording elsewhere, another one, and none.
    shutil.move(tmp_path / "a.npy", tmp_path / "b.npy")
    says(mambasynth("gates", *checkpoint, "--out", tmp_path / "no", code=3), r"a\.npy", "--data")
    elsewhere = mambasynth("train", "--eval", out / "checkpoint.pt", "--data", tmp_path / "b.npy", "--no-figures", "--out", tmp_path / "no")
    assert "not the one" not in elsewhere.stderr and "in squared standard deviations" in elsewhere.stdout
    numpy.save(tmp_path / "c.npy", volts + 1e-6)
    other = mambasynth("train", "--eval", out / "checkpoint.pt", "--data", tmp_path / "c.npy", "--no-figures", "--out", tmp_path / "no")
    assert "is not the one that" in other.stderr


def test_the_verbs_of_a_recording_that_need_its_generator_refuse(mambasynth, x, tmp_path):
    write_table(tmp_path / "a.csv", x, header=["a", "b", "c"])
    says(mambasynth("oracle", "--data", tmp_path / "a.csv", "--out", tmp_path / "no", code=3), "has no oracle", "a recording")
    for flags in (["--standardise"], ["--test-fraction", 0.1], ["--array", "x"]):
        says(mambasynth("train", *flags, "--out", tmp_path / "no", code=2), "has no effect", "this series is generated")
    assert not list((tmp_path / "no").glob("*.h5"))


def test_dimension_reads_the_channels_of_a_table(mambasynth, x, state, tmp_path):
    numpy.save(tmp_path / "a.npy", x)
    write_table(tmp_path / "a.csv", numpy.column_stack([x, state]), separator=";", header=["a", "b", "c", "state"])
    for name in ("a.npy", "a.csv"):
        done = mambasynth("dimension", "--data", tmp_path / name, "--k", "10", "--no-figures", "--out", tmp_path / name.replace(".", "_"))
    assert "'state' is not a channel" in done.stderr
    with h5py.File(tmp_path / "a_npy" / "dimension.h5") as npy, h5py.File(tmp_path / "a_csv" / "dimension.h5") as table:
        assert npy["intrinsic_dimension/levina_bickel"][0] == table["intrinsic_dimension/levina_bickel"][0]


def test_a_sweep_trains_on_a_recording(mambasynth, collate, tiny_sweep, x, tmp_path):
    numpy.savez(tmp_path / "a.npz", one=x, two=x[:, ::-1])
    text = tiny_sweep.read_text().replace('"train.gate_lr_factor" = [0.0, 1.0]', '"data.array" = ["one", "two"]')
    text = text.replace('baseline = { "train.gate_lr_factor" = 1.0 }', 'baseline = { "data.array" = "one" }')
    tiny_sweep.write_text(text.replace("n_steps = 3000", f'path = "{tmp_path / "a.npz"}"') +
                          "[evaluate]\nprobes = false\ncontrols = false\nsimilarity = false\n")
    mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out")
    trials = sorted((tmp_path / "out" / "trials").glob("*/trial.h5"))
    assert len(trials) == 2
    for trial in trials:
        with h5py.File(trial) as file:
            assert numpy.isfinite(file["final/test_mse"][()])
    table = collate(tmp_path / "out", "--allow-mixed", "data").stdout
    assert "one" in table and "two" in table and "test MSE" in table


def test_labels_are_probed_and_numbered(mambasynth, x, state, tmp_path):
    numpy.savez(tmp_path / "a.npz", x=x, mood=numpy.array([-5, 7, 1000000])[state], label=numpy.zeros(STEPS - 1, int))
    out = tmp_path / "out"
    mambasynth("train", "--data", tmp_path / "a.npz", "--labels", "mood", *MODEL, "--no-figures", "--lb-points", 400, "--lb-k", 10,
               "--set", "evaluate.controls=false", "--set", "evaluate.similarity=false", "--out", out)
    with h5py.File(out / "trial.h5") as file:
        assert "circle" in file["probe"]
    done = mambasynth("dimension", "--data", tmp_path / "a.npz", "--array", "x", "--labels", "mood", "--k", 10, "--no-figures", "--out", tmp_path / "d")
    assert done.returncode == 0
    refused = mambasynth("train", "--data", tmp_path / "a.npz", "--labels", "label", *QUICK, "--out", tmp_path / "no", code=3)
    says(refused, r"labels 'label' have shape \(1499\) for 1500 steps")


def csv_with(text):
    return lambda folder: (folder / "a.csv").write_text(text) and folder / "a.csv"


def npz_with(**arrays):
    def write(folder):
        numpy.savez(folder / "a.npz", **arrays)
        return folder / "a.npz"
    return write


def npy_with(array):
    def write(folder):
        numpy.save(folder / "a.npy", array)
        return folder / "a.npy"
    return write


LONG = numpy.zeros((900, 2))
NAN = LONG.copy()
NAN[731, 1] = numpy.nan
TRIALS = numpy.zeros((9, 100, 2))
TRIALS[4, 17, 1] = numpy.inf
HOSTILE = {
    "no number": (csv_with("a,b\n1,2\n3,x4\n"), 3, [r"line 3, column 2 \('b'\) holds 'x4', which is not a number"]),
    "decimal commas": (csv_with("a;b\n1,5;2\n"), 3, [r"line 2, column 1 \('a'\)", "decimals with points"]),
    "empty field": (csv_with("1,2\n3,\n"), 3, [r"line 2, column 2 is empty", "missing values"]),
    "nan in text": (csv_with("1,2\nnan,4\n"), 3, [r"line 2, column 1 holds nan"]),
    "ragged": (csv_with("1,2\n3,4\n5\n"), 3, ["line 3 has 1 fields, line 1 has 2"]),
    "empty": (csv_with("\n"), 3, ["no row of numbers"]),
    "header only": (csv_with("a,b\n"), 3, ["no row of numbers"]),
    "UTF-16": (lambda folder: (folder / "a.csv").write_bytes("1,2\n".encode("utf-16")) and folder / "a.csv", 3, ["UTF-16"]),
    "NaN": (npy_with(NAN), 3, ["nan at step 731, channel 1"]),
    "infinite in a trial": (npy_with(TRIALS), 3, ["inf at trial 4, step 17, channel 1"]),
    "one axis": (npy_with(numpy.zeros(900)), 3, [r"shape \(900\), not \(time, channel\) or \(trial, time, channel\)", r"x\[:, None\]"]),
    "four axes": (npy_with(numpy.zeros((2, 3, 4, 5))), 3, [r"shape \(2, 3, 4, 5\)"]),
    "no steps": (npy_with(numpy.zeros((0, 3))), 3, [r"shape \(0, 3\)"]),
    "text": (npy_with(numpy.array([["a", "b"]])), 3, ["type"]),
    "complex": (npy_with(numpy.zeros((90, 2), complex)), 3, [r"a\.npy"]),
    "two arrays": (npz_with(left=LONG, right=LONG), 3, ["left, right", "--array"]),
    "no matrix": (npz_with(left=numpy.zeros(5)), 3, [r"no array 'X' and no other of shape", r"left \(shape \(5\)\)"]),
    "too short": (npy_with(numpy.zeros((40, 2))), 3, ["shorter than one window", "seq_len is 64"]),
    "short test part": (npy_with(numpy.zeros((300, 2))), 2, ["no test window fits", "60 steps", "--test-fraction 0"]),
    "neither format": (lambda folder: (folder / "a.bin").write_bytes(b"\0" * 64) and folder / "a.bin", 3, ["neither HDF5 nor npz nor npy"]),
    "truncated": (lambda folder: (numpy.save(folder / "a.npy", LONG), (folder / "b.npy").write_bytes((folder / "a.npy").read_bytes()[:5000]),
                                  folder / "b.npy")[-1], 3, [r"b\.npy"]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_unusable_recording_is_refused_with_the_place(mambasynth, tiny_trial, tmp_path, name):
    write, code, patterns = HOSTILE[name]
    text = tiny_trial.read_text()
    tiny_trial.write_text(text.replace("[data]\nn_steps = 3000\n", ""))
    done = mambasynth("train", "--config", tiny_trial, "--data", write(tmp_path), "--out", tmp_path / "out", code=code)
    says(done, *patterns)
    assert not (tmp_path / "out" / "trial.h5").exists()


def test_a_transposed_recording_is_suspected(mambasynth, tmp_path):
    numpy.save(tmp_path / "a.npy", numpy.random.default_rng(0).standard_normal((300, 310)))
    done = mambasynth("train", "--data", tmp_path / "a.npy", *QUICK, "--test-fraction", 0.3, "--val-fraction", 0.3, "--out", tmp_path / "out")
    assert "If its axes are (channel, time), save its transpose" in done.stderr


def code_blocks(page):
    """(language, text) of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def test_labels_of_a_recording_are_called_labels(mambasynth, collate, x, state, tmp_path):
    """In the tables, the report, and the words of all figures and files; the names in HDF5 files are the contract's."""
    numpy.savez(tmp_path / "a.npz", x=x, label=state)
    numpy.savez(tmp_path / "b.npz", x=x)
    run = tmp_path / "run"
    mambasynth("train", "--data", tmp_path / "a.npz", *MODEL, "--lb-points", 400, "--lb-k", 10, "--out", run)
    done = mambasynth("evaluate", "--checkpoint", run / "checkpoint.pt", "--lb-points", 400, "--lb-k", 10, "--umap", "on",
                      "--set", "evaluate.umap_points=200", "--out", tmp_path / "e")
    assert "label accuracy" in done.stdout and "circle" not in done.stdout
    mambasynth("generate", "--checkpoint", run / "checkpoint.pt", "--gen-len", 40, "--out", tmp_path / "g")
    mambasynth("gates", "--checkpoint", run / "checkpoint.pt", "--out", tmp_path / "s")
    unlabeled = mambasynth("gates", "--checkpoint", run / "checkpoint.pt", "--data", tmp_path / "b.npz", "--out", tmp_path / "u")
    assert "(the recording has no labels; --labels names an array of them)" in unlabeled.stderr
    scripts = {script: script.read_text() for script in tmp_path.glob("*/plots/*.gp")}
    assert [script.name for script, text in scripts.items() if re.search(r"[Cc]ircle", re.sub(r"\w+\.dat", "", text))] == []
    words = "\n".join(scripts.values())
    for word in ("UMAP by label", "Label of the seed", "Label probe", ": label", "(no labels)"):
        assert word in words, word
    collate(run, "--report", tmp_path / "report", "--no-figures")
    report = (tmp_path / "report" / "report.md").read_text()
    assert "Label probe" in report and "circle" not in report.replace("probe.circle", "").lower()
    for file in (run / "trial.h5", tmp_path / "e" / "evaluation.h5", tmp_path / "s" / "gates.h5"):
        meanings = {}
        with h5py.File(file) as h5:
            h5.visititems(lambda name, item: meanings.update({name: item.attrs.get("long_name", "")}))
        assert [name for name, meaning in meanings.items() if re.search("circle", meaning.replace("generated series, the circle", ""))] == []


def test_the_walk_through_runs_as_written(build, tmp_path):
    blocks = code_blocks(CHECKOUT / "src" / "series" / "README.md")
    assert [language for language, _ in blocks] == ["python", "sh", "python"]
    environment = os.environ | MPI | {"PATH": f"{build / 'bin'}:{os.environ['PATH']}"}
    outputs = []
    for language, text in blocks:
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-euc", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout + done.stderr
        outputs.append(done.stdout)
    rows = dict(line.split() for line in outputs[-1].strip().splitlines() if line.startswith(("input", "layer_", "output")))
    assert list(rows) == ["input", "layer_1", "layer_2", "output"]
    assert all(0 < float(value) < 20 for value in rows.values())
