"""Our checkpoints in Python's torch: keys, names, shapes, dtypes, and an optimizer that loads the state."""

import numpy
import pytest


@pytest.fixture(scope="module")
def checkpoint(torch, trial):
    return torch.load(trial / "checkpoint.pt", weights_only=True)


def test_a_checkpoint_has_the_originals_keys_and_one_of_ours(checkpoint):
    original = {"epoch", "model_state_dict", "optimizer_state_dict", "train_loss", "val_loss", "args"}
    assert original <= set(checkpoint) <= original | {"mambasynth"}
    assert isinstance(checkpoint["epoch"], int) and isinstance(checkpoint["val_loss"], float)
    assert {"d_model", "n_layers", "d_state", "seq_len", "gate_lr_factor", "seed"} <= set(checkpoint["args"])


def test_names_shapes_and_order_match_the_originals_checkpoint(torch, mambasynth, reference, tmp_path):
    """The documented model after one tiny epoch, compared with the original's file."""
    theirs = torch.load(reference / "model_next.pt", weights_only=True, map_location="cpu")
    mambasynth("train", "--n-steps", 1200, "--seq-len", 32, "--stride", 512, "--batch-size", 2, "--epochs", 1,
               "--warmup-epochs", 0, "--max-horizon", theirs["args"]["max_horizon"], "--out", tmp_path)
    ours = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert list(ours["model_state_dict"]) == list(theirs["model_state_dict"])
    for name, tensor in theirs["model_state_dict"].items():
        assert ours["model_state_dict"][name].shape == tensor.shape, name
        assert ours["model_state_dict"][name].dtype == tensor.dtype, name
    assert set(theirs["args"]) <= set(ours["args"])
    for ours_group, their_group in zip(ours["optimizer_state_dict"]["param_groups"],
                                       theirs["optimizer_state_dict"]["param_groups"], strict=True):
        assert ours_group["params"] == their_group["params"]
        assert set(ours_group) == set(their_group)


def test_the_optimizer_state_loads_into_adamw(torch, checkpoint):
    weights = checkpoint["model_state_dict"]
    is_gate = [".mamba.x_proj." in name or ".mamba.dt_proj." in name for name in weights]
    parameters = [torch.nn.Parameter(tensor.clone()) for tensor in weights.values()]
    groups = [[p for p, gate in zip(parameters, is_gate) if gate == wanted] for wanted in (False, True)]
    optimizer = torch.optim.AdamW([{"params": group} for group in groups], lr=1e-3)
    optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
    state = optimizer.state[parameters[0]]
    assert state["step"] > 0 and state["step"].dtype == torch.float32
    assert state["exp_avg"].shape == parameters[0].shape
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()


def test_converted_safetensors_hold_the_same_bytes(torch, mambasynth, trial, tmp_path, checkpoint):
    import json
    import struct
    mambasynth("convert", trial / "checkpoint.pt", tmp_path / "w.safetensors")
    content = (tmp_path / "w.safetensors").read_bytes()
    length, = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    for name, tensor in checkpoint["model_state_dict"].items():
        begin, end = header[name]["data_offsets"]
        values = numpy.frombuffer(content[8 + length + begin:8 + length + end], dtype="<f4").reshape(header[name]["shape"])
        assert (values == tensor.numpy()).all(), name


def test_the_originals_checkpoint_has_its_golden_validation_loss(mambasynth, reference, tmp_path):
    """In fp32, on the original's own split."""
    done = mambasynth("train", "--split", "random", "--data", reference, "--eval", reference / "model_next.pt", "--out",
                      tmp_path, timeout=600)
    assert "7.8717" in done.stdout or "7.8718" in done.stdout
