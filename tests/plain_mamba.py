"""Mamba's equations as plain PyTorch, for tests: one step after the other, no kernels."""

import torch
import torch.nn.functional as F


def scan(x, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False):
    """x, delta, z: (batch, time, channel); A: (channel, state); B, C: (batch, time, state) or (batch, time, channel, state).
    Returns the output and the last state."""
    delta = delta if delta_bias is None else delta + delta_bias
    delta = F.softplus(delta) if delta_softplus else delta
    B, C = (values if values.dim() == 4 else values.unsqueeze(2) for values in (B, C))
    state = torch.zeros(x.shape[0], x.shape[2], A.shape[1], dtype=A.dtype, device=x.device)
    outputs = []
    for t in range(x.shape[1]):
        state = torch.exp(delta[:, t].unsqueeze(2) * A) * state + (delta * x)[:, t].unsqueeze(2) * B[:, t]
        y = (state * C[:, t]).sum(2)
        outputs.append(2 * y.real if y.is_complex() else y)
    out = torch.stack(outputs, 1)
    out = out if D is None else out + D * x
    return out if z is None else out * F.silu(z), state


def convolution(x, weight, bias=None, activation="silu"):
    """x: (batch, time, channel); weight: (channel, tap)."""
    taps = weight.shape[1]
    padded = F.pad(x, (0, 0, taps - 1, 0))
    out = sum(padded[:, tap:tap + x.shape[1]] * weight[:, tap] for tap in range(taps))
    out = out if bias is None else out + bias
    return out if activation is None else F.silu(out)


def block(u, weights):
    """A Mamba block from its state dict."""
    x, z = (u @ weights["in_proj.weight"].T).chunk(2, 2)
    x = convolution(x, weights["conv1d.weight"].squeeze(1), weights.get("conv1d.bias"))
    rank, states = weights["dt_proj.weight"].shape[1], weights["A_log"].shape[1]
    low_rank, B, C = (x @ weights["x_proj.weight"].T).split([rank, states, states], 2)
    delta = low_rank @ weights["dt_proj.weight"].T
    y, _ = scan(x, delta, -torch.exp(weights["A_log"]), B, C, weights["D"], z, weights["dt_proj.bias"], True)
    return y @ weights["out_proj.weight"].T


def scan_arguments(shape, dtype=torch.float64, D=True, z=True, delta_bias=True, delta_softplus=True, seed=0):
    """Random arguments of the scan, by name, which require gradients. shape: batch, time, channels, states."""
    generator = torch.Generator().manual_seed(seed)
    batch, time, channels, states = shape
    parameter = torch.float64 if dtype == torch.float64 else torch.float32

    def normal(*sizes, dtype=dtype):
        return torch.randn(*sizes, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()

    def uniform(*sizes, dtype=dtype, scale=1.0):
        return (scale * torch.rand(*sizes, generator=generator, dtype=torch.float64)).to(dtype).requires_grad_()

    step = normal if delta_softplus else uniform  # a negative delta makes states grow without limit
    return {
        "x": normal(batch, time, channels),
        "delta": step(batch, time, channels),
        "A": uniform(channels, states, dtype=parameter, scale=-1.0),
        "B": normal(batch, time, states),
        "C": normal(batch, time, states),
        "D": normal(channels, dtype=parameter) if D else None,
        "z": normal(batch, time, channels) if z else None,
        "delta_bias": step(channels, dtype=parameter) if delta_bias else None,
        "delta_softplus": delta_softplus,
    }


def in_double(arguments):
    """The same numbers in float64, and gradients of their own."""
    return {name: value.detach().double().cpu().requires_grad_() if isinstance(value, torch.Tensor) else value
            for name, value in arguments.items()}


def gradients(out, arguments, seed=1):
    """By name, of a random weighting of the output."""
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    tensors = {name: value for name, value in arguments.items() if isinstance(value, torch.Tensor)}
    found = torch.autograd.grad(out, list(tensors.values()), weights.to(out.device, out.dtype))
    return dict(zip(tensors, found, strict=True))
