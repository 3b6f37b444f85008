"""Completion as the shells do it: what pressing Tab proposes after a command line."""

import re
import shutil
import subprocess

import pytest
from conftest import CHECKOUT
from test_help import VERBS, flags_in

PROGRAMS = ["mambasynth", "mambasynth-collate"]


@pytest.fixture(scope="module")
def scripts(mambasynth, collate, tmp_path_factory):
    """A folder with the script of each program for each shell, PROGRAM.SHELL."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        (folder / f"mambasynth.{shell}").write_text(mambasynth("completion", shell).stdout)
        (folder / f"mambasynth-collate.{shell}").write_text(collate("--completion", shell).stdout)
    return folder


BASH = r"""
set -u
. "$0"
COMP_LINE=$1 COMP_POINT=${#1}
# The words as bash separates them: "=" is a word of its own.
words=() ; read -ra parts <<<"$1"
for part in "${parts[@]}"; do
  while [[ $part == *=* ]]; do [[ -z ${part%%=*} ]] || words+=("${part%%=*}"); words+=(=); part=${part#*=}; done
  [[ -z $part ]] || words+=("$part")
done
[[ $1 != *" " ]] || words+=("")
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1))
compopt() { :; }   # only while readline asks
read -ra entry < <(complete -p "${words[0]}")
"${entry[2]}" "${words[0]}" "${words[COMP_CWORD]}" "${words[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""
# A second shell in a pseudo-terminal: completion functions of zsh run only in its line editor.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= RPS1= PS2=; unsetopt zle_bracketed_paste; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; stty columns 200 rows 1000"
zpty -w shell "zstyle ':completion:*' verbose no; LISTMAX=10000; show() { zle list-choices; zle -R; print SH\OWN }; zle -N show; bindkey '^I' show; print LOA\DED"
zpty -r shell text '*LOADED*'
zpty -w -n shell "$2"$'\t'
zpty -r shell text '*SHOWN*'
print -r -- $text
"""


def proposed(shell, scripts, line, cwd, tmp_path_factory):
    program = line.split()[0]
    script = scripts / f"{program}.{shell}"
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    if shell == "bash":
        command = ["bash", "-c", BASH, script, line]
    elif shell == "fish":
        command = ["fish", "--no-config", "-c", f"source {script}; complete --do-complete $argv[1]", "--", line]
    else:
        folder = tmp_path_factory.mktemp("zsh")
        shutil.copy(script, folder / f"_{program}")
        command = ["zsh", "-f", "-c", ZSH, "zsh", folder, line]
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.stderr == "", done.stderr
    if shell == "fish":
        return {row.split("\t")[0] for row in done.stdout.splitlines()}
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]", " ", done.stdout)
    return set(text.split())


@pytest.fixture
def complete(request, scripts, tmp_path, tmp_path_factory):
    """complete(LINE): the words that the shell proposes, in a folder with a sweep file, a folder, and another file."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "sweep.toml").touch()
    (tmp_path / "data.npy").touch()
    return lambda line: proposed(request.param, scripts, line, tmp_path, tmp_path_factory)


every_shell = pytest.mark.parametrize("complete", ["bash", "zsh", "fish"], indirect=True)


@every_shell
def test_verbs(complete):
    assert {*VERBS, "completion", "manual", "help"} <= complete("mambasynth ")
    assert {"data", "dimension", "doctor"} <= complete("mambasynth d")
    assert {*VERBS} <= complete("mambasynth help ") and {*VERBS} <= complete("mambasynth manual ")
    assert {"bash", "zsh", "fish"} <= complete("mambasynth completion ")


@every_shell
def test_choices_of_a_flag(complete):
    assert {"auto", "cpu", "cuda"} <= complete("mambasynth train --epochs 3 --device ")
    assert {"scan", "conv", "step"} <= complete("mambasynth bench ")
    assert {"student", "bca", "iqm"} <= complete("mambasynth-collate runs --interval ")


@every_shell
def test_files_and_folders(complete, request):
    assert any(word.startswith("runs") for word in complete("mambasynth status "))
    assert {"data.npy", "sweep.toml"} <= complete("mambasynth train --data ")
    found = complete("mambasynth sweep ")
    assert "sweep.toml" in found
    if request.node.callspec.params["complete"] != "fish":  # which lists other files, too, but later
        assert "data.npy" not in found
    assert not {"data.npy"} & complete("mambasynth status ")
    assert any(word.startswith("runs") for word in complete("mambasynth-collate "))


@every_shell
def test_keys(complete):
    assert {"train.lr=", "train.lr"} & complete("mambasynth train --set train.l")
    assert {"train.gate_lr_factor=", "train.gate_lr_factor"} & complete("mambasynth sweep --axis train.g")
    assert {"bf16", "train.precision=bf16"} & complete("mambasynth train --set train.precision=")
    assert {"true", "train.train_eval=true"} & complete("mambasynth train --set train.train_eval=")


@every_shell
def test_lists(complete):
    assert {"md", "csv", "json", "tex"} <= complete("mambasynth-collate runs --format ")


def test_bash_completes_a_value_after_an_equals_sign_and_the_end_of_a_list(scripts, tmp_path, tmp_path_factory):
    def complete(line):
        return proposed("bash", scripts, line, tmp_path, tmp_path_factory)

    assert complete("mambasynth train --device=c") == {"cpu", "cuda"}
    assert complete("mambasynth-collate runs --format md,j") == {"md,json"}
    assert complete("mambasynth train --epochs ") == set()


@pytest.mark.parametrize("verb", [*VERBS, None])
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_every_flag_of_the_help_is_proposed(shell, verb, scripts, mambasynth, collate, tmp_path, tmp_path_factory):
    line, text = ("mambasynth-collate", collate("--help").stdout) if verb is None else (f"mambasynth {verb}", mambasynth(verb, "--help-all").stdout)
    flags = flags_in(text)
    assert len(flags) > 0
    assert set(flags) <= proposed(shell, scripts, line + " --", tmp_path, tmp_path_factory)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_have_no_syntax_errors(shell, program, scripts):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n", scripts / f"{program}.{shell}"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused(mambasynth, collate):
    assert "bash" in mambasynth("completion", "tcsh", code=2).stderr
    assert "bash, zsh, fish" in collate("--completion", "tcsh", code=2).stderr


def test_the_folder_of_the_checkout_is_not_named(scripts):
    """Scripts and manual pages are the same wherever they were built."""
    assert not any(str(CHECKOUT) in file.read_text() for file in scripts.iterdir())
