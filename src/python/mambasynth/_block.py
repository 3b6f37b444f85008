"""The block as one differentiable function that keeps little for its backward, with and without its first projection.

It keeps x_proj's output and the scan's states. The backward computes the convolution, delta and the scan's output again, and
in the whole block the first projection's output, from which they come.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ._operators import MOST_TAPS, no_cuda, ops

# Listed once, because torch.compile does not trace calls that return numbers.
_CUDA_STATES = frozenset() if no_cuda else frozenset(n for n in range(1, 257) if ops.scan_states_cuda(n) == n)


class Weights(NamedTuple):
    """What follows the first projection. conv1d: (channel, tap)."""

    conv1d: Tensor
    conv1d_bias: Tensor | None
    x_proj: Tensor
    dt_proj: Tensor
    delta_bias: Tensor
    A: Tensor
    D: Tensor
    out_proj: Tensor
    out_proj_bias: Tensor | None


def can_recompute(given: Tensor, taps: int, states: int) -> bool:
    """Whether the kernels take these arguments as they are. given: the block's or the inner function's input."""
    cuda = given.device.type == "cuda"
    kinds = (torch.float32, torch.bfloat16) if cuda else (torch.float32, torch.float64)
    return (torch.is_grad_enabled() and _computed_type(given) in kinds and taps <= MOST_TAPS and given.numel() > 0
            and (not cuda or states in _CUDA_STATES) and not torch._C._are_functorch_transforms_active())


def recomputing_block(u: Tensor, in_proj: Tensor, in_proj_bias: Tensor | None, weights: Weights) -> Tensor:
    """(batch, time, feature), where `can_recompute`."""
    dtype = _computed_type(u)
    return _Block.apply(*_cast(dtype, u, in_proj, in_proj_bias), *_converted(weights, dtype))


def recomputing_inner(xz: Tensor, weights: Weights) -> Tensor:
    """From (batch, time, 2 channel), where `can_recompute`."""
    dtype = _computed_type(xz)
    return _Inner.apply(xz.to(dtype).contiguous(), *_converted(weights, dtype))


def _computed_type(given: Tensor) -> torch.dtype:
    kind = given.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else given.dtype


def _cast(dtype: torch.dtype, *tensors: Tensor | None) -> list[Tensor | None]:
    return [None if tensor is None else tensor.to(dtype) for tensor in tensors]


def _converted(weights: Weights, dtype: torch.dtype) -> Weights:
    """In the types in which autocast and the operators compute."""
    conv1d, conv1d_bias, x_proj, dt_proj, delta_bias, A, D, out_proj, out_proj_bias = weights
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    return Weights(*_cast(wide, conv1d, conv1d_bias), *_cast(dtype, x_proj, dt_proj), *_cast(wide, delta_bias, A, D),
                   *_cast(dtype, out_proj, out_proj_bias))


def _rows(tensor: Tensor) -> Tensor:
    return tensor.reshape(-1, tensor.shape[-1])


def _split(projected: Tensor, w: Weights) -> tuple[Tensor, ...]:
    return projected.split([w.dt_proj.shape[1], w.A.shape[1], w.A.shape[1]], dim=2)


def _forward(xz: Tensor, w: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """The output, and what the backward needs."""
    x, z = xz.chunk(2, dim=2)
    x = ops.causal_conv1d_forward(x, w.conv1d, w.conv1d_bias)
    projected = F.linear(x, w.x_proj)
    low_rank, B, C = _split(projected, w)
    y, _, states = ops.selective_scan_forward(x, F.linear(low_rank, w.dt_proj), w.A, B, C, w.D, z, w.delta_bias, True, True)
    return F.linear(y, w.out_proj, w.out_proj_bias), projected, states


def _backward(dout: Tensor, xz: Tensor, w: Weights, projected: Tensor, states: Tensor) -> tuple[Tensor, Tensor, Weights]:
    """Gradients of the halves of xz, and of the weights."""
    x_in, z = xz.chunk(2, dim=2)
    x = ops.causal_conv1d_forward(x_in, w.conv1d, w.conv1d_bias)
    low_rank, B, C = _split(projected, w)
    dx, ddelta, dA, dB, dC, dD, dz, ddelta_bias, y = ops.selective_scan_backward(
        dout @ w.out_proj, x, F.linear(low_rank, w.dt_proj), w.A, B, C, w.D, z, w.delta_bias, True, states, True)
    dout_proj = _rows(dout).T @ _rows(y)
    ddt_proj = _rows(ddelta).T @ _rows(low_rank)
    dprojected = torch.cat([ddelta @ w.dt_proj, dB, dC], dim=2)
    dx_proj = _rows(dprojected).T @ _rows(x)
    dx = torch.addmm(_rows(dx), _rows(dprojected), w.x_proj).view_as(x)
    dx, dconv1d, dconv1d_bias = ops.causal_conv1d_backward(dx, x_in, w.conv1d, w.conv1d_bias)
    return dx, dz, Weights(dconv1d, None if w.conv1d_bias is None else dconv1d_bias, dx_proj, ddt_proj, ddelta_bias, dA, dD,
                           dout_proj, None if w.out_proj_bias is None else _rows(dout).sum(0))


class _Block(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u, in_proj, in_proj_bias, *weights):
        out, projected, states = _forward(F.linear(u, in_proj, in_proj_bias), Weights(*weights))
        ctx.save_for_backward(u, in_proj, in_proj_bias, *weights, projected, states)
        return out

    @staticmethod
    def backward(ctx, dout):
        u, in_proj, in_proj_bias, *weights, projected, states = ctx.saved_tensors
        dx, dz, dweights = _backward(dout, F.linear(u, in_proj, in_proj_bias), Weights(*weights), projected, states)
        halves = [_rows(dx), _rows(dz)]
        du = None
        if ctx.needs_input_grad[0]:
            for_x, for_z = in_proj.chunk(2)
            du = torch.addmm(halves[0] @ for_x, halves[1], for_z).view_as(u)
        din_proj = torch.cat([half.T @ _rows(u) for half in halves])
        din_proj_bias = None if in_proj_bias is None else torch.cat([half.sum(0) for half in halves])
        return du, din_proj, din_proj_bias, *dweights


class _Inner(torch.autograd.Function):
    @staticmethod
    def forward(ctx, xz, *weights):
        out, projected, states = _forward(xz, Weights(*weights))
        ctx.save_for_backward(xz, *weights, projected, states)
        return out

    @staticmethod
    def backward(ctx, dout):
        xz, *weights, projected, states = ctx.saved_tensors
        dx, dz, dweights = _backward(dout, xz, Weights(*weights), projected, states)
        return torch.cat([dx, dz], dim=2), *dweights
