"""The scan step by step in PyTorch, for what the kernels lack: complex A, and B or C that are constant over time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def scan_step_by_step(x: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor | None, z: Tensor | None,
                      delta_bias: Tensor | None, delta_softplus: bool) -> tuple[Tensor, Tensor]:
    """(batch, time, channel) and the last state; B, C: (batch, time, group, state) or (channel, state)."""
    dtype, channels = x.dtype, x.shape[2]
    if A.dim() != 2 or A.shape[0] != channels:
        raise ValueError(f"A has shape {tuple(A.shape)}, not ({channels}, states) (channel, state). Pass it in that shape.")
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    state_type = A.dtype if A.is_complex() else wide
    x, delta, A = x.to(wide), delta.to(wide), A.to(state_type)
    if delta_bias is not None:
        delta = delta + delta_bias.to(wide)
    if delta_softplus:
        delta = F.softplus(delta)

    def checked(tensor: Tensor, name: str) -> Tensor:
        constant = tensor.dim() == 2
        given = tuple(tensor.shape) if constant else (*tensor.shape[:2], tensor.shape[3])
        expected = tuple(A.shape) if constant else (*x.shape[:2], A.shape[1])
        if given != expected or (not constant and channels % tensor.shape[2] != 0):
            raise ValueError(f"{name} does not fit u and A (it has {given}, they ask for {expected}). Pass it in that shape.")
        return tensor.to(state_type)

    B, C = checked(B, "B"), checked(C, "C")

    def at(tensor: Tensor, step: int) -> Tensor:
        if tensor.dim() == 2:
            return tensor
        return tensor[:, step].repeat_interleave(channels // tensor.shape[2], dim=1)

    state = torch.zeros(x.shape[0], channels, A.shape[1], dtype=state_type, device=x.device)
    steps = []
    delta_x = delta * x
    for step in range(x.shape[1]):
        decay = torch.exp(delta[:, step].unsqueeze(2) * A)
        state = decay * state + delta_x[:, step].unsqueeze(2) * at(B, step)
        sums = (state * at(C, step)).sum(2)
        # A complex state stands for a pair of conjugate ones.
        steps.append(2 * sums.real if sums.is_complex() else sums)
    y = torch.stack(steps, dim=1) if steps else torch.zeros_like(x)
    if D is not None:
        y = y + D.to(wide) * x
    if z is not None:
        y = y * F.silu(z.to(wide))
    return y.to(dtype), state.detach()
