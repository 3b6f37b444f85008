"""Loads the operators and registers what PyTorch's stable ABI cannot register in C++: gradients and fake tensors."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

_FOLDER = Path(__file__).parent


def _load() -> str | None:
    """Loads the operators. Returns why those of the GPU could not be loaded, None if they were."""
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < (2, 10):
        raise ImportError(f"mambasynth cannot use PyTorch {torch.__version__} (its operators need the stable ABI of 2.10). "
                          "Install torch 2.10 or newer.")
    torch.ops.load_library(_FOLDER / "operators.so")
    if torch.version.cuda is None:
        return "this PyTorch has no CUDA"
    if not (_FOLDER / "operators_cuda.so").exists():
        return "this mambasynth was built without a CUDA compiler"
    try:
        torch.ops.load_library(_FOLDER / "operators_cuda.so")
    except OSError as error:
        # The usual reason is a CUDA runtime of another major version than PyTorch's.
        return f"PyTorch has CUDA {torch.version.cuda}, and the library reports: {error.__cause__ or error}"
    return None


no_cuda = _load()
ops = torch.ops.mambasynth


# --- Fake tensors: the shapes of the results, for torch.compile and torch.export ---


def _parameter_type(x: Tensor) -> torch.dtype:
    return torch.float32 if x.dtype == torch.bfloat16 else x.dtype


@torch.library.register_fake("mambasynth::selective_scan_forward")
def _(x, delta, A, B, C, D, z, delta_bias, delta_softplus, save):
    batch, time, channels = x.shape
    states = A.shape[1]
    if x.device.type == "cuda":
        kind = (int(states), x.dtype == torch.bfloat16)
        steps = ops.scan_saved_steps_cuda(*kind)
        shape = (batch * ((time + steps - 1) // steps) * channels * ops.scan_saved_bytes_cuda(*kind),)
        saved = x.new_empty(shape if save else (0,), dtype=torch.uint8)
    else:
        steps = ops.scan_saved_steps_cpu()
        saved = x.new_empty((batch, (time + steps - 1) // steps, channels, states) if save else (0,))
    return x.new_empty(x.shape), x.new_empty((batch, channels, states), dtype=_parameter_type(x)), saved


@torch.library.register_fake("mambasynth::selective_scan_backward")
def _(dout, x, delta, A, B, C, D, z, delta_bias, delta_softplus, saved, again):
    def like(tensor):
        return tensor.new_empty(tensor.shape) if tensor is not None else None

    nothing, no_parameter = x.new_empty((0,)), A.new_empty((0,))
    gate = z is not None and not (x.device.type == "cuda" and _is_one_row(z))
    return (like(x), like(delta), like(A), like(B), like(C), no_parameter if D is None else like(D),
            like(z) if gate else nothing, A.new_empty((0,)) if delta_bias is None else like(delta_bias),
            like(x) if again else x.new_empty((0,)))


@torch.library.register_fake("mambasynth::causal_conv1d_forward")
def _(x, weight, bias):
    return x.new_empty(x.shape)


@torch.library.register_fake("mambasynth::causal_conv1d_backward")
def _(dout, x, weight, bias):
    return x.new_empty(x.shape), weight.new_empty(weight.shape), weight.new_empty((x.shape[2],))


# --- Gradients ---


def _save_scan(ctx, inputs, output):
    *tensors, ctx.delta_softplus, _ = inputs
    _, last_state, saved = output
    ctx.mark_non_differentiable(last_state, saved)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*tensors, saved)


def _scan_gradients(ctx, dout, dlast_state, dsaved):
    if dout is None:
        return (None,) * 10
    *tensors, saved = ctx.saved_tensors
    D, z, delta_bias = tensors[5:8]
    dx, ddelta, dA, dB, dC, dD, dz, ddelta_bias, _ = ops.selective_scan_backward(dout, *tensors, ctx.delta_softplus, saved, False)
    return (dx, ddelta, dA, dB, dC, dD if D is not None else None, dz if ctx.needs_input_grad[6] else None,
            ddelta_bias if delta_bias is not None else None, None, None)


torch.library.register_autograd("mambasynth::selective_scan_forward", _scan_gradients, setup_context=_save_scan)


def _save_conv(ctx, inputs, output):
    ctx.save_for_backward(*inputs)


def _conv_gradients(ctx, dout):
    x, weight, bias = ctx.saved_tensors
    dx, dweight, dbias = ops.causal_conv1d_backward(dout, x, weight, bias)
    return dx, dweight, dbias if bias is not None else None


torch.library.register_autograd("mambasynth::causal_conv1d_forward", _conv_gradients, setup_context=_save_conv)


def _refuse_second_order(ctx, *gradients):
    raise NotImplementedError("the gradient of a gradient of mambasynth's operators was asked for (they have first derivatives only). "
                              "Leave out create_graph.")


# PyTorch alone would only warn, and go on without them.
for _backward in ("selective_scan_backward", "causal_conv1d_backward"):
    torch.library.register_autograd(f"mambasynth::{_backward}", _refuse_second_order)


# --- The operators that users call: what kernels lack is brought into a form that they have ---


def _is_one_row(tensor: Tensor) -> bool:
    """Whether every step of every sequence is the same row in memory."""
    return (tensor.shape[0] == 1 or tensor.stride(0) == 0) and tensor.stride(1) == 0


def _in_rows(tensor: Tensor | None) -> Tensor | None:
    """The tensor with its last axis contiguous. Made here, not by the operator, so that autograd keeps this copy."""
    if tensor is None or tensor.stride(-1) == 1 or tensor.shape[-1] == 1:
        return tensor
    return tensor.contiguous()


def _computed_type(x: Tensor) -> torch.dtype:
    """The type in which the kernels of its device compute with x."""
    if x.device.type == "cuda" and no_cuda:
        raise RuntimeError(f"x is on {x.device} without GPU operators ({no_cuda}). Build mambasynth where the CUDA compiler has the "
                           "major version of PyTorch's, or compute on the CPU.")
    if x.device.type not in ("cpu", "cuda", "meta"):
        raise TypeError(f"x is on {x.device} (supported: CPU and CUDA). Move it there.")
    if x.dtype in (torch.float32, torch.float16, torch.bfloat16):
        half_on_gpu = x.device.type == "cuda" and x.dtype == torch.bfloat16
        return torch.bfloat16 if half_on_gpu else torch.float32
    if x.dtype == torch.float64 and x.device.type != "cuda":
        return torch.float64
    raise TypeError(f"x is {x.dtype} on {x.device.type} (supported: float32, bfloat16 and float16 on CPU and CUDA, float64 "
                    "on the CPU). Convert it.")


def _check(tensor: Tensor | None, name: str, shape: tuple, axes: str, x: Tensor) -> None:
    if tensor is None:
        return
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}, not {shape} ({axes}, from x and A). Pass it in that shape.")
    if tensor.device != x.device:
        raise ValueError(f"{name} is on {tensor.device}, x on {x.device} (one kernel reads both). Move it there.")
    if tensor.is_complex() or not tensor.is_floating_point():
        raise TypeError(f"{name} is {tensor.dtype} (the kernels compute in real floating point). Convert it, or call "
                        "mambasynth.selective_scan_fn for complex A.")


# Its silu is itself and a power of two in every type, so that C and D divided by it give exact results.
_OPEN_GATE = 32.0


def _scan(x, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False):
    if x.dim() != 3:
        raise ValueError(f"x has {x.dim()} axes, not 3 (batch, time, channel). Reshape it.")
    if A.dim() != 2:
        raise ValueError(f"A has {A.dim()} axes, not 2 (channel, state). Reshape it.")
    batch, time, channels = x.shape
    states = A.shape[1]
    _check(A, "A", (channels, states), "channel, state", x)
    for tensor, name in ((delta, "delta"), (z, "z")):
        _check(tensor, name, (batch, time, channels), "batch, time, channel", x)
    for tensor, name in ((B, "B"), (C, "C")):
        _check(tensor, name, (batch, time, states), "batch, time, state", x)
    for tensor, name in ((D, "D"), (delta_bias, "delta_bias")):
        _check(tensor, name, (channels,), "channel", x)

    dtype = x.dtype
    computed = _computed_type(x)
    parameter = torch.float64 if computed == torch.float64 else torch.float32
    x, delta, B, C = (_in_rows(tensor.to(computed)) for tensor in (x, delta, B, C))
    z = None if z is None else _in_rows(z.to(computed))
    A = A.to(parameter)
    D, delta_bias = (None if tensor is None else tensor.to(parameter) for tensor in (D, delta_bias))
    if x.device.type == "cuda":
        padding = _state_padding(states)
        if padding:  # states that start at 0 and get no input stay 0
            A, B, C = (torch.nn.functional.pad(tensor, (0, padding)) for tensor in (A, B, C))
        if z is not None and _is_one_row(z):
            z = z.contiguous()  # its gradient is asked for at every step
        if z is None:
            z = x.new_full((1, 1, channels), _OPEN_GATE).expand(batch, time, channels)
            C = C / _OPEN_GATE
            D = None if D is None else D / _OPEN_GATE
    tensors = [x, delta, A, B, C, D, z, delta_bias]
    save = torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)
    out, last_state, _ = ops.selective_scan_forward(*tensors, delta_softplus, save)
    if last_state.shape[2] != states:
        last_state = last_state[:, :, :states].contiguous()
    return out.to(dtype), last_state


def _state_padding(states: int) -> int:
    least = ops.scan_states_cuda(int(states))
    if least == 0:
        raise ValueError(f"A has {states} states (the GPU kernels hold at most {_most_cuda_states()}). Use fewer, or compute on "
                         "the CPU.")
    return least - states


def _most_cuda_states() -> int:
    most = 1
    while ops.scan_states_cuda(most + 1):
        most = ops.scan_states_cuda(most + 1)
    return most


MOST_TAPS = 8


def _conv(x, weight, bias=None, activation="silu"):
    if x.dim() != 3:
        raise ValueError(f"x has {x.dim()} axes, not 3 (batch, time, channel). Reshape it.")
    if weight.dim() != 2:
        raise ValueError(f"weight has {weight.dim()} axes, not 2 (channel, tap). Reshape it.")
    channels, taps = x.shape[2], weight.shape[1]
    _check(weight, "weight", (channels, taps), "channel, tap", x)
    _check(bias, "bias", (channels,), "channel", x)
    if activation not in (None, "silu", "swish"):
        raise ValueError(f"activation is {activation!r} (supported: 'silu', 'swish', which is the same, and None). Choose one.")
    dtype = x.dtype
    computed = _computed_type(x)
    parameter = torch.float64 if computed == torch.float64 else torch.float32
    if activation is None or taps > MOST_TAPS:
        # PyTorch's own convolution: the kernels always have the activation.
        out = torch.nn.functional.conv1d(
            torch.nn.functional.pad(x.to(parameter).transpose(1, 2), (taps - 1, 0)), weight.to(parameter).unsqueeze(1),
            None if bias is None else bias.to(parameter), groups=channels).transpose(1, 2)
        out = out if activation is None else torch.nn.functional.silu(out)
    else:
        out = ops.causal_conv1d_forward(_in_rows(x.to(computed)), weight.to(parameter),
                                        None if bias is None else bias.to(parameter))
    return out.to(dtype)


_library = torch.library.Library("mambasynth", "IMPL")
_library.impl("selective_scan", _scan, "CompositeImplicitAutograd")
_library.impl("causal_conv1d", _conv, "CompositeImplicitAutograd")
