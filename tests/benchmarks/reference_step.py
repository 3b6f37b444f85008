#!/usr/bin/env python3
"""Times a training step of the same model in Python on the CPU, for `mambasynth bench step --against FILE`.

`mambapy`: its parallel scan in PyTorch. `loop`: the scan as a loop over time, with exp(delta A) and delta B x computed
for all steps beforehand, as in mamba_ssm's own reference. `lean_loop`: the same loop, computing them step by step. The
sizes and the work of a step (forward with dropout, loss, backward, clip, AdamW) are those of `mambasynth bench step`.

    pip install -r requirements.txt
    python3 reference_step.py mambapy --json mambapy.json
    python3 reference_step.py loop --json loop.json
    mambasynth bench step --against mambapy.json --against loop.json
"""
import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

CHANNELS, D_FF, DROPOUT = 20, 512, 0.1


class LoopBlock(nn.Module):
    """A Mamba-1 block whose scan is a Python loop over time."""

    def __init__(self, d_model, d_state, lean, expand=2, d_conv=4):
        super().__init__()
        self.lean = lean
        self.d_inner, self.d_state, self.rank = expand * d_model, d_state, -(-d_model // 16)
        self.in_proj = nn.Linear(d_model, 2 * self.d_inner, bias=False)
        self.conv1d = nn.Conv1d(self.d_inner, self.d_inner, d_conv, groups=self.d_inner, padding=d_conv - 1)
        self.x_proj = nn.Linear(self.d_inner, self.rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(self.rank, self.d_inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1, d_state + 1.0)).repeat(self.d_inner, 1))
        self.D = nn.Parameter(torch.ones(self.d_inner))
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=False)

    def forward(self, u):
        steps = u.shape[1]
        x, z = self.in_proj(u).chunk(2, -1)
        x = F.silu(self.conv1d(x.transpose(1, 2))[..., :steps]).transpose(1, 2)
        dt, B, C = self.x_proj(x).split([self.rank, self.d_state, self.d_state], -1)
        delta, A = F.softplus(self.dt_proj(dt)), -torch.exp(self.A_log)
        if not self.lean:
            decay = torch.exp(delta[..., None] * A)
            drive = (delta * x)[..., None] * B[:, :, None, :]
        h, y = torch.zeros(u.shape[0], self.d_inner, self.d_state), []
        for t in range(steps):
            if self.lean:
                step = delta[:, t, :, None]
                h = torch.exp(step * A) * h + step * B[:, t, None, :] * x[:, t, :, None]
            else:
                h = decay[:, t] * h + drive[:, t]
            y.append((h * C[:, t, None, :]).sum(-1))
        return self.out_proj((torch.stack(y, 1) + self.D * x) * F.silu(z))


def make_block(implementation, d_model, d_state, layers):
    if implementation != "mambapy":
        return LoopBlock(d_model, d_state, lean=implementation == "lean_loop")
    from mambapy.mamba import MambaBlock, MambaConfig
    return MambaBlock(MambaConfig(d_model=d_model, n_layers=layers, d_state=d_state, pscan=True))


class Model(nn.Module):
    def __init__(self, implementation, d_model, d_state, layers):
        super().__init__()
        self.enter = nn.Linear(CHANNELS, d_model)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in range(layers))
        self.blocks = nn.ModuleList(make_block(implementation, d_model, d_state, layers) for _ in range(layers))
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Sequential(nn.Linear(d_model, D_FF), nn.GELU(), nn.Linear(D_FF, CHANNELS))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x):
        h = self.dropout(self.enter(x))
        for norm, block in zip(self.norms, self.blocks):
            h = h + self.dropout(block(norm(h)))
        return self.head(self.norm(h))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("implementation", choices=["mambapy", "loop", "lean_loop"])
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seq-len", type=int, default=256)
    parser.add_argument("--d-model", type=int, default=128)
    parser.add_argument("--n-layers", type=int, default=7)
    parser.add_argument("--d-state", type=int, default=32)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(42)
    model = Model(args.implementation, args.d_model, args.d_state, args.n_layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.01)
    x = torch.randn(args.batch_size, args.seq_len, CHANNELS)

    def step():
        optimizer.zero_grad(set_to_none=True)
        ((model(x)[:, :-1] - x[:, 1:]) ** 2).mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    step()
    times = []
    for _ in range(args.runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    report = {"implementation": args.implementation, "torch": torch.__version__, "threads": args.threads,
              "results": [{"name": "step", "runs": args.runs, "median_s": statistics.median(times),
                           "least_s": min(times), "most_s": max(times), "peak_memory_mb": peak}]}
    print(json.dumps(report, indent=2))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)


if __name__ == "__main__":
    main()
