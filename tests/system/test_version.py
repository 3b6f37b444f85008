"""The version, from the tags of the checkout."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import CHECKOUT

GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
       "GIT_COMMITTER_DATE": "2026-03-01T12:00:00Z", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CEILING_DIRECTORIES": "/"}


@pytest.fixture
def git(tmp_path):
    for tool in ("cmake", "git"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    (tmp_path / "checkout").mkdir()
    return lambda *words: subprocess.run(["git", "-C", tmp_path / "checkout", *words], check=True, capture_output=True, text=True,
                                         env=os.environ | GIT).stdout.strip()


@pytest.fixture
def facts(tmp_path):
    def facts(folder="checkout"):
        """What the build would be told of this folder, whose CMakeLists.txt says 0.1.0."""
        header = tmp_path / "commit.hpp"
        subprocess.run(["cmake", f"-DSOURCE={tmp_path / folder}", "-DVERSION=0.1.0", f"-DOUT={header}",
                        "-P", CHECKOUT / "cmake" / "WriteCommit.cmake"], check=True, env=os.environ | GIT)
        return dict(re.findall(r'(\w+) = "?([^";]*)"?;', header.read_text()))

    return facts


def commit(git, text="change"):
    git("commit", "--allow-empty", "-m", text)


def test_without_git_the_number_of_the_project_is_the_version(git, facts):
    assert facts() == {"number": "0.1.0", "commit": "unknown", "date": "", "dirty": "0"}


def test_without_a_tag_the_commit_says_more_than_the_number(git, facts):
    git("init", "-q")
    commit(git)
    assert facts() == {"number": "0.1.0", "commit": git("rev-parse", "HEAD"), "date": "2026-03-01", "dirty": "0"}


def test_a_tag_is_the_version_and_commits_after_it_are_counted(git, facts, tmp_path):
    git("init", "-q")
    (tmp_path / "checkout" / "file").touch()
    git("add", "file")
    commit(git)
    git("tag", "v0.2.0")
    assert facts()["number"] == "0.2.0"
    commit(git)
    commit(git)
    for other in ("v0.3.0-rc1", "paper", "v1"):  # not of the form vX.Y.Z
        git("tag", other)
    assert facts()["number"] == f"0.2.0+2.g{git('rev-parse', '--short', 'HEAD')}"
    git("tag", "-a", "v0.3.0", "-m", "release")
    assert facts()["number"] == "0.3.0"
    (tmp_path / "checkout" / "file").write_text("changed")
    assert facts()["dirty"] == "1"


def test_tags_of_a_repository_around_the_folder_do_not_count(git, facts, tmp_path):
    git("init", "-q")
    commit(git)
    git("tag", "v9.0.0")
    (tmp_path / "checkout" / "vendor").mkdir()
    assert facts("checkout/vendor")["number"] == "0.1.0"


def test_an_archive_of_a_commit_knows_it(git, facts, tmp_path):
    git("init", "-q")
    (tmp_path / "checkout" / "cmake").mkdir()
    for name in (".gitattributes", "cmake/archived_commit.txt"):
        shutil.copy(CHECKOUT / name, tmp_path / "checkout" / name)
    git("add", ".")
    commit(git)
    for tag in ("", "v0.2.0", "v0.3.0-rc1"):
        if tag:
            git("tag", tag)
        git("archive", f"--prefix=archive{tag}/", "-o", tmp_path / "archive.tar", "HEAD")
        shutil.unpack_archive(tmp_path / "archive.tar", tmp_path)
        told = facts(f"archive{tag}")
        assert told == {"number": "0.2.0" if tag else "0.1.0", "commit": git("rev-parse", "HEAD"), "date": "2026-03-01", "dirty": "0"}


def test_both_programs_show_the_version_and_the_manual_has_it(mambasynth, collate):
    version = mambasynth("--version").stdout.split()[1]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\+\d+\.g[0-9a-f]+)?", version)
    assert collate("--version").stdout.split()[1] == version
    assert f'"MambaSynth {version}"' in mambasynth("manual").stdout.replace("\\-", "-")


def test_a_commit_alone_recompiles_one_file(build):
    if not (build / "build.ninja").exists() or not shutil.which("ninja"):
        pytest.skip("the build does not use Ninja")
    deps = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True).stdout
    objects = [block.split(":")[0] for block in deps.split("\n\n") if "generated/commit.hpp" in block]
    assert len(objects) == 1 and "version" in objects[0], objects
