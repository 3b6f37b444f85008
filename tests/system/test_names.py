"""Names, folders, seeds and lists that would write elsewhere, overwrite a file or count twice are refused."""

import re

import h5py
import pytest

from test_bad_input import says

LARGEST_SEED = 4294967295
LARGEST_DATA_SEED = 2**53 - 1


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "..", "-x", "a\\nb", "a\\u0000b", "a ", "x" * 300])
def test_a_sweep_name_that_is_not_one_folder_is_refused(mambasynth, tiny_sweep, tmp_path, name):
    (tmp_path / "here").mkdir()
    tiny_sweep.write_text(tiny_sweep.read_text().replace('name = "tiny"', f'name = "{name}"'))
    says(mambasynth("sweep", tiny_sweep, "--dry-run", cwd=tmp_path / "here", code=2), r"sweep\.name = ")
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize("name", ["größe 1.b", "x" * 200])
def test_an_ordinary_sweep_name_is_accepted(mambasynth, tiny_sweep, name):
    mambasynth("sweep", tiny_sweep, "--dry-run", "--name", name)


@pytest.mark.parametrize("verb", [["data", "--n-steps", 500], ["train"], ["dimension", "--data", "x.npy"], ["oracle"], ["sweep", "tiny.toml"],
                                  ["evaluate", "--checkpoint", "c.pt"], ["generate", "--checkpoint", "c.pt"], ["gates", "--checkpoint", "c.pt"]],
                         ids=lambda verb: verb[0])
def test_out_must_be_a_folder_below_the_root(mambasynth, tiny_sweep, tmp_path, verb):
    (tmp_path / "file").write_text("mine")
    wrong = [("/tmp/..", 2, "root of the file system"), (tmp_path / "file", 1, "is a file; choose another folder")]
    if verb[0] == "sweep":
        wrong += [("", 2, "is empty"), ("/", 2, "root of the file system"), ("//", 2, "root of the file system"), (tmp_path / "file" / "below", 1, "is a file; choose another folder")]
    for out, code, why in wrong:
        says(mambasynth(*verb, "--out", out, cwd=tmp_path, code=code), why)
    assert (tmp_path / "file").read_text() == "mine"


FOREIGN = {
    "sweep.toml": ["sweep", "{tmp}/tiny.toml"],
    "plan.csv": ["sweep", "{tmp}/tiny.toml"],
    "series.h5": ["data", "--n-steps", "500", "--no-figures"],
    "data.npz": ["data", "--n-steps", "500", "--no-figures"],
    "config.json": ["data", "--n-steps", "500", "--no-figures"],
    "checkpoint.pt": ["train", "--config", "{tmp}/trial.toml"],
    "log.csv": ["train", "--config", "{tmp}/trial.toml"],
    "dimension.h5": ["dimension", "--data", "{tmp}/none.npy"],
    "oracle.h5": ["oracle", "--n-steps", "500"],
    "evaluation.h5": ["evaluate", "--checkpoint", "{trial}/checkpoint.pt"],
    "generation.h5": ["generate", "--checkpoint", "{trial}/checkpoint.pt"],
    "gates.h5": ["gates", "--checkpoint", "{trial}/checkpoint.pt"],
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_is_not_overwritten(mambasynth, tiny_sweep, tiny_trial, trial, tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / name).write_text("mine")
    says(mambasynth(*(word.format(tmp=tmp_path, trial=trial) for word in FOREIGN[name]), "--out", ".", cwd=folder, code=2), f"{name} would be overwritten")
    assert [file.name for file in folder.iterdir()] == [name] and (folder / name).read_text() == "mine"


def test_a_default_folder_with_a_foreign_file_is_not_used(mambasynth, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.npz").write_text("mine")
    for _ in range(2):
        done = mambasynth("data", "--n-steps", 500, "--no-figures", cwd=tmp_path)
        assert "so results go to data-2." in done.stderr and done.stdout.startswith("data-2: ")
    assert (tmp_path / "data" / "data.npz").read_text() == "mine" and (tmp_path / "data-2" / "series.h5").exists()


def test_a_sweep_does_not_overwrite_its_own_sweep_file(mambasynth, tiny_sweep, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "sweep.toml").write_text(tiny_sweep.read_text())
    says(mambasynth("sweep", "sweep.toml", "--out", ".", cwd=folder, code=2), "sweep.toml would be overwritten")
    assert (folder / "sweep.toml").read_text() == tiny_sweep.read_text()


@pytest.mark.parametrize("part", ["", "0/0", "3/2", "-1/2", "a/b", "1/2/3", "1/", "1/99999999999999999999"])
def test_a_part_that_is_not_k_of_n_is_refused(mambasynth, tiny_sweep, tmp_path, part):
    says(mambasynth("sweep", tiny_sweep, "--dry-run", *([f"--part={part}"] if part.startswith("-") else ["--part", part]), cwd=tmp_path, code=2), r"--part '.*' is not a part of a sweep")


# MT19937 takes 32-bit seeds; NumPy's generator, which draws the series, takes larger ones.
SEEDS = [(LARGEST_SEED, words) for words in [
    ["train", "--seed"], ["train", "--set", "train.seed="], ["generate", "--checkpoint", "c.pt", "--seed"], ["gates", "--checkpoint", "c.pt", "--seed"],
    ["dimension", "--seed"], ["sweep", "tiny.toml", "--seeds"]]] + [(LARGEST_DATA_SEED, words) for words in [
        ["data", "--seed"], ["data", "--path-seed"], ["data", "--test-path-seed"], ["train", "--data-seed"], ["evaluate", "--checkpoint", "c.pt", "--data-seed"],
        ["oracle", "--data-seed"], ["sweep", "tiny.toml", "--data-seed"]]]


@pytest.mark.parametrize("largest, words", SEEDS, ids=lambda words: words[0] + words[-1] if isinstance(words, list) else "")
def test_a_seed_beyond_its_generators_range_is_refused(mambasynth, tiny_sweep, tmp_path, largest, words):
    given = [*words[:-1], f"{words[-1]}{'' if words[-1].endswith('=') else '='}{largest + 8}"]
    says(mambasynth(*given, "--print-config", cwd=tmp_path, code=2), "seed", f"from 0 to {largest}")


def test_the_largest_seed_leaves_none_for_the_test_series(mambasynth, tiny_sweep, tmp_path):
    flags = ["sweep", tiny_sweep, "--dry-run", "--data-seed", LARGEST_DATA_SEED]
    says(mambasynth(*flags, code=2), "leaves no seed for the test series", "--test-path-seed")
    mambasynth(*flags, "--test-path-seed", 0)
    mambasynth("data", "--seed", LARGEST_DATA_SEED, "--n-steps", 500, "--no-figures", "--out", tmp_path / "series")


@pytest.mark.parametrize("words", [["dimension", "--k", "3,3"], ["train", "--set", "evaluate.lb_k=[10, 10]"], ["sweep", "tiny.toml", "--seeds", "1,1"]],
                         ids=lambda words: words[-2] + words[-1])
def test_a_repeated_value_in_a_list_is_refused(mambasynth, tiny_sweep, tmp_path, words):
    says(mambasynth(*words, "--print-config", cwd=tmp_path, code=2), r"contains \d+ twice")


@pytest.mark.parametrize("dim", [1, 21])
def test_a_subspace_dimension_out_of_range_is_refused(mambasynth, tiny_sweep, tmp_path, dim):
    for verb in (["data"], ["sweep", tiny_sweep, "--dry-run"]):
        says(mambasynth(*verb, "--subspace-dim", dim, "--ambient-dim", 20, "--out", tmp_path / "out", code=2), "data.subspace_dim", "20 channels")
    assert not (tmp_path / "out").exists()


def test_equal_values_of_an_axis_are_refused(mambasynth, tiny_sweep):
    text = tiny_sweep.read_text()
    axis = re.search(r'^"train.gate_lr_factor" = .*$', text, re.MULTILINE).group()
    for values in ("[1.0, 1]", "[0.0, -0.0]", "[0.1, 0.10000000000000001]"):
        tiny_sweep.write_text(text.replace(axis, f'"train.gate_lr_factor" = {values}'))
        says(mambasynth("sweep", tiny_sweep, "--dry-run", code=2), "are the same trial")
    for values in ('["1"]', "[true]"):
        tiny_sweep.write_text(text.replace(axis, f'"train.gate_lr_factor" = {values}'))
        says(mambasynth("sweep", tiny_sweep, "--dry-run", code=2), "has the wrong type")


def test_another_trial_gets_its_own_folder_unless_out_is_given(mambasynth, tiny_trial, tmp_path):
    train = ["train", "--config", tiny_trial, "--no-figures", "--checkpoint", tmp_path / "best.pt"]

    def trial_in(folder):
        with h5py.File(tmp_path / folder / "trial.h5") as file:
            return file["provenance"].attrs["trial_id"]

    mambasynth(*train, cwd=tmp_path)
    first = (tmp_path / "run" / "trial.h5").read_bytes()
    done = mambasynth(*train, "--seed", 7, cwd=tmp_path)
    own = re.search(r"so trial (\w+) goes to (run-\w+)\.", done.stderr)
    assert own and trial_in(own[2]) == own[1] and f"{own[2]}/trial.h5" in done.stdout
    assert (tmp_path / "run" / "trial.h5").read_bytes() == first
    assert (tmp_path / own[2] / "checkpoint.pt").exists()
    again = mambasynth(*train, "--seed", 7, cwd=tmp_path)
    assert f"is complete: {own[2]}/trial.h5" in again.stdout
    assert "is complete: run/trial.h5" in mambasynth(*train, cwd=tmp_path).stdout
    says(mambasynth(*train, "--seed", 7, "--out", "run", cwd=tmp_path, code=2), "is the result of another trial", "--out")
    # A folder with other files is not reused, either.
    (tmp_path / "run" / "trial.h5").unlink()
    (tmp_path / "run" / "checkpoint.pt").unlink()
    (tmp_path / "run" / "log.csv").write_text("mine")
    assert re.search(r"contains other files, so trial \w+ goes to run-", mambasynth(*train, "--seed", 8, cwd=tmp_path).stderr)
