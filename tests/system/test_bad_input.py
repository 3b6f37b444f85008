"""Bad input of every kind: the message states the problem, the reason and the remedy, and the exit code matches."""

import pickle
import re
import zipfile

import numpy
import pytest


def says(done, *patterns):
    """Checks that stderr matches each pattern and has the form `problem (why). remedy.`"""
    message = done.stderr.strip()
    for pattern in patterns:
        assert re.search(pattern, message), f"{pattern!r} not in:\n{message}"
    assert re.search(r"\(.+\)\. .+\.$", message, re.MULTILINE), f"not `problem (why). remedy.`:\n{message}"
    assert "Traceback" not in message and "terminate called" not in message


@pytest.fixture
def series(tmp_path):
    """series(NAME, X): a data.npz in the original's format, 3000 steps, not from our generator."""
    def write(name="data.npz", x=None):
        x = numpy.random.default_rng(1).normal(size=(3000, 20)) if x is None else x
        n = len(x)
        numpy.savez_compressed(
            tmp_path / name, X=x, states=numpy.zeros(n, numpy.int64), thetas=numpy.zeros(n),
            transition_matrix=numpy.eye(10), radii=numpy.ones(10), entry_angles=numpy.zeros(10),
            periods=numpy.full(10, 40))
        return tmp_path / name
    return write


# ---- configuration

@pytest.mark.parametrize("wrong, right", [("epohcs", "epochs"), ("gate_lr_facter", "gate_lr_factor")])
def test_an_unknown_key_in_a_sweep_gets_the_nearest_suggested(mambasynth, tiny_sweep, tmp_path, wrong, right):
    tiny_sweep.write_text(tiny_sweep.read_text() + f"{wrong} = 3\n")
    done = mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2)
    says(done, wrong, right, "tiny.toml")
    assert not (tmp_path / "out" / "trials").exists()


def test_an_unknown_axis_key_gets_the_nearest_suggested(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text().replace('"train.gate_lr_factor" = [', '"train.gate_lr_facto" = ['))
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2), "gate_lr_facto", r"train\.gate_lr_factor")


def test_an_unknown_section_gets_the_nearest_suggested(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text().replace("[train]", "[trian]"))
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2), "trian", "train")


def test_an_unknown_flag_gets_the_nearest_suggested(mambasynth, tmp_path):
    says(mambasynth("train", "--out", tmp_path / "out", "--epohcs", 3, code=2), "--epohcs", "--epochs")


def test_an_unknown_key_of_set_gets_the_nearest_suggested(mambasynth, tmp_path):
    says(mambasynth("train", "--out", tmp_path / "out", "--set", "train.epohcs=3", code=2), "epohcs", "epochs")


@pytest.mark.parametrize("line", ['epochs = "many"', "epochs = 2.5", "lr = true", "epochs = [1, 2]"])
def test_a_wrong_type_is_refused_with_the_key_and_its_type(mambasynth, tiny_trial, tmp_path, line):
    key = line.split()[0]
    text = re.sub(rf"^{key} = .*$", line, tiny_trial.read_text(), flags=re.MULTILINE)
    tiny_trial.write_text(text)
    says(mambasynth("train", "--config", tiny_trial, "--out", tmp_path / "out", code=2),
         key, r"integer|number|float")


def test_invalid_toml_is_refused_with_the_line(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text() + "epochs = = 3\n")
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2), "tiny.toml", r"\d+")


def test_a_missing_sweep_file_is_named(mambasynth, tmp_path):
    says(mambasynth("sweep", tmp_path / "no.toml", "--out", tmp_path / "out", code=2), "no.toml")


def test_a_value_out_of_range_is_refused_with_the_bound(mambasynth, tmp_path):
    says(mambasynth("train", "--out", tmp_path / "out", "--dropout", 1.5, code=2), "dropout", r"1\.5", r"0\.99")


@pytest.mark.parametrize("horizon", [64, 100])
def test_max_horizon_must_be_below_seq_len(mambasynth, tiny_trial, tmp_path, horizon):
    done = mambasynth("train", "--config", tiny_trial, "--max-horizon", horizon, "--out", tmp_path / "out", code=2)
    says(done, "max_horizon", "seq_len", str(horizon), "64")


def test_max_horizon_in_a_sweep_is_checked_before_anything_runs(mambasynth, tiny_sweep, tmp_path):
    tiny_sweep.write_text(tiny_sweep.read_text().replace("max_horizon = 4", "max_horizon = 64"))
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2), "max_horizon", "seq_len")
    assert not (tmp_path / "out" / "trials").exists()


@pytest.mark.parametrize("line", ["ranks_per_trial = 2", "ranks_per_trial = 0", "trials_per_gpu = 0"])
def test_too_many_ranks_and_counts_of_zero_are_refused(mambasynth, tiny_sweep, tmp_path, line):
    tiny_sweep.write_text(tiny_sweep.read_text().replace('name = "tiny"', f'name = "tiny"\n{line}'))
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "out", code=2), line.split()[0])


def test_a_missing_gpu_is_refused(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--device", "cuda", "--out", tmp_path / "out", code=None)
    if done.returncode == 0:
        pytest.skip("this machine has a GPU")
    assert done.returncode == 2
    says(done, "GPU|CUDA", "cpu")


# ---- series

def test_a_generated_series_shorter_than_a_window_is_refused(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--n-steps", 50, "--out", tmp_path / "out", code=2)
    says(done, "50", "64", "n_steps|series", "seq_len|window")


def test_a_given_series_shorter_than_a_window_is_refused(mambasynth, tiny_trial, tmp_path, series):
    short = series(x=numpy.zeros((50, 20)))
    done = mambasynth("train", "--config", tiny_trial, "--data", short, "--out", tmp_path / "out", code=None)
    assert done.returncode in (2, 3)
    says(done, "50", "64", "series", "seq_len|window")


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf])
def test_a_non_finite_value_in_the_series_is_located(mambasynth, tiny_trial, tmp_path, series, value):
    x = numpy.zeros((3000, 20))
    x[1234, 7] = value
    done = mambasynth("train", "--config", tiny_trial, "--data", series(x=x), "--out", tmp_path / "out", code=3)
    says(done, f"X is {value}", "1234", r"data\.npz")


def test_a_truncated_npz_is_refused(mambasynth, tiny_trial, tmp_path, series):
    file = series()
    file.write_bytes(file.read_bytes()[:-2000])
    says(mambasynth("train", "--config", tiny_trial, "--data", file, "--out", tmp_path / "out", code=3), r"data\.npz")


def test_a_damaged_npz_is_refused(mambasynth, tiny_trial, tmp_path, series):
    file = series()
    damaged = bytearray(file.read_bytes())
    damaged[5000:5100] = bytes(100)
    file.write_bytes(damaged)
    says(mambasynth("train", "--config", tiny_trial, "--data", file, "--out", tmp_path / "out", code=3), r"data\.npz")


def test_an_npz_without_a_series_is_refused_with_the_missing_array(mambasynth, tiny_trial, tmp_path):
    numpy.savez(tmp_path / "foreign.npz", y=numpy.zeros(3))
    says(mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "foreign.npz", "--out", tmp_path / "out", code=3),
         r"foreign\.npz", r"\bX\b")


def test_an_npz_of_python_objects_is_refused(mambasynth, tiny_trial, tmp_path):
    numpy.savez(tmp_path / "objects.npz", X=numpy.array([{"a": 1}, None], dtype=object))
    says(mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "objects.npz", "--out", tmp_path / "out", code=3),
         r"objects\.npz")


@pytest.mark.parametrize("name", ["text.npz", "text.h5"])
def test_a_series_file_of_another_kind_is_refused(mambasynth, tiny_trial, tmp_path, name):
    (tmp_path / name).write_text("not an archive\n" * 100)
    says(mambasynth("train", "--config", tiny_trial, "--data", tmp_path / name, "--out", tmp_path / "out", code=3),
         re.escape(name))


def test_a_truncated_h5_is_refused(mambasynth, tiny_trial, tmp_path, finished_sweep):
    whole = next((finished_sweep / "data").glob("*/series.h5")).read_bytes()
    (tmp_path / "series.h5").write_bytes(whole[: len(whole) // 2])
    says(mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "series.h5", "--out", tmp_path / "out", code=3),
         r"series\.h5")


def test_an_h5_without_a_series_is_refused_with_the_arrays_that_it_holds(mambasynth, tiny_trial, tmp_path, trial):
    says(mambasynth("train", "--config", tiny_trial, "--data", trial / "trial.h5", "--out", tmp_path / "out", code=3),
         r"trial\.h5", "/activation/spectrum", "--array")


def test_a_missing_series_is_named(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--data", tmp_path / "nowhere", "--out", tmp_path / "out", code=3)
    says(done, "nowhere")


# ---- checkpoints

def evaluate(mambasynth, checkpoint, finished_sweep, tmp_path):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    return mambasynth("evaluate", "--checkpoint", checkpoint, "--data", data, "--out", tmp_path / "out", code=3)


def test_a_truncated_checkpoint_is_refused(mambasynth, tmp_path, trial, finished_sweep):
    whole = (trial / "checkpoint.pt").read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])
    says(evaluate(mambasynth, tmp_path / "half.pt", finished_sweep, tmp_path), r"half\.pt")


def test_a_checkpoint_without_weights_is_refused(mambasynth, tmp_path, finished_sweep):
    """A .pt file whose pickle is an empty dictionary."""
    with zipfile.ZipFile(tmp_path / "empty.pt", "w") as archive:
        archive.writestr("empty/data.pkl", pickle.dumps({}, protocol=2))
        archive.writestr("empty/version", "3\n")
    says(evaluate(mambasynth, tmp_path / "empty.pt", finished_sweep, tmp_path), r"empty\.pt", "model_state_dict|model")


class Caller:
    def __init__(self, flag):
        self.flag = flag

    def __reduce__(self):
        import os
        return os.system, (f"touch {self.flag}",)


def test_a_checkpoint_that_calls_a_function_is_refused_with_its_name(mambasynth, tmp_path, finished_sweep):
    flag = tmp_path / "executed"
    with zipfile.ZipFile(tmp_path / "evil.pt", "w") as archive:
        archive.writestr("evil/data.pkl", pickle.dumps({"model_state_dict": Caller(flag)}, protocol=2))
        archive.writestr("evil/version", "3\n")
    says(evaluate(mambasynth, tmp_path / "evil.pt", finished_sweep, tmp_path), r"evil\.pt", r"posix[. ]system")
    assert not flag.exists()


def test_a_file_that_is_not_a_checkpoint_is_refused(mambasynth, tmp_path, finished_sweep):
    (tmp_path / "text.pt").write_text("weights: none\n")
    says(evaluate(mambasynth, tmp_path / "text.pt", finished_sweep, tmp_path), r"text\.pt")


# ---- the collator

def test_collating_a_folder_without_trials_is_refused(collate, tmp_path):
    (tmp_path / "empty").mkdir()
    says(collate(tmp_path / "empty", code=3), "empty")


def test_collating_names_a_truncated_trial_and_exits_with_4(collate, sweep_copy):
    victim = sorted((sweep_copy / "trials").iterdir())[0] / "trial.h5"
    whole = victim.read_bytes()
    victim.write_bytes(whole[: len(whole) // 2])
    done = collate(sweep_copy, code=4)
    assert victim.parent.name in done.stderr or "trial.h5" in done.stderr


# ---- output folders and disks

def test_a_file_in_the_path_of_the_output_folder_is_reported(mambasynth, tiny_sweep, tmp_path):
    (tmp_path / "file").write_text("")
    says(mambasynth("sweep", tiny_sweep, "--out", tmp_path / "file" / "out", code=1), "file", "Not a directory")


@pytest.mark.parametrize("verb", ["data", "train", "sweep"])
def test_an_unwritable_folder_is_reported(mambasynth, tiny_sweep, tiny_trial, read_only, verb):
    folder, launcher = read_only
    arguments = {"data": ["--n-steps", 1000], "train": ["--config", tiny_trial], "sweep": [tiny_sweep]}[verb]
    done = mambasynth(verb, *arguments, "--out", folder / "out", code=1, launcher=launcher)
    says(done, "read_only", "Read-only file system")


@pytest.mark.parametrize("verb", ["evaluate", "generate", "gates"])
def test_an_unwritable_folder_is_reported_before_the_checkpoint_is_read(mambasynth, read_only, tmp_path, verb):
    """And nothing is left of a folder that could be made, if what follows fails."""
    folder, launcher = read_only
    weights = tmp_path / "weights.pt"
    weights.write_text("no checkpoint")
    done = mambasynth(verb, "--checkpoint", weights, "--out", folder / "out", code=1, launcher=launcher)
    says(done, "read_only", "Read-only file system")
    assert "weights.pt" not in done.stderr
    says(mambasynth(verb, "--checkpoint", weights, "--out", tmp_path / "new" / "out", code=3), "weights.pt")
    assert not (tmp_path / "new").exists()


def test_a_full_disk_while_generating_is_reported(mambasynth, small_disk):
    folder, launcher = small_disk
    done = mambasynth("data", "--n-steps", 20000, "--out", folder / "out", code=1, launcher=launcher)
    says(done, "small_disk", "No space left on device")


def test_a_full_disk_in_a_sweep_is_reported(mambasynth, tiny_sweep, small_disk):
    folder, launcher = small_disk
    done = mambasynth("sweep", tiny_sweep, "--out", folder / "out", code=1, launcher=launcher)
    says(done, "small_disk", "No space left on device")


# ---- what earlier versions found only after training, or not at all

def test_too_many_neighbors_are_refused_before_training(mambasynth, tiny_trial, tmp_path):
    done = mambasynth("train", "--config", tiny_trial, "--lb-k", 100000, "--out", tmp_path / "out", code=2)
    says(done, "evaluate.lb_k = 100000 is not below")
    assert not (tmp_path / "out" / "checkpoint.pt").exists()


def test_a_diverged_trial_stays_diverged_when_rerun(mambasynth, tiny_trial, tmp_path):
    for _ in range(2):
        done = mambasynth("train", "--config", tiny_trial, "--lr", 1e30, "--warmup-epochs", 0, "--out", tmp_path, code=4)
        says(done, "the training diverged")


def test_a_value_too_large_for_a_float_is_located(mambasynth, tiny_trial, tmp_path, series):
    x = numpy.random.default_rng(1).normal(size=(3000, 20))
    x[7, 3] = 1e39
    done = mambasynth("train", "--config", tiny_trial, "--data", series(x=x), "--out", tmp_path / "out", code=3)
    says(done, "at step 7, channel 3")


def test_a_seed_flag_in_addition_to_sweep_seeds_is_refused(mambasynth, tiny_sweep, tmp_path):
    done = mambasynth("sweep", tiny_sweep, "--seed", 7, "--out", tmp_path / "out", code=2)
    says(done, "sweep.seeds lists the seeds")


def test_collating_a_missing_folder_is_refused(collate, tmp_path):
    says(collate(tmp_path / "nothing", code=3), "is not a folder")


def test_a_test_series_equal_to_the_training_series_is_refused(mambasynth, tiny_trial, tiny_sweep, tmp_path):
    equal = ["--path-seed", 7, "--test-path-seed", 7]
    for verb in (["train", "--config", tiny_trial], ["data", "--n-steps", 500], ["oracle"]):
        says(mambasynth(*verb, *equal, "--out", tmp_path / "none", code=2), r"data\.test_path_seed = 7", "would be the training series")
    assert not (tmp_path / "none").exists()
    # The path seed of a stored series counts, too.
    folder = tmp_path / "series"
    mambasynth("data", "--config", tiny_trial, "--path-seed", 9, "--no-figures", "--out", folder)
    says(mambasynth("train", "--config", tiny_trial, "--data", folder, "--test-path-seed", 9, "--out", tmp_path / "none", code=2),
         r"data\.test_path_seed = 9")
    text = tiny_sweep.read_text()
    tiny_sweep.write_text(text + '\n[[sweep.axis]]\n"data.path_seed" = [7, 8]\n')
    says(mambasynth("sweep", tiny_sweep, "--set", "data.test_path_seed=8", "--dry-run", "--out", tmp_path / "none", code=2),
         "the cell .*data\\.path_seed = 8", "would be the training series")
    # One file under two names is one series.
    (tmp_path / "link").symlink_to(folder)
    tiny_sweep.write_text(text + f'\n[[sweep.axis]]\n"data.path" = ["{folder}", "{tmp_path / "link"}"]\n')
    says(mambasynth("sweep", tiny_sweep, "--dry-run", "--out", tmp_path / "none", code=2), "two cells of the sweep are the same trial")
