"""Compiles the LaTeX tables that the programs write, as a paper inputs them."""

import shutil
import subprocess

import pytest

LATEX_PACKAGES = "texlive-latex-recommended texlive-science"
needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason=f"no pdflatex (apt-get install {LATEX_PACKAGES})")


def compiled(tables, folder):
    """Writes FOLDER/paper.pdf with each table on a page of its own; returns what pdflatex prints."""
    inputs = [rf"\input{{{table}}}\clearpage" for table in tables]
    (folder / "paper.tex").write_text("\n".join(
        [r"\documentclass{article}", r"\usepackage{booktabs}", r"\usepackage{graphicx}", r"\usepackage{siunitx}",
         r"\begin{document}", *inputs, r"\end{document}"]))
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"], cwd=folder,
                          capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
