"""The report of sweeps: its page in a headless Chromium, and the files beside it."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy
import pytest
from browser import Browser, find_chromium
from conftest import MPI
from latex import compiled, needs_latex
from test_statistics import FACTOR, made_up, write_sweep

BASELINE = f'name = "gates"\nbaseline = {{ "{FACTOR}" = 1.0 }}'
HOSTILE = "train.<script>window.hacked=1</script>_\\\"|'&<img src=x onerror=window.hacked=1>" + 100 * "y"
WIDTHS = (390, 1400)


@pytest.fixture(scope="session")
def browser():
    program = find_chromium()
    if not program:
        pytest.skip("no Chromium (apt-get install chromium, or jobs/install_deps.sh --tests)")
    browser = Browser(program)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def report(collate, made_once):
    """Twelve trials in three cells, one missing."""
    def make(folder):
        frame = made_up({FACTOR: ["0.0", "0.1", "1.0"]}, [1, 2, 3, 4], effect=lambda factor: -factor)
        frame.loc[5, ["test_mse", "excess_mse.h1"]] = numpy.nan
        write_sweep(folder / "sweep", frame, BASELINE, [FACTOR])
        collate(folder / "sweep", "--report", folder / "report", code=4)

    return made_once("report", make) / "report"


@pytest.fixture(scope="session")
def chapters(collate, made_once):
    """Two sweeps with different axes, one of them wide and of hostile names."""
    def make(folder):
        first = made_up({FACTOR: ["0.0", "1.0"]}, [1, 2, 3], effect=lambda factor: -factor)
        write_sweep(folder / "first", first, BASELINE, [FACTOR])
        second = made_up({"model.d_state": ["8", "16"], "train.lr": ["1e-4", "3e-4", "1e-3", "3e-3"]}, [1, 2],
                         effect=lambda states, lr: 100 * lr - states / 8)
        write_sweep(folder / "second", second, "name = '</script><script>window.hacked=1</script>'",
                    ["model.d_state", "train.lr"])
        collate(folder / "first", folder / "second", "--report", folder / "report", "--out", folder / "tables")

    return made_once("report_chapters", make) / "report"


@pytest.fixture(params=["report", "chapters"])
def any_report(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def page(browser):
    """page(FOLDER, ...): its report.html, open."""
    opened = []

    def page(folder, **settings):
        opened.append(browser.open((folder / "report.html").as_uri(), **settings))
        return opened[-1]

    yield page
    for one in opened:
        one.close()


def column(page, table, key):
    """The texts of a column, from top to bottom, without marks."""
    return page.evaluate(f"""(() => {{
        const table = document.getElementById("tab-{table}");
        const at = Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.dataset.key === "{key}");
        return Array.from(table.tBodies[0].rows, (row) => row.cells[at].firstChild?.textContent ?? "");
    }})()""")


def header(table, key):
    return f"""document.querySelector('#tab-{table} th[data-key="{key}"]')"""


def test_the_page_is_whole_and_alone(any_report, page):
    """Nothing is fetched but the file and what it holds; no error; every link leads somewhere; no id twice."""
    shown = page(any_report)
    assert shown.problems == []
    assert [address for address in shown.requests if not address.startswith("data:")] == \
        [(any_report / "report.html").as_uri()]
    links, ids = shown.evaluate("""[Array.from(document.querySelectorAll("nav a"), (link) => link.hash.slice(1)),
                                    Array.from(document.querySelectorAll("[id]"), (one) => one.id)]""")
    assert len(links) >= 6 and [link for link in links if link not in ids] == []
    assert len(set(ids)) == len(ids)
    figures = shown.evaluate("Array.from(document.images, (image) => image.complete && image.naturalWidth > 100)")
    assert figures and all(figures)
    assert (any_report / "report.html").stat().st_size < 5e6


def test_the_answer_comes_from_the_numbers(report, page):
    text = page(report).evaluate("document.querySelector('#sec-answer').innerText")
    assert "How does the gate learning-rate factor affect the excess MSE one step ahead?" in text
    assert "11 of 12 trials done (1 waiting)" in text
    assert "Compared with the baseline (gate_lr_factor = 1)" in text
    assert "exact sign-flip p = " in text and "4 pairs of seeds" in text


def test_tables_sort_by_click_and_by_keyboard(report, page):
    shown = page(report)
    planned = column(shown, "trials", "test_mse")
    numbers = sorted(float(text) for text in planned if text != "–")
    assert len(numbers) == 11
    shown.evaluate(f"{header('trials', 'test_mse')}.querySelector('button').click()")
    # Trials without a value are last in both directions.
    assert [float(text) for text in column(shown, "trials", "test_mse")[:-1]] == numbers
    assert column(shown, "trials", "test_mse")[-1] == "–"
    assert shown.evaluate(f"{header('trials', 'test_mse')}.getAttribute('aria-sort')") == "ascending"
    shown.evaluate(f"{header('trials', 'test_mse')}.querySelector('button').focus()")
    shown.press("Enter", 13)
    assert [float(text) for text in column(shown, "trials", "test_mse")[:-1]] == numbers[::-1]
    assert shown.evaluate(f"{header('trials', 'test_mse')}.getAttribute('aria-sort')") == "descending"
    shown.evaluate(f"{header('trials', 'state')}.querySelector('button').click()")
    assert shown.evaluate("document.querySelectorAll('#tab-trials [aria-sort]').length") == 1
    assert column(shown, "trials", "state") == sorted(column(shown, "trials", "state"))
    # A column of estimates sorts by its means, not by its text.
    shown.evaluate(f"{header('cells', 'excess_mse.h1')}.querySelector('button').click()")
    at = shown.evaluate(f"{header('cells', 'excess_mse.h1')}.cellIndex")
    means = shown.evaluate(f"""Array.from(document.querySelectorAll("#tab-cells tbody tr"),
        (row) => Number(row.cells[{at}].dataset.value))""")
    assert len(means) == 3 and means == sorted(means)


# Takes the place of the browser's part in a download, of which Chromium allows a page ten.
RECORD_DOWNLOADS = """
    URL.createObjectURL = (blob) => { window.blob = blob; return "#"; };
    HTMLAnchorElement.prototype.click = function () { window.saved = this.download; };
"""


def test_every_table_downloads_as_its_csv_file(any_report, page):
    shown = page(any_report)
    shown.evaluate(RECORD_DOWNLOADS)
    names = shown.evaluate("Array.from(document.querySelectorAll('.table > table'), (table) => table.id.slice(4))")
    assert len(names) >= 5
    assert set(names) == {file.stem for file in (any_report / "tables").glob("*.csv")}
    for name in names:
        shown.evaluate(f"document.getElementById('tab-{name}').parentElement.querySelector('button.download').click()")
        saved, text = shown.evaluate("window.blob.text().then((text) => [window.saved, text])")
        assert (saved, text) == (f"{name}.csv", (any_report / "tables" / saved).read_text())


def test_a_download_arrives(report, browser, page, tmp_path):
    shown = page(report)
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    shown.evaluate("document.querySelector('#tab-cells ~ button.download').click()")
    end = time.monotonic() + 20
    while not (tmp_path / "cells.csv").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert (tmp_path / "cells.csv").read_text() == (report / "tables" / "cells.csv").read_text()
    assert shown.problems == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_never_scrolls_sideways(any_report, page, width, dark):
    shown = page(any_report, width=width, dark=dark)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    # Nor is anything cut off: what is too wide lies in a box that scrolls.
    cut = shown.evaluate("""Array.from(document.querySelectorAll("main *")).filter((one) =>
        one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".table, pre, figure"))
        .map((one) => one.outerHTML.slice(0, 80))""")
    assert cut == []
    scrolling = shown.evaluate("""Array.from(document.querySelectorAll(".table, figure"))
        .filter((box) => box.scrollWidth > box.clientWidth + 1)
        .map((box) => [getComputedStyle(box).overflowX, box.matches("figure") || box.tabIndex === 0])""")
    assert all(style == ["auto", True] for style in scrolling)
    assert width > 400 or scrolling


def luminance(color):
    """WCAG 2's relative luminance of "rgb(r, g, b)"."""
    values = [int(value) / 255 for value in re.findall(r"\d+", color)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_readable_in_both_color_schemes(report, page, dark):
    shown = page(report, dark=dark)
    page_color = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(page_color) < 0.1) == dark
    for what in ("p", "a", "td", "figcaption", ".note", "th"):
        color = shown.evaluate(f"getComputedStyle(document.querySelector('{what}')).color")
        light, deep = sorted([luminance(color), luminance(page_color)], reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 4.5, what  # WCAG 2, level AA
    # Figures keep their white paper.
    assert shown.evaluate("getComputedStyle(document.images[0]).backgroundColor") == "rgb(255, 255, 255)"


# The width between the margins of a sheet, in CSS pixels: 96 to the inch.
@pytest.mark.parametrize("paper, inches", [("A4", (8.27, 11.69)), ("Letter", (8.5, 11))])
def test_it_prints_without_cut_tables(any_report, page, tmp_path, paper, inches):
    width = int((inches[0] - 2 * 14 / 25.4) * 96)
    shown = page(any_report, width=width, dark=True)
    shown.media("print")
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    cut = shown.evaluate("""Array.from(document.querySelectorAll("table, td, th, pre, img, p")).filter((one) =>
        one.getBoundingClientRect().right > innerWidth + 1 ||
        one.scrollWidth > one.clientWidth + 1 && one.tagName !== "TABLE").map((one) => one.outerHTML.slice(0, 80))""")
    assert cut == []
    style = {(what, name): shown.evaluate(f"getComputedStyle(document.querySelector('{what}')).{name}")
             for what, name in [("body", "backgroundColor"), ("thead", "display"), ("tr", "breakInside"),
                                ("button.download", "display")]}
    # A header of this kind repeats on every page.
    assert list(style.values()) == ["rgb(255, 255, 255)", "table-header-group", "avoid", "none"]
    shown.pdf(tmp_path / "report.pdf", *inches)
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "report.pdf").read_bytes())) >= 3


def test_it_is_complete_without_javascript(report, page):
    shown = page(report, javascript=False)
    document = shown.call("DOM.getDocument", depth=-1)["root"]

    def count(selector):
        return len(shown.call("DOM.querySelectorAll", nodeId=document["nodeId"], selector=selector)["nodeIds"])

    assert count("button") == 0
    assert count("#tab-trials tbody tr") == 12
    assert count("main img") >= 1


def test_names_are_never_code(collate, page, tmp_path):
    frame = made_up({FACTOR: ["0.0", "1.0"]}, [1, 2], effect=lambda factor: factor)
    write_sweep(tmp_path / "sweep", frame, BASELINE, [FACTOR])
    plan = tmp_path / "sweep" / "plan.csv"
    hostile = HOSTILE.replace('"', '""')
    text = plan.read_text().replace(FACTOR, f'"{hostile}"', 1)
    plan.write_text(text.replace(",0.0,", ',"<img src=x onerror=window.hacked=1>",'))
    collate(tmp_path / "sweep", "--report", tmp_path / "report", code=None)
    for width in WIDTHS:
        shown = page(tmp_path / "report", width=width)
        assert shown.problems == []
        assert shown.evaluate("""[typeof window.hacked, document.scripts.length,
            document.querySelectorAll("img[src=x]").length]""") == ["undefined", 1, 0]
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert "onerror" in shown.evaluate("document.body.innerText")
    # Were a name to become markup after all, the page would still not run it.
    shown.evaluate("""document.body.insertAdjacentHTML("beforeend",
        '<img src="data:," onerror="window.hacked = 1">')""")
    time.sleep(0.2)
    assert shown.evaluate("typeof window.hacked") == "undefined"


def test_different_sweeps_are_chapters_with_tables_and_figures_of_their_own(chapters, page):
    shown = page(chapters)
    titles = shown.evaluate("Array.from(document.querySelectorAll('h2'), (title) => title.textContent)")
    assert titles == ["gates", "</script><script>window.hacked=1</script>"]
    assert shown.evaluate("typeof window.hacked") == "undefined"
    assert (chapters / "tables" / "gates-cells.csv").exists()
    assert (chapters / "figures" / "gates" / "sweep_summary.svg").exists()
    # Tables as if each had been collated alone, and none of both together.
    beside = chapters.parent / "tables"
    assert len(list(beside.glob("*/table.csv"))) == 2 and not (beside / "table.csv").exists()


def test_the_markdown_has_the_same_sections_and_leads_to_the_figures(any_report, page):
    text = (any_report / "report.md").read_text()
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = [re.sub(r"\\(.)", r"\1", title) for title in re.findall(r"^#+ (.*)$", outside, re.MULTILINE)]
    assert titles == page(any_report).evaluate(
        "Array.from(document.querySelectorAll('h1, h2, h3, h4'), (title) => title.textContent)")
    figures = re.findall(r"^!\[.*\]\((.*)\)$", outside, re.MULTILINE)
    assert figures
    assert [figure for figure in figures if not (any_report / figure).is_file()] == []


@needs_latex
def test_every_latex_table_can_be_input(any_report, tmp_path):
    tables = sorted((any_report / "tables").glob("*.tex"))
    assert len(tables) >= 5
    assert {file.stem for file in tables} == {file.stem for file in (any_report / "tables").glob("*.csv")}
    compiled(tables, tmp_path)


def test_a_report_without_gnuplot_has_all_but_the_figures(collate, report, tmp_path):
    done = subprocess.run([*collate.command, report.parent / "sweep", "--out", tmp_path / "out",
                           "--report", tmp_path / "report"], env=os.environ | MPI | {"PATH": str(tmp_path)},
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and "gnuplot" in done.stderr, done.stderr
    text = (tmp_path / "report" / "report.html").read_text()
    assert "<img" not in text and "sec-trials" in text
    assert done.stdout.endswith(f"The report: {tmp_path}/report/report.html\n")


def test_a_folder_that_cannot_be_written_is_reported(collate, report, tmp_path):
    (tmp_path / "file").write_text("")
    done = collate(report.parent / "sweep", "--out", tmp_path / "out", "--report", tmp_path / "file", code=1)
    assert str(tmp_path / "file") in done.stderr
    assert collate(report.parent / "sweep", "--report", "", code=2).stderr.startswith("--report is empty (")


def test_a_second_report_replaces_the_first(collate, report, tmp_path):
    copy = Path(shutil.copytree(report, tmp_path / "report"))
    (copy / "report.html").write_text("old")
    collate(report.parent / "sweep", "--out", tmp_path / "out", "--report", copy, code=4)
    assert "sec-answer" in (copy / "report.html").read_text()
    assert {file.relative_to(copy) for file in copy.rglob("*")} == \
        {file.relative_to(report) for file in report.rglob("*")}
