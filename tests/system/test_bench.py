"""mambasynth bench as a user runs it: a table, a report in JSON, ratios to another report."""

import json
import re

import pytest

SMALL = ["--device", "cpu", "--threads", 1, "--batch-size", 1, "--seq-len", 32, "--d-model", 16, "--n-layers", 1,
         "--d-state", 4, "--seconds", 0.01]


def test_each_case_is_timed_and_reported(mambasynth, tmp_path):
    report = tmp_path / "report.json"
    table = mambasynth("bench", "scan", "conv", "block", "forward", "step", *SMALL, "--json", report).stdout
    written = json.loads(report.read_text())
    names = [result["name"] for result in written["results"]]
    assert names == ["scan_forward", "scan_backward", "conv_forward", "conv_backward", "block_forward", "block_both",
                     "forward", "step"]
    for result in written["results"]:
        assert 0 < result["least_s"] <= result["median_s"] <= result["most_s"]
        assert result["runs"] >= 5
        assert re.search(rf"^{result['name']} ", table, re.MULTILINE)
    assert written["machine"]["device"] == "cpu"

    # The result of concurrent trainings includes their number.
    mambasynth("bench", "epoch", *SMALL, "--trials", 2, "--json", report)
    (both,) = json.loads(report.read_text())["results"]
    mambasynth("bench", "epoch", *SMALL, "--json", report)
    (one,) = json.loads(report.read_text())["results"]
    assert both["shape"] == one["shape"] | {"trials": 2}
    assert both["tokens_per_s"] * both["median_s"] == pytest.approx(2 * one["tokens_per_s"] * one["median_s"])

    mambasynth("bench", "step", *SMALL, "--json", report)
    compared = mambasynth("bench", "step", *SMALL, "--against", report).stdout
    assert re.search(r"^step .*\d\.\d\dx", compared, re.MULTILINE)


@pytest.mark.parametrize("arguments, code, words", [
    (["step", "--precision", "bf16"], 2, "bf16.*CPU"),
    (["step", "--against", "none.json"], 3, "none.json"),
    (["stepp"], 2, "step"),
])
def test_bench_refuses_bad_arguments(mambasynth, tmp_path, arguments, code, words):
    done = mambasynth("bench", *arguments, *SMALL, code=code)
    assert re.search(words, done.stderr)
