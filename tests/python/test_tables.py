"""The tables of the collator as others read them: CSV, JSON, Markdown, LaTeX."""

import csv
import json
import re

import numpy
import pandas
import pytest
from latex import compiled, needs_latex
from test_statistics import FACTOR, made_up, write_sweep

HOSTILE = "a_b|c&d%e#f$g{h} <script> ^~ é ± 中"
BASELINE = f'baseline = {{ "{FACTOR}" = 1.0 }}'
FORMATS = ("--format", "md,csv,json,tex")


@pytest.fixture
def sweep(tmp_path):
    """Three cells of four seeds, one trial missing; and its trials."""
    frame = made_up({FACTOR: ["0.0", "0.1", "1.0"]}, [1, 2, 3, 4], effect=lambda factor: -factor)
    frame.loc[5, ["test_mse", "excess_mse.h1"]] = numpy.nan
    write_sweep(tmp_path / "sweep", frame, BASELINE, [FACTOR])
    return tmp_path / "sweep", frame


def markdown_tables(text):
    """Each as a list of rows of fields."""
    tables, rows = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([field.strip() for field in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            tables.append(rows)
            rows = []
    return tables


def latex_rows(text):
    """The fields of a booktabs table, header first, after checking what TeX would not accept."""
    assert text.isascii() or all(ord(c) < 256 for c in text)
    bare = re.sub(r"%.*", "", re.sub(r"\\.", "", text))
    assert bare.count("{") == bare.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", text) == ["table", "tabular", "minipage"][:text.count(r"\begin{")]
    assert sorted(re.findall(r"\\begin\{(\w+)\}", text)) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    body = text[text.index(r"\toprule") + len(r"\toprule"):text.index(r"\bottomrule")].replace(r"\midrule", "")
    assert not re.search(r"[_#$^~]", re.sub(r"\\.", "", body))
    rows = [re.split(r"(?<!\\)&", row) for row in re.split(r" \\\\\n", body) if row.strip()]
    columns = re.sub(r"\[(?:[^][]|\[[^]]*\])*\]", "", re.search(r"\\begin\{tabular\}\{(.*)\}\n", text)[1])
    assert {len(row) for row in rows} == {len(columns)}
    return [[field.strip() for field in row] for row in rows]


def test_all_formats_hold_the_same_numbers(collate, sweep):
    folder, frame = sweep
    done = collate(folder, *FORMATS, "--measure", "test_mse", code=4)
    means = frame.groupby(FACTOR, sort=False)["test_mse"].mean()
    in_csv = pandas.read_csv(folder / "table.csv")
    assert in_csv["test_mse_mean"].to_numpy() == pytest.approx(means.to_numpy(), rel=1e-12)
    rows = json.loads((folder / "table.json").read_text())["rows"]
    estimates = [row["test_mse"].get("value", row["test_mse"]) for row in rows]
    assert [row["mean"] for row in estimates] == pytest.approx(means.to_numpy(), rel=1e-12)
    assert [row["ci_low"] for row in estimates] == pytest.approx(in_csv["test_mse_ci_low"].to_numpy(), rel=1e-12)
    assert [row[FACTOR] for row in rows] == [0.0, 0.1, 1.0]
    (header, _, *printed), *_ = markdown_tables(done.stdout)
    shown = [float(row[header.index("test_mse")].split()[0]) for row in printed]
    half = [float(row[header.index("test_mse")].split()[2]) for row in printed]
    assert numpy.all(numpy.abs(numpy.array(shown) - means.to_numpy()) < numpy.array(half) / 18)  # two digits of half
    assert [row[header.index("n")] for row in printed] == ["4", "3 of 4", "4"]
    assert printed[1][header.index("not done")] == "1 waiting"
    header, *in_latex = latex_rows((folder / "table.tex").read_text())
    column = header.index("{Test MSE}")
    assert [float(re.match(r"[-\d.]+", row[column])[0]) for row in in_latex] == shown


def test_the_uncertainty_has_two_digits_everywhere(collate, sweep):
    folder, _ = sweep
    done = collate(folder, *FORMATS, code=4)
    found = re.findall(r"\d ± ([\d.]+)", done.stdout)
    assert len(found) >= 9  # three cells, three measures
    for half in found:
        assert len(half.replace(".", "").lstrip("0")) == 2 or float(half) >= 100 or half == "0", half
    assert "e-" not in re.sub(r"'e-|e-\w", "", done.stdout.split("Differences")[0])
    in_latex = re.findall(r"\d\((\d+)\)", (folder / "table.tex").read_text().split(r"\toprule")[1])
    assert in_latex and all(len(digits) == 2 for digits in in_latex)


def test_the_differences_on_the_terminal_are_those_of_the_file(collate, sweep):
    folder, _ = sweep
    done = collate(folder, code=4)
    with (folder / "differences.csv").open() as file:
        expected = list(csv.DictReader(file))
    header, _, *rows = next(table for table in markdown_tables(done.stdout) if "p (Holm)" in table[0] and
                            "measure" in table[0])
    assert [row[header.index("measure")] for row in rows] == [row["measure"] for row in expected]
    compared = 0
    for shown, row in zip(rows, expected):
        difference, p_holm = shown[header.index("difference")], shown[header.index("p (Holm)")]
        assert (p_holm == "–") == (row["p_holm"] == "")
        if p_holm != "–":
            assert float(p_holm) == pytest.approx(float(row["p_holm"]), rel=1e-2)
        if row["ci_low"] != "":
            half = (float(row["ci_high"]) - float(row["ci_low"])) / 2
            shown_mean, shown_half = map(float, difference.split(" ± "))
            assert shown_mean == pytest.approx(float(row["mean"]), abs=half / 18)
            assert shown_half == pytest.approx(half, rel=0.06)  # two digits
            compared += 1
    assert compared >= 4  # two cells, two measures


@pytest.fixture
def hostile_sweep(tmp_path):
    frame = made_up({"data.path": ["0", "1"]}, [1, 2, 3], effect=lambda number: number)
    frame["data.path"] = frame["data.path"].map({"0": f'"{HOSTILE}"', "1": f'"{"x" * 200}"'})
    folder = tmp_path / "hostile"
    write_sweep(folder, frame, "", ["data.path"])
    plan = pandas.read_csv(folder / "plan.csv", quotechar="\0", dtype=str)
    plan["data.path"] = plan["data.path"].str.strip('"')
    plan.to_csv(folder / "plan.csv", index=False, quoting=csv.QUOTE_ALL)
    return folder


def test_hostile_names_survive_every_format(collate, hostile_sweep):
    done = collate(hostile_sweep, *FORMATS)
    values = [HOSTILE, "x" * 200]
    assert pandas.read_csv(hostile_sweep / "table.csv")["data.path"].tolist() == values
    rows = json.loads((hostile_sweep / "table.json").read_text())["rows"]
    assert [row["data.path"] for row in rows] == values
    tables = markdown_tables(done.stdout)
    assert {len(row) for row in tables[0]} == {len(tables[0][0])}
    assert max(len(line) for line in done.stdout.splitlines() if line.startswith("|")) <= 100
    header, first, second = latex_rows((hostile_sweep / "table.tex").read_text())
    assert first[0].startswith(r"{a\_b\textbar{}c\&d\%e\#f\$g\{h\} \textless{}script\textgreater{}")
    assert first[0].endswith(r"é \ensuremath{\pm} U+4E2D}")


@needs_latex
def test_latex_compiles(collate, sweep, hostile_sweep, tmp_path):
    folder, _ = sweep
    inputs = []
    for number, (source, arguments) in enumerate([(folder, []), (hostile_sweep, []),
                                                  (folder, ["--rows", "measure", "--cols", FACTOR]),
                                                  (folder, ["--interval", "bca", "--show", "mean,ci,sd,n"])]):
        out = tmp_path / f"out{number}"
        collate(source, "--out", out, "--format", "tex", *arguments, code=None)
        inputs.append(out / "table.tex")
    printed = compiled(inputs, tmp_path)
    assert not re.search(r"Overfull \\hbox \((\d{2,})", printed), printed[-3000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 10000
