"""The functions of mamba_ssm and causal_conv1d that users call, with their signatures and layouts, on our operators.

Their layout is (batch, channel, time). Ours is (batch, time, channel), so a tensor is read in place if it is a transposed
view of ours, as ``linear(...).transpose(1, 2)`` is, and else copied once.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._block import Weights, can_recompute, recomputing_inner
from ._operators import ops
from ._reference import scan_step_by_step


def selective_scan_fn(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor | None = None,
                      z: Tensor | None = None, delta_bias: Tensor | None = None, delta_softplus: bool = False,
                      return_last_state: bool = False) -> Tensor | tuple[Tensor, Tensor]:
    """Selective scan with the signature of ``mamba_ssm``'s.

    Parameters
    ----------
    u, delta : Tensor, shape (batch, channel, time)
        Input and step size.
    A : Tensor, shape (channel, state)
        Negative. A complex A is computed step by step in PyTorch, which is slow.
    B, C : Tensor, shape (batch, state, time), (batch, group, state, time) or (channel, state)
        For groups of channels, one scan runs per group. Constant ones are computed step by step in PyTorch, which is slow.
        With complex A, constant ones are complex, and the others hold pairs (real, imaginary) along time.
    D, delta_bias : Tensor, shape (channel,), optional
        Skip connection, and what is added to delta.
    z : Tensor, shape (batch, channel, time), optional
        Gate: the result is multiplied by silu(z).
    delta_softplus : bool
        Whether softplus is applied to delta after the bias.
    return_last_state : bool
        Whether the state after the last step is returned too. It has no gradient, as in ``mamba_ssm``.

    Returns
    -------
    out : Tensor, shape (batch, channel, time)
        A transposed view of (batch, time, channel), in the type of u.
    last_state : Tensor, shape (batch, channel, state)
        Only with `return_last_state`.
    """
    _require_axes(u, "u", 3, "batch, channel, time")
    if not u.is_floating_point():
        raise TypeError(f"u is {u.dtype} (the scan computes in real floating point). Convert it.")
    _require_axes(A, "A", 2, "channel, state")
    for tensor, name in ((delta, "delta"), (z, "z")):
        if tensor is not None and tensor.shape != u.shape:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}, not {tuple(u.shape)} (that of u: batch, channel, time). Pass it "
                             "in that shape.")
    B, C = _states_last(B, "B", A, u), _states_last(C, "C", A, u)
    x, delta, z = _transposed(u), _transposed(delta), _transposed(z)
    if A.is_complex() or B.dim() == 2 or C.dim() == 2:
        out, last_state = scan_step_by_step(x, delta, A, B, C, D, z, delta_bias, delta_softplus)
    else:
        groups = max(B.shape[2], C.shape[2])
        _require_groups(B, "B", x.shape[2], groups)
        _require_groups(C, "C", x.shape[2], groups)
        parts = [ops.selective_scan(*arguments, delta_softplus)
                 for arguments in _by_group(groups, x, delta, A, B, C, D, z, delta_bias)]
        out = parts[0][0] if groups == 1 else torch.cat([part[0] for part in parts], dim=2)
        last_state = parts[0][1] if groups == 1 else torch.cat([part[1] for part in parts], dim=1)
    out = out.transpose(1, 2)
    return (out, last_state) if return_last_state else out


def causal_conv1d_fn(x: Tensor, weight: Tensor, bias: Tensor | None = None, seq_idx: Tensor | None = None,
                     initial_states: Tensor | None = None, return_final_states: bool = False,
                     final_states_out: Tensor | None = None,
                     activation: str | None = None) -> Tensor | tuple[Tensor, Tensor]:
    """Depthwise causal convolution with the signature of ``causal_conv1d``'s.

    Parameters
    ----------
    x : Tensor, shape (batch, channel, time)
    weight : Tensor, shape (channel, tap)
        The kernels have 1 to 8 taps and always the activation; PyTorch's own convolution does the rest.
    bias : Tensor, shape (channel,), optional
    seq_idx : Tensor of int, shape (batch, time), optional
        Which sequence a step belongs to; a step reads none of another. Computed tap by tap in PyTorch, which is slower.
    initial_states : Tensor, shape (batch, channel, tap - 1), optional
        The inputs before the first step; zeros by default.
    return_final_states : bool
        Whether the last ``tap - 1`` inputs are returned too.
    final_states_out : Tensor, shape (batch, channel, tap - 1), optional
        Receives these inputs.
    activation : {None, "silu", "swish"}

    Returns
    -------
    out : Tensor, shape (batch, channel, time)
        A transposed view of (batch, time, channel), in the type of x.
    final_states : Tensor, shape (batch, channel, tap - 1)
        Only with `return_final_states`.
    """
    _require_axes(x, "x", 3, "batch, channel, time")
    _require_axes(weight, "weight", 2, "channel, tap")
    if seq_idx is not None and (initial_states is not None or return_final_states):
        raise ValueError("seq_idx excludes initial_states and return_final_states (they are of one sequence). Leave them out.")
    before = weight.shape[1] - 1
    rows = _transposed(x)
    if seq_idx is not None:
        out = _conv_of_packed_sequences(rows, weight, bias, seq_idx, activation)
    elif initial_states is not None:
        expected = (x.shape[0], x.shape[1], before)
        if tuple(initial_states.shape) != expected:
            raise ValueError(f"initial_states has shape {tuple(initial_states.shape)}, not {expected} (batch, channel, tap - 1). "
                             "Pass it in that shape.")
        rows = torch.cat([_transposed(initial_states).to(rows.dtype), rows], dim=1)
        out = ops.causal_conv1d(rows, weight, bias, activation)[:, before:]
    else:
        out = ops.causal_conv1d(rows, weight, bias, activation)
    out = out.transpose(1, 2)
    if not return_final_states:
        return out
    padded = F.pad(rows, (0, 0, before, 0))
    final_states = padded[:, padded.shape[1] - before:].transpose(1, 2)
    if final_states_out is not None:
        final_states_out.copy_(final_states)
        final_states = final_states_out
    return out, final_states


def mamba_inner_fn(xz: Tensor, conv1d_weight: Tensor, conv1d_bias: Tensor | None, x_proj_weight: Tensor,
                   delta_proj_weight: Tensor, out_proj_weight: Tensor, out_proj_bias: Tensor | None, A: Tensor,
                   B: Tensor | None = None, C: Tensor | None = None, D: Tensor | None = None,
                   delta_bias: Tensor | None = None, B_proj_bias: Tensor | None = None,
                   C_proj_bias: Tensor | None = None, delta_softplus: bool = True, checkpoint_lvl: int = 1,
                   b_rms_weight: Tensor | None = None, c_rms_weight: Tensor | None = None,
                   dt_rms_weight: Tensor | None = None, b_c_dt_rms_eps: float = 1e-6) -> Tensor:
    """A Mamba block after its first projection, with the signature of ``mamba_ssm``'s.

    Parameters
    ----------
    xz : Tensor, shape (batch, 2 channel, time)
        x and z, one above the other.
    conv1d_weight, conv1d_bias : Tensor, shapes (channel, 1, tap) and (channel,)
    x_proj_weight : Tensor, shape (rank + states of B and C where they are None, channel)
    delta_proj_weight : Tensor, shape (channel, rank)
    out_proj_weight, out_proj_bias : Tensor, shapes (feature, channel) and (feature,)
    A, D, delta_bias, delta_softplus
        As in `selective_scan_fn`.
    B, C : Tensor, optional
        As in `selective_scan_fn`; by default computed from x.
    B_proj_bias, C_proj_bias : Tensor, shape (state,), optional
        Added to the computed B and C.
    checkpoint_lvl : int
        1: on GPUs, the backward computes the convolution, delta and the scan's output again, where B and C are computed from x
        without biases or norms. 0: they are kept.
    b_rms_weight, c_rms_weight, dt_rms_weight : Tensor, optional
        Weights of RMS norms of B, C and delta. Unlike in ``mamba_ssm``, they have gradients.
    b_c_dt_rms_eps : float

    Returns
    -------
    Tensor, shape (batch, time, feature)
    """
    _require_axes(xz, "xz", 3, "batch, 2 channel, time")
    _require_axes(conv1d_weight, "conv1d_weight", 3, "channel, 1, tap")
    rank = delta_proj_weight.shape[1]
    numbers = A.shape[1] * (2 if A.is_complex() else 1)
    xz_rows = _transposed(xz)
    if xz_rows.stride(2) != 1:
        xz_rows = xz_rows.contiguous()  # once for both halves
    computed = all(given is None for given in (B, C, B_proj_bias, C_proj_bias, b_rms_weight, c_rms_weight, dt_rms_weight))
    if (checkpoint_lvl > 0 and xz.device.type == "cuda" and computed and delta_softplus and D is not None and delta_bias is not None
            and not A.is_complex() and can_recompute(xz, conv1d_weight.shape[2], A.shape[1])):
        return recomputing_inner(xz_rows, Weights(conv1d_weight.squeeze(1), conv1d_bias, x_proj_weight, delta_proj_weight, delta_bias,
                                                  A, D, out_proj_weight, out_proj_bias))
    x, z = xz_rows.chunk(2, dim=2)
    x = ops.causal_conv1d(x, conv1d_weight.squeeze(1), conv1d_bias, "silu")
    projected = F.linear(x, x_proj_weight)
    delta = F.linear(projected[..., :rank], delta_proj_weight)
    if dt_rms_weight is not None:
        delta = _rms_norm(delta, dt_rms_weight, b_c_dt_rms_eps)

    def states(given, columns, bias, norm):
        if given is not None:
            return given
        values = columns if bias is None else columns + bias.to(columns.dtype)
        values = values if norm is None else _rms_norm(values, norm, b_c_dt_rms_eps)
        if not A.is_complex():
            return values.transpose(1, 2)
        return values.unflatten(2, (-1, 2)).permute(0, 2, 1, 3).flatten(2)  # pairs along time, as selective_scan_fn has them

    B = states(B, projected[..., rank:rank + numbers], B_proj_bias, b_rms_weight)
    C = states(C, projected[..., projected.shape[2] - numbers:], C_proj_bias, c_rms_weight)
    y = selective_scan_fn(x.transpose(1, 2), delta.transpose(1, 2), A, B, C, D, z.transpose(1, 2), delta_bias, delta_softplus)
    return F.linear(y.transpose(1, 2).to(x.dtype), out_proj_weight, out_proj_bias)


def _rms_norm(values: Tensor, weight: Tensor, eps: float) -> Tensor:
    return F.rms_norm(values.float(), weight.shape, weight.float(), eps).to(values.dtype)


def _require_axes(tensor: Tensor, name: str, count: int, axes: str) -> None:
    if tensor.dim() != count:
        raise ValueError(f"{name} has {tensor.dim()} axes, not {count} ({axes}). Reshape it.")


def _transposed(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.transpose(1, 2)


def _states_last(tensor: Tensor, name: str, A: Tensor, u: Tensor) -> Tensor:
    """(batch, time, group, state), or constant (channel, state)."""
    if tensor.dim() not in (2, 3, 4):
        raise ValueError(f"{name} has {tensor.dim()} axes (supported: 2 (channel, state), 3 (batch, state, time), "
                         "4 (batch, group, state, time)). Reshape it.")
    if tensor.dim() == 2:
        return tensor
    if tensor.shape[0] != u.shape[0] or tensor.shape[-2] != A.shape[1] or tensor.shape[-1] != u.shape[2] * (1 + A.is_complex()):
        raise ValueError(f"{name} has shape {tuple(tensor.shape)} (u has batch {u.shape[0]} and time {u.shape[2]}, A {A.shape[1]} "
                         "states; complex A takes pairs along time). Pass it as (batch, state, time) or (batch, group, state, time).")
    grouped = tensor.unsqueeze(1) if tensor.dim() == 3 else tensor
    if A.is_complex():
        grouped = torch.view_as_complex(grouped.float().unflatten(3, (-1, 2)).contiguous())
    return grouped.permute(0, 3, 1, 2)


def _require_groups(tensor: Tensor, name: str, channels: int, groups: int) -> None:
    if tensor.shape[2] not in (1, groups) or channels % groups != 0:
        raise ValueError(f"{name} has {tensor.shape[2]} groups of the {channels} channels (each group has as many channels, and "
                         "B and C as many groups). Pass a number that divides them.")


def _by_group(groups, x, delta, A, B, C, D, z, delta_bias):
    """The arguments of the operator for each group; slices of channels are views."""
    width = x.shape[2] // groups
    for group in range(groups):
        mine = slice(group * width, (group + 1) * width)

        def states(tensor):
            return tensor[:, :, group if tensor.shape[2] > 1 else 0]

        def part(tensor):
            return None if tensor is None else tensor[..., mine]

        if groups == 1:
            yield x, delta, A, states(B), states(C), D, z, delta_bias
        else:
            yield part(x), part(delta), A[mine], states(B), states(C), part(D), part(z), part(delta_bias)


def _conv_of_packed_sequences(x: Tensor, weight: Tensor, bias: Tensor | None, seq_idx: Tensor, activation: str | None) -> Tensor:
    if activation not in (None, "silu", "swish"):
        raise ValueError(f"activation is {activation!r} (supported: 'silu', 'swish', which is the same, and None). Choose one.")
    taps, time = weight.shape[1], x.shape[1]
    wide = torch.float64 if x.dtype == torch.float64 else torch.float32
    values, weight = x.to(wide), weight.to(wide)
    out = torch.zeros_like(values) if bias is None else bias.to(wide).expand_as(values)
    for back in range(min(taps, time)):
        same = (seq_idx[:, back:] == seq_idx[:, :time - back]).unsqueeze(2)
        term = values[:, :time - back] * weight[:, taps - 1 - back] * same
        out = out + F.pad(term, (0, 0, back, 0))
    return (out if activation is None else F.silu(out)).to(x.dtype)
