"""Our Python package against mamba_ssm on one GPU: scan, block, training step of our network, and a 130M-parameter Mamba.

    python tests/benchmarks/mamba_ssm_step.py [--package BUILD/python] [--only NAME,...] [--json FILE]

Medians of CUDA events and the allocator's peak, in one process, ours and theirs in turn. Blocks and networks run under
bfloat16 autocast. Without mamba_ssm, only ours are timed. A patched mamba_ssm (mambasynth.patch) is timed last. Also prints
how far losses and gradients of the same weights differ.
"""

import argparse
import itertools
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
ROUNDS = 2  # ours and theirs in turn


def measured(make):
    """Times from call to call in ms, after warming up, and the most that the call and what it needs had allocated, in MiB."""
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated()
    call = make()
    for _ in range(5):
        call()
    torch.cuda.reset_peak_memory_stats()
    call()
    peak = (torch.cuda.max_memory_allocated() - before) / 2**20
    events = [torch.cuda.Event(enable_timing=True) for _ in range(options.repeats // ROUNDS + 1)]
    for event in events:  # without waiting, as in training: the GPU has work while Python prepares the next call
        event.record()
        call()
    torch.cuda.synchronize()
    return [begin.elapsed_time(end) for begin, end in itertools.pairwise(events)], peak


def compare(name, calls):
    """calls: by "ours", "theirs" and more, functions that make the call to be timed; each made anew, so that nothing of one is
    in the other's memory."""
    times, peaks = {who: [] for who in calls}, {}
    for _ in range(ROUNDS):
        for who, make in calls.items():
            found, peaks[who] = measured(make)
            times[who] += found
    numbers[name] = {who: {"ms": statistics.median(found), "least": min(found), "peak_mib": peaks[who]} for who, found in times.items()}
    ours = numbers[name]["ours"]
    text = ""
    for who, found in numbers[name].items():
        ratio = "" if who == "ours" else f" {found['ms'] / ours['ms']:5.2f} x"
        text += f"   {who} {found['ms']:8.3f} ms {found['peak_mib']:8.0f} MiB{ratio}"
    print(f"{name:58s}{text}", flush=True)


def compare_directions(name, calls):
    """Forward without gradients, backward alone, and both. calls: by name, functions that return the call and its inputs."""

    def forward(make):
        call, _ = make()

        def run():
            with torch.no_grad():
                call()

        return run

    def backward(make):
        call, inputs = make()
        out = call()
        weights = torch.randn_like(out)
        return lambda: torch.autograd.grad(out, inputs, weights, retain_graph=True)

    def both(make):
        call, inputs = make()
        weights = torch.randn_like(call())
        return lambda: torch.autograd.grad(call(), inputs, weights)

    for direction in (forward, backward, both):
        compare(f"{name}, {direction.__name__}", {who: lambda make=make: direction(make) for who, make in calls.items()})


def compare_scan(batch, time, channels, states, dtype=torch.bfloat16):
    torch.manual_seed(0)

    def normal(*sizes, dtype=dtype):
        return torch.randn(*sizes, device="cuda", dtype=dtype).requires_grad_()

    rows = [normal(batch, time, width) for width in (channels, channels, states, states, channels)]  # x, delta, B, C, z
    A = (-torch.rand(channels, states, device="cuda")).requires_grad_()
    D, bias = normal(channels, dtype=torch.float32), normal(channels, dtype=torch.float32)

    def of(scan, copy):
        def make():
            copies = [copy(tensor.detach()).requires_grad_() for tensor in rows]
            x, delta, B, C, z = copies
            return lambda: scan(x, delta, A, B, C, D, z, bias, True), [*copies, A, D, bias]
        return make

    def turned(tensor):
        return tensor.transpose(1, 2).contiguous()

    calls = {"ours": of(lambda *arguments: torch.ops.mambasynth.selective_scan(*arguments)[0], torch.clone)}
    if their_scan:
        calls |= {"theirs": of(their_scan, turned), "ours in their layout": of(mambasynth.selective_scan_fn, turned)}
    kind = str(dtype).removeprefix("torch.")
    compare_directions(f"scan ({batch}, {time}, {channels}), {states} states, {kind}", calls)


def of_both(make):
    """By who, what make returns for their block."""
    return {"ours": lambda: make(mambasynth.Mamba)} | ({"theirs": lambda: make(TheirMamba)} if TheirMamba else {})


def compare_block(suffix, batch, time, features, states):
    torch.manual_seed(0)
    u = torch.randn(batch, time, features, device="cuda", requires_grad=True)

    def make(mamba):
        block = mamba(features, d_state=states, device="cuda")

        def call():
            with torch.autocast("cuda", torch.bfloat16):
                return block(u)

        return call, [u, *block.parameters()]

    compare_directions(f"block ({batch}, {time}, {features}), {states} states{suffix}", of_both(make))


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


def compare_model(name, suffix, make_model, loss_of):
    def autocast_loss(model):
        with torch.autocast("cuda", torch.bfloat16):
            return loss_of(model)

    if TheirMamba:
        weights, losses, gradients = make_model(mambasynth.Mamba).state_dict(), [], []
        for mamba in (mambasynth.Mamba, TheirMamba):
            model = make_model(mamba)
            model.load_state_dict(weights)
            loss = autocast_loss(model)
            loss.backward()
            losses.append(loss.item())
            gradients.append(torch.cat([value.grad.flatten() for _, value in sorted(model.named_parameters())]))
            del model, loss
        apart = ((gradients[0] - gradients[1]).norm() / gradients[1].norm()).item()
        numbers[f"{name}{suffix}: agreement"] = {"losses": losses, "gradients": apart}
        print(f"{name}{suffix}: losses {losses[0]:.6f} and {losses[1]:.6f}, gradients apart by {apart:.2e} of their norm")

    def step_of(mamba):
        model = make_model(mamba)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

        def step():
            loss = autocast_loss(model)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        return step

    compare(f"{name}{suffix}, training step", of_both(step_of))


wanted = options.only.split(",")


def run(suffix=""):
    if "scan" in wanted and not suffix:
        for states in (16, 32, 64):
            compare_scan(128, 1024, 256, states)
        compare_scan(128, 1024, 256, 32, torch.float32)
        compare_scan(8, 2048, 1536, 16)
    if "block" in wanted:
        compare_block(suffix, 128, 1024, 128, 32)
        compare_block(suffix, 8, 2048, 768, 16)
    if "network" in wanted:
        series = torch.randn(128, 1024, 20, device="cuda")
        compare_model("seed network, 7 layers", suffix, seed_network,
                      lambda model: (model(series)[:, :-1] - series[:, 1:]).square().mean())
    if "130m" in wanted:
        tokens = torch.randint(50_280, (8, 2049), device="cuda")
        compare_model("130M Mamba, 24 layers", suffix, language_model,
                      lambda model: nn.functional.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()))


run()
if TheirMamba:
    print("mamba_ssm patched by mambasynth.patch(), in the column of mamba_ssm:")
    mambasynth.patch()
    run(", patched")
if options.json:
    with open(options.json, "w") as file:
        json.dump(numbers, file, indent=2)
