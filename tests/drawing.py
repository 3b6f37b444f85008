"""Reads an SVG by gnuplot: its texts, and how many elements each plot draws."""

import xml.etree.ElementTree
from dataclasses import dataclass

SVG = "{http://www.w3.org/2000/svg}"
MARKS = {SVG + name for name in ("path", "use", "polygon", "image")}


@dataclass
class Drawing:
    texts: list  # in file order
    plots: dict  # gnuplot's name of each plot -> number of lines, points, areas and images in it

    @property
    def blank(self):
        return not any(self.plots.values())


def blocks(file):
    """The data of a panel: name of each series -> its rows, x and y first."""
    found = {}
    for line in file.read_text().splitlines():
        if line.startswith("# "):
            rows = found[line[2:line.rindex(": x y")]] = []
        elif line:
            rows.append([float(word) for word in line.split()])
    return found


def read(file):
    """Raises xml.etree.ElementTree.ParseError if the file is not well-formed."""
    root = xml.etree.ElementTree.parse(file).getroot()
    texts = ["".join(text.itertext()).strip() for text in root.iter(SVG + "text")]
    plots = {}
    for group in root.iter(SVG + "g"):
        name = group.get("id", "")
        if name.startswith("gnuplot_plot_"):
            # White points only erase lines below points.
            drawn = [mark for mark in group.iter() if mark.tag in MARKS and mark.get("color") != "#FFFFFF"]
            plots[name] = plots.get(name, 0) + len(drawn)
    return Drawing([text for text in texts if text], plots)
