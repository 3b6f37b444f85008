"""The block as one differentiable function that keeps little for its backward."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ._operators import MOST_TAPS, ops


def recomputing_block(u: Tensor, in_proj: tuple, conv1d: tuple, x_proj: Tensor, dt_proj: tuple, A: Tensor, D: Tensor,
                      out_proj: tuple) -> Tensor:
    """A block's output, where `can_recompute`. The pairs are weight and bias; u: (batch, time, feature).

    Keeps its input, x_proj's output and the scan's states. The backward computes in_proj's output, the convolution, delta
    and the scan's output again, which costs two products, and a block needs half the memory.
    """
    dtype = _computed_type(u)

    def cast(pair):
        weight, bias = pair
        return weight.to(dtype), None if bias is None else bias.to(dtype)

    conv_weight, conv_bias = conv1d
    dt_weight, dt_bias = dt_proj
    parameter = torch.float64 if dtype == torch.float64 else torch.float32
    return _Block.apply(u.to(dtype), *cast(in_proj), conv_weight.squeeze(1).to(parameter),
                        None if conv_bias is None else conv_bias.to(parameter), x_proj.to(dtype), dt_weight.to(dtype),
                        dt_bias.to(parameter), A.to(parameter), D.to(parameter), *cast(out_proj))


def can_recompute(u: Tensor, taps: int, states: int) -> bool:
    """Whether the kernels take these arguments as they are."""
    kinds = (torch.float32, torch.bfloat16) if u.device.type == "cuda" else (torch.float32, torch.float64)
    return (torch.is_grad_enabled() and _computed_type(u) in kinds and taps <= MOST_TAPS and u.numel() > 0
            and (u.device.type != "cuda" or ops.scan_states_cuda(int(states)) == states)
            and not torch._C._are_functorch_transforms_active())


def _computed_type(u: Tensor) -> torch.dtype:
    kind = u.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else u.dtype


def _rows(tensor: Tensor) -> Tensor:
    return tensor.reshape(-1, tensor.shape[-1])


def _split(projected: Tensor, dt_weight: Tensor, A: Tensor) -> tuple[Tensor, ...]:
    return projected.split([dt_weight.shape[1], A.shape[1], A.shape[1]], dim=2)


class _Block(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u, in_weight, in_bias, conv_weight, conv_bias, x_weight, dt_weight, dt_bias, A, D, out_weight, out_bias):
        x, z = F.linear(u, in_weight, in_bias).chunk(2, dim=2)
        x = ops.causal_conv1d_forward(x, conv_weight, conv_bias)
        projected = F.linear(x, x_weight)
        low_rank, B, C = _split(projected, dt_weight, A)
        y, _, states = ops.selective_scan_forward(x, F.linear(low_rank, dt_weight), A, B, C, D, z, dt_bias, True, True)
        ctx.save_for_backward(u, in_weight, in_bias, conv_weight, conv_bias, x_weight, dt_weight, dt_bias, A, D, out_weight,
                              projected, states)
        return F.linear(y, out_weight, out_bias)

    @staticmethod
    def backward(ctx, dout):
        (u, in_weight, in_bias, conv_weight, conv_bias, x_weight, dt_weight, dt_bias, A, D, out_weight, projected,
         states) = ctx.saved_tensors
        x_in, z = F.linear(u, in_weight, in_bias).chunk(2, dim=2)
        x = ops.causal_conv1d_forward(x_in, conv_weight, conv_bias)
        low_rank, B, C = _split(projected, dt_weight, A)
        dx, ddelta, dA, dB, dC, dD, dz, ddt_bias, y = ops.selective_scan_backward(
            dout @ out_weight, x, F.linear(low_rank, dt_weight), A, B, C, D, z, dt_bias, True, states, True)
        dout_weight = _rows(dout).T @ _rows(y)
        ddt_weight = _rows(ddelta).T @ _rows(low_rank)
        dprojected = torch.cat([ddelta @ dt_weight, dB, dC], dim=2)
        dx_weight = _rows(dprojected).T @ _rows(x)
        dx = torch.addmm(_rows(dx), _rows(dprojected), x_weight).view_as(x)
        dx, dconv_weight, dconv_bias = ops.causal_conv1d_backward(dx, x_in, conv_weight, conv_bias)
        halves = [_rows(dx), _rows(dz)]
        du = None
        if ctx.needs_input_grad[0]:
            weight_x, weight_z = in_weight.chunk(2)
            du = torch.addmm(halves[0] @ weight_x, halves[1], weight_z).view_as(u)
        din_weight = torch.cat([half.T @ _rows(u) for half in halves])
        din_bias = None if in_bias is None else torch.cat([half.sum(0) for half in halves])
        dout_bias = _rows(dout).sum(0) if ctx.needs_input_grad[11] else None
        return (du, din_weight, din_bias, dconv_weight, dconv_bias if conv_bias is not None else None, dx_weight, ddt_weight,
                ddt_bias, dA, dD, dout_weight, dout_bias)
