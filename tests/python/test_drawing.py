"""The SVG reader with which the system tests check figures."""

import shutil
import subprocess
import xml.etree.ElementTree

import pytest

import drawing


def drawn(folder, commands):
    if not shutil.which("gnuplot"):
        pytest.skip("gnuplot is not installed")
    (folder / "figure.gp").write_text("set terminal svg\nset output 'figure.svg'\nset title 'a title'\nset xrange [0:4]\n"
                                      f"set yrange [0:4]\n{commands}\n")
    subprocess.run(["gnuplot", "-d", "figure.gp"], cwd=folder, check=True, capture_output=True)
    return drawing.read(folder / "figure.svg")


def test_a_figure_without_data_is_blank(tmp_path):
    figure = drawn(tmp_path, "plot NaN notitle")
    assert figure.blank and "a title" in figure.texts and list(figure.plots) == ["gnuplot_plot_1"]


def test_a_figure_with_a_line_is_not_blank(tmp_path):
    figure = drawn(tmp_path, "plot x notitle, NaN notitle")
    assert not figure.blank and figure.plots == {"gnuplot_plot_1": 1, "gnuplot_plot_2": 0}


def test_a_malformed_svg_is_refused(tmp_path):
    (tmp_path / "figure.svg").write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"><text>\xd6</text></svg>')
    with pytest.raises(xml.etree.ElementTree.ParseError):
        drawing.read(tmp_path / "figure.svg")
