"""mambasynth.patch(), on a package with the imports of mamba_ssm."""

import sys

import pytest


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """A package with the imports of mamba_ssm, whose own functions fail."""
    for folder in ("mamba_ssm", "mamba_ssm/ops", "mamba_ssm/modules", "causal_conv1d"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text("")
    own = "def {0}(*arguments, **named): raise RuntimeError('not patched')\n"
    (tmp_path / "causal_conv1d/__init__.py").write_text(own.format("causal_conv1d_fn"))
    (tmp_path / "mamba_ssm/ops/selective_scan_interface.py").write_text("import selective_scan_cuda\n" + own.format("selective_scan_fn") + own.format("mamba_inner_fn"))
    (tmp_path / "mamba_ssm/modules/mamba_simple.py").write_text(
        "from mamba_ssm.ops.selective_scan_interface import selective_scan_fn, mamba_inner_fn\n"
        "from causal_conv1d import causal_conv1d_fn\n"
        "def forward(x, weight): return causal_conv1d_fn(x, weight)\n")
    (tmp_path / "mamba_ssm/modules/later.py").write_text("from mamba_ssm.ops.selective_scan_interface import selective_scan_fn\n")
    (tmp_path / "mamba_ssm/__init__.py").write_text("from mamba_ssm.ops.selective_scan_interface import selective_scan_fn\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("mamba_ssm", "causal_conv1d", "selective_scan_cuda")]:
        del sys.modules[name]


def test_patch_reaches_every_module_of_mamba_ssm(torch, package, upstream):
    replaced = package.patch()
    assert set(replaced) == {
        "mamba_ssm.selective_scan_fn", "mamba_ssm.ops.selective_scan_interface.selective_scan_fn",
        "mamba_ssm.ops.selective_scan_interface.mamba_inner_fn", "mamba_ssm.modules.mamba_simple.selective_scan_fn",
        "mamba_ssm.modules.mamba_simple.mamba_inner_fn", "mamba_ssm.modules.mamba_simple.causal_conv1d_fn",
        "causal_conv1d.causal_conv1d_fn"}
    from mamba_ssm.modules import later, mamba_simple
    assert mamba_simple.forward(torch.zeros(1, 4, 5), torch.zeros(4, 3)).shape == (1, 4, 5)
    assert later.selective_scan_fn is package.selective_scan_fn
    assert set(replaced) < set(package.patch())  # again reaches what was imported since


def test_patch_without_mamba_ssm_says_what_to_do(package):
    with pytest.raises(ImportError, match=r"mamba_ssm cannot be patched \(.*\)\. Install mamba_ssm, or use"):
        package.patch()
