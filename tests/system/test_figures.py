"""What a reader learns from each figure of the verbs and of the collator: what it counts, and what its bars and bands are."""

import re
import struct
import subprocess

import pytest

import drawing
from conftest import TINY_TRIAL

FIGURES = {
    "data": ["markov_circles_timeseries", "umap_subspace_3", *(f"sample_window_{i}" for i in range(3))],
    "train": ["training_loss", *(f"next_prediction_{i}" for i in range(3))],
    "evaluate": ["intrinsic_dimension", "probes", "similarity", "spectrum", "representation_umap", "representation_umap_phase",
                 "representation_umap_hidden", "representation_pca"],
    "generate": ["generation_dynamics", "generation_statistics",
                 *(f"{name}_{i}" for name in ("generation", "generation_vs_gt") for i in range(3))],
    "gates": ["gates_statistics", "gates_switches", *(f"gates_umap_{name}" for name in ("delta", "zgate", "B", "C", "xconv")),
              *(f"{name}_{i}" for name in ("gates_summary", "gates_layer1", "gates_layer2") for i in range(3))],
    "dimension": ["dimension_estimates"],
    # Without sweep_similarity, which needs trials of different seeds.
    "collate": ["sweep_summary", "sweep_differences", "sweep_errors", "sweep_training", "sweep_dimension", "sweep_probes"],
}
COUNTED = "steps|samples|windows|points|epochs|groups|seeds|trials|visits"


@pytest.fixture(scope="module")
def drawn(mambasynth, collate, trial, finished_sweep, made_once):
    """The folder that holds a folder of figures for each verb."""
    data = next((finished_sweep / "data").glob("*/series.h5"))
    of_trial = "--checkpoint", trial / "checkpoint.pt", "--data", data, "--device", "cpu"

    def make(folder):
        (folder / "trial.toml").write_text(TINY_TRIAL)
        mambasynth("data", "--n-steps", 1000, "--subspace-dim", 3, "--out", folder / "data")
        mambasynth("train", "--config", folder / "trial.toml", "--out", folder / "train")
        mambasynth("evaluate", *of_trial, "--activations", "--umap-points", 500, "--out", folder / "evaluate")
        mambasynth("generate", *of_trial, "--seed-len", 64, "--gen-len", 300, "--perturb-interval", 100, "--out", folder / "generate")
        mambasynth("gates", *of_trial, "--around", 20, "--umap", "--umap-points", 200, "--out", folder / "gates")
        mambasynth("dimension", "--data", data, "--out", folder / "dimension")
        collate(finished_sweep, "--figures", "--out", folder / "collate", "--report", folder / "report")

    folder = made_once("drawn_figures", make)
    if not list(folder.rglob("*.svg")):
        pytest.skip("gnuplot is not installed")
    return folder


@pytest.mark.parametrize("verb", FIGURES)
def test_every_figure_says_what_it_counts_and_what_its_intervals_are(drawn, verb):
    assert {file.stem for file in (drawn / verb).glob("*.svg")} == set(FIGURES[verb])
    for name in FIGURES[verb]:
        figure = drawing.read(drawn / verb / f"{name}.svg")
        assert not figure.blank, name
        words = " ".join(figure.texts)
        assert re.search(rf"\b(\d[\d,]*|One) (of \d+ )?({COUNTED}|seed|training run|window|series)\b", words), \
            f"{name} does not say n: {words}"
        intervals = re.search(r"\b(Bars|Bands): .*(standard errors|confidence interval)", words)
        none = re.search(r"\b[Nn]o intervals\b", words)
        assert bool(intervals) != bool(none), f"{name} must say what its bars are, or that it has none: {words}"
        # Names of keys and data sets are for files. d_model and d_state are the literature's.
        assert not re.findall(r"\b(?!d_model|d_state)[a-z]+_[a-z0-9]+\b", words), name


def test_what_the_figures_show_is_explained_in_them(drawn):
    def words(name):
        return " ".join(drawing.read(drawn / f"{name}.svg").texts)

    assert "Circle:" in words("generate/generation_dynamics") and "start of a burst" in words("generate/generation_dynamics")
    for i in range(3):
        generated = words(f"generate/generation_{i}")
        assert all(text in generated for text in ("Circle:", "not known", "end of the seed", "burst"))
    assert "Away: more than 20 steps from every switch" in words("gates/gates_statistics")
    assert "Return: the first step of a revolution" in words("gates/gates_statistics")
    assert "Away: " in words("gates/gates_switches") and "Return: " in words("gates/gates_switches")
    assert "Bayes: the lowest loss that any predictor can reach" in words("train/training_loss")
    assert "Bayes: the lowest loss that any predictor can reach" in words("collate/sweep_training")


def test_an_estimator_has_one_name_in_figures_and_text(drawn, mambasynth, collate, trial, finished_sweep, tmp_path):
    data = next((finished_sweep / "data").glob("*/series.h5"))
    original, unbiased = "Levina-Bickel, original form", "Levina-Bickel, unbiased"
    printed = mambasynth("dimension", "--data", data, "--no-figures", "--out", tmp_path / "dimension").stdout
    assert original in printed and unbiased in printed
    assert original in collate(finished_sweep, "--out", tmp_path / "table").stdout
    assert original in (drawn / "report/report.md").read_text()
    for figure in ("dimension/dimension_estimates", "evaluate/intrinsic_dimension", "collate/sweep_dimension"):
        assert any(original in text for text in drawing.read(drawn / f"{figure}.svg").texts), figure


def test_figures_are_light_and_have_their_size_in_print(drawn):
    files = sorted(drawn.rglob("*.png"))
    assert len(files) >= sum(map(len, FIGURES.values()))
    for file in files:
        head = file.read_bytes()[:60]
        width, _ = struct.unpack(">II", head[16:24])
        dots, other, unit = struct.unpack(">IIB", head[head.index(b"pHYs") + 4:][:9])
        assert dots == other and unit == 1
        assert width / dots * 1000 == pytest.approx(85, abs=0.1) or width / dots * 1000 == pytest.approx(180, abs=0.1), file
        assert file.with_suffix(".svg").stat().st_size < 300_000, file


def test_scripts_and_numbers_lie_in_plots_and_draw_the_same_figures(drawn, tmp_path):
    scripts = sorted(drawn.rglob("*.gp"))
    assert len(scripts) >= sum(map(len, FIGURES.values()))
    for file in [*scripts, *drawn.rglob("*.dat")]:
        assert file.parent.name == "plots", file
    for script in scripts:
        assert (script.parent.parent / f"{script.stem}.svg").is_file(), script
    plots = tmp_path / "moved here/plots"
    plots.mkdir(parents=True)
    for file in (drawn / "dimension/plots").iterdir():
        (plots / file.name).write_bytes(file.read_bytes())
    subprocess.run(["gnuplot", "-d", "moved here/plots/dimension_estimates.gp"], cwd=tmp_path, check=True)
    again = plots.parent / "dimension_estimates.svg"
    assert again.read_bytes() == (drawn / "dimension/dimension_estimates.svg").read_bytes()
