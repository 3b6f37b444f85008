"""Our Python package against mamba_ssm on one GPU: scan, block, training step of our network, and a 130M-parameter Mamba.

    python tests/benchmarks/mamba_ssm_step.py [--package BUILD/python] [--only NAME,...] [--json FILE]

Medians of CUDA events, both in turn in one process, bfloat16 autocast. Without mamba_ssm, only ours are timed; a patched
mamba_ssm (mambasynth.patch) is timed last. Also prints how far outputs and gradients of the same weights differ.
"""

import argparse
import json
import statistics
import sys

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--package", help="folder that holds the package mambasynth, if it is not installed")
parser.add_argument("--only", default="scan,block,network,130m", help="which to time [%(default)s]")
parser.add_argument("--repeats", type=int, default=30, help="timed calls [%(default)s]")
parser.add_argument("--json", help="file for the numbers")
options = parser.parse_args()
if options.package:
    sys.path.insert(0, options.package)

import torch  # noqa: E402
from torch import nn  # noqa: E402

import mambasynth  # noqa: E402

if not torch.cuda.is_available():
    sys.exit("mamba_ssm_step.py: no CUDA device (both packages are timed on one). Run it on a machine with a GPU.")
try:
    from mamba_ssm import Mamba as TheirMamba
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn as their_scan
except ImportError as error:
    print(f"mamba_ssm is not installed ({error}): only ours are timed")
    TheirMamba = their_scan = None

numbers = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__}


def milliseconds(call):
    """The median of single calls, after warming up."""
    for _ in range(5):
        call()
    times = []
    for _ in range(options.repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        call()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return statistics.median(times)


def report(name, ours, theirs=None):
    numbers[name] = {"ours": ours, "theirs": theirs}
    beside = f"   mamba_ssm {theirs:9.3f} ms   {theirs / ours:5.2f} x" if theirs else ""
    print(f"{name:44s} ours {ours:9.3f} ms{beside}", flush=True)


def forward_and_backward(call, inputs):
    """Times of the forward alone and of both."""
    with torch.no_grad():
        forward = milliseconds(call)
    out = call()
    weights = torch.randn_like(out)

    def both():
        torch.autograd.grad(call(), inputs, weights)

    return forward, milliseconds(both)


def time_scan(name, batch, time, channels, states):
    def normal(*sizes, dtype=torch.bfloat16):
        return torch.randn(*sizes, device="cuda", dtype=dtype).requires_grad_()

    x, delta, z = (normal(batch, time, channels) for _ in range(3))
    B, C = (normal(batch, time, states) for _ in range(2))
    A = (-torch.rand(channels, states, device="cuda")).requires_grad_()
    D, bias = normal(channels, dtype=torch.float32), normal(channels, dtype=torch.float32)
    inputs = [x, delta, A, B, C, D, z, bias]
    ours = forward_and_backward(lambda: torch.ops.mambasynth.selective_scan(x, delta, A, B, C, D, z, bias, True)[0], inputs)
    theirs = (None, None)
    if their_scan:
        turned = [tensor.detach().transpose(1, 2).contiguous().requires_grad_() for tensor in (x, delta, B, C, z)]
        u, theirs_delta, theirs_B, theirs_C, theirs_z = turned
        theirs = forward_and_backward(lambda: their_scan(u, theirs_delta, A, theirs_B, theirs_C, D, theirs_z, bias, True),
                                      [*turned, A, D, bias])
        turned_ours = forward_and_backward(
            lambda: mambasynth.selective_scan_fn(u, theirs_delta, A, theirs_B, theirs_C, D, theirs_z, bias, True), [*turned, A, D, bias])
    report(f"{name}: scan, forward", ours[0], theirs[0])
    report(f"{name}: scan, forward and backward", ours[1], theirs[1])
    if their_scan:
        report(f"{name}: scan in their layout, forward", turned_ours[0], theirs[0])
        report(f"{name}: scan in their layout, both", turned_ours[1], theirs[1])


class Residual(nn.Module):
    def __init__(self, mamba, features, states):
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.mamba = mamba(features, d_state=states)

    def forward(self, hidden):
        return hidden + self.mamba(self.norm(hidden))


def network(mamba, layers, features, states, inputs, outputs):
    torch.manual_seed(0)
    return nn.Sequential(inputs, *(Residual(mamba, features, states) for _ in range(layers)), nn.LayerNorm(features), outputs).cuda()


def seed_network(mamba):
    head = nn.Sequential(nn.Linear(128, 512), nn.GELU(), nn.Linear(512, 20))
    return network(mamba, 7, 128, 32, nn.Linear(20, 128), head)


def language_model(mamba):
    return network(mamba, 24, 768, 16, nn.Embedding(50_280, 768), nn.Linear(768, 50_280, bias=False))


def training_step(model, loss_of):
    """One step of AdamW, as a function."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step():
        with torch.autocast("cuda", torch.bfloat16):
            loss = loss_of(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def time_model(name, make, loss_of):
    ours = make(mambasynth.Mamba)
    theirs = make(TheirMamba) if TheirMamba else None
    if theirs:
        theirs.load_state_dict(ours.state_dict())
        losses, gradients = [], []
        for model in (ours, theirs):
            with torch.autocast("cuda", torch.bfloat16):
                loss = loss_of(model)
            loss.backward()
            losses.append(loss.item())
            gradients.append(torch.cat([value.grad.flatten() for _, value in sorted(model.named_parameters())]))
            model.zero_grad()
        apart = ((gradients[0] - gradients[1]).norm() / gradients[1].norm()).item()
        numbers[f"{name}: agreement"] = {"losses": losses, "gradients": apart}
        print(f"{name}: losses {losses[0]:.6f} and {losses[1]:.6f}, gradients apart by {apart:.2e} of their norm")
    ours = milliseconds(training_step(ours, loss_of))
    theirs = milliseconds(training_step(theirs, loss_of)) if theirs else None
    report(f"{name}: training step", ours, theirs)
    torch.cuda.empty_cache()


def time_block(name, batch, time, features, states):
    torch.manual_seed(0)
    u = torch.randn(batch, time, features, device="cuda", requires_grad=True)
    results = []
    for mamba in (mambasynth.Mamba, TheirMamba):
        if mamba is None:
            results.append((None, None))
            continue
        block = mamba(features, d_state=states, device="cuda")

        def call(block=block):
            with torch.autocast("cuda", torch.bfloat16):
                return block(u)

        results.append(forward_and_backward(call, [u, *block.parameters()]))
    for index, which in enumerate(("forward", "forward and backward")):
        report(f"{name}: block, {which}", results[0][index], results[1][index])


series = torch.randn(128, 1024, 20, device="cuda")
tokens = torch.randint(50_280, (8, 2049), device="cuda")
wanted = options.only.split(",")


def run(suffix=""):
    if "scan" in wanted and not suffix:
        time_scan("seed (128, 1024, 256), 32 states", 128, 1024, 256, 32)
        time_scan("130M (8, 2048, 1536), 16 states", 8, 2048, 1536, 16)
    if "block" in wanted:
        time_block(f"seed (128, 1024, 128), 32 states{suffix}", 128, 1024, 128, 32)
        time_block(f"130M (8, 2048, 768), 16 states{suffix}", 8, 2048, 768, 16)
    if "network" in wanted:
        time_model(f"seed network, 7 layers{suffix}", seed_network, lambda model: (model(series)[:, :-1] - series[:, 1:]).square().mean())
    if "130m" in wanted:
        time_model(f"130M Mamba, 24 layers{suffix}", language_model,
                   lambda model: nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()))


run()
if TheirMamba:
    print("mamba_ssm patched by mambasynth.patch(), in the column of mamba_ssm:")
    mambasynth.patch()
    run(", patched")
if options.json:
    with open(options.json, "w") as file:
        json.dump(numbers, file, indent=2)
