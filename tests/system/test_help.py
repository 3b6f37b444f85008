"""The help of both programs as a user reads it on an 80-column terminal, and --print-config of every verb."""

import re
import shlex
import tomllib

import pytest

from conftest import CHECKOUT

VERBS = ["data", "train", "sweep", "status", "evaluate", "dimension", "generate", "gates", "oracle", "convert", "doctor", "bench"]
# Verbs whose keys follow from configuration files.
CONFIGURED = ["data", "train", "sweep", "evaluate", "dimension", "generate", "gates", "oracle"]
SCREEN = 48


def lines_that_fit(text, most_lines):
    lines = text.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert len(lines) <= most_lines, text
    # What CLI11 prints for its own types and checks.
    assert not re.search(r"\{(true|false)\}|:\{|\[OPTIONS\]|\bExcludes\b|\bNeeds\b|REQUIRED|\bTEXT\b|\bFLOAT\b|\bINT\b", text), text
    return lines


def flags_in(text):
    """{flag: its description}, from the rows of a help text."""
    flags, flag = {}, None
    for line in text.splitlines():
        if name := re.match(r"  (?:-\w, )?(--[\w-]+)", line):
            flag = name.group(1)
            flags[flag] = re.sub(r"^.*? {2,}", "", line.strip()) if "  " in line.strip() else ""
        elif line.startswith(" " * 30) and flag:
            flags[flag] = (flags[flag] + " " + line.strip()).strip()
        else:
            flag = None
    return flags


def examples_in(text):
    block = re.search(r"^Examples:\n((?:  .*\n)+)", text, re.MULTILINE).group(1)
    return [line.strip() for line in block.splitlines() if not line.strip().startswith("#")]


def flag_of(section, key, verb):
    if (section, key) == ("data", "path"):
        return "--data"
    own = {"sweep": "train"}.get(verb, verb)
    if key == "seed" and section != own:
        return f"--{section}-seed"
    return "--" + key.replace("_", "-")


# Their default follows another key, or is in words.
OPTIONAL = {"path_seed", "test_path_seed", "test_n_steps", "seed_offset", "layer", "sample", "skip", "name", "seeds"}


def typed(toml):
    """A value of --print-config as one types it after a flag."""
    return re.sub(r'["\[\] ]', "", toml)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_fits_a_screen_and_states_the_defaults(mambasynth, verb):
    text = mambasynth(verb, "--help").stdout
    lines = lines_that_fit(text, SCREEN)
    assert lines[0].startswith(f"Usage: mambasynth {verb} ")
    assert len(examples_in(text)) == 2
    assert "--help-all" in text
    assert mambasynth("help", verb).stdout == text

    everything = mambasynth(verb, "--help-all").stdout
    lines_that_fit(everything, 300)
    shown, all_flags = flags_in(text), flags_in(everything)
    assert set(shown) <= set(all_flags)
    if verb not in CONFIGURED:
        return
    printed = mambasynth(verb, "--print-config").stdout
    compared = 0
    for section, table in tomllib.loads(printed).items():
        for key in table:
            flag = flag_of(section, key, verb)
            assert flag in all_flags, (section, key)
            if key in OPTIONAL:
                continue
            value = typed(re.search(rf"(?ms)^\[{section}\]$.*?^{key} = (.*?)$", printed).group(1))
            if not value:
                assert not re.search(r"\[default: ", all_flags[flag]), flag
                continue
            assert all_flags[flag].endswith(f" [default: {value}]"), (flag, value)
            assert flag not in shown or shown[flag].endswith(f" [{value}]"), (flag, value)
            compared += 1
    assert compared > 5
    titles = [line for line in everything.splitlines() if re.search(r", \[\w+\]:$", line)]
    assert f"[{verb}]" in titles[0]  # before the generator's keys
    assert verb in ("data", "dimension") or any("[data]" in title for title in titles[1:])


@pytest.mark.parametrize("verb", VERBS)
def test_the_examples_of_a_verb_are_valid(mambasynth, verb, tmp_path):
    """With --print-config, everything but the work itself: each flag exists and takes its value."""
    for example in examples_in(mambasynth(verb, "--help").stdout):
        words = shlex.split(example, comments=True)
        words = words[words.index("mambasynth") + 1:]
        assert words[0] == verb
        mambasynth(*words, "--print-config", cwd=CHECKOUT)


@pytest.mark.parametrize("verb", VERBS)
def test_print_config_needs_no_other_argument(mambasynth, verb, tmp_path):
    done = mambasynth(verb, "--print-config", cwd=tmp_path)
    tomllib.loads(done.stdout)
    assert done.stderr == "" and not list(tmp_path.iterdir())


def test_the_list_of_verbs_has_a_line_each_by_purpose(mambasynth):
    text = mambasynth("--help").stdout
    lines = lines_that_fit(text, SCREEN)
    for verb in VERBS:
        assert sum(line.startswith(f"  {verb} ") for line in lines) == 1, verb
    assert [line for line in lines if line in ("Experiments:", "A trained network:", "Data:", "This machine:")] != []
    assert mambasynth("help").stdout == text == mambasynth("help", "--help").stdout
    assert "Did you mean 'train'?" in mambasynth("help", "trian", code=2).stderr


def test_help_of_the_collator_fits_a_screen(collate):
    text = collate("--help").stdout
    lines_that_fit(text, SCREEN)
    assert len(examples_in(text)) == 2
    assert collate("--help-all").stdout == text


@pytest.mark.parametrize("words, key", [(["train", "--epochs", "1e2"], "epochs = 100"), (["data", "--n-steps", "1e5"], "n_steps = 100000"),
                                        (["train", "--set", "data.n_steps=2.5e3"], "n_steps = 2500"),
                                        (["dimension", "--k", "1e1,3e1"], "k = [10, 30]"), (["dimension", "--k", "3:5,9"], "k = [3, 4, 5, 9]")])
def test_a_float_that_is_an_integer_is_accepted_as_one(mambasynth, words, key):
    assert f"\n{key}\n" in mambasynth(*words, "--print-config").stdout


def test_a_file_may_write_integers_as_floats(mambasynth, tmp_path):
    (tmp_path / "a.toml").write_text("[data]\nn_steps = 1e5\n[evaluate]\nlb_k = [1e1, 30]\n")
    printed = mambasynth("train", "--config", tmp_path / "a.toml", "--print-config").stdout
    assert "\nn_steps = 100000\n" in printed and "\nlb_k = [10, 30]\n" in printed


@pytest.mark.parametrize("words, told", [(["--epochs", "1.5"], "it must be an integer"), (["--n-steps", "1e30"], "out of range"),
                                         (["--data-seed", "9007199254740993.0"], "from 0 to 9007199254740991")])
def test_other_floats_are_no_integers(mambasynth, words, told):
    assert told in mambasynth("train", *words, "--print-config", code=2).stderr
