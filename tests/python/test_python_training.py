"""The original's network, trained in Python on our operators, gives the original's curve and our C++ trainer's."""

import csv

import h5py
import numpy
import pytest

# The settings of the reference's mini_run.
LAYERS, FEATURES, STATES, HIDDEN, CHANNELS = 2, 128, 16, 512, 20
WINDOW, STRIDE, BATCH, EPOCHS, WARMUP, RATE, SEED = 64, 512, 32, 10, 4, 3e-4, 42


def network(torch, package):
    """The original's modules, made in its order, so that the seed gives its weights."""
    from torch import nn

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(FEATURES)
            self.mamba = package.Mamba(FEATURES, d_state=STATES)

        def forward(self, hidden):
            return hidden + self.mamba(self.norm(hidden))

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.input_proj = nn.Linear(CHANNELS, FEATURES)
            self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
            self.final_norm = nn.LayerNorm(FEATURES)
            head = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, CHANNELS))
            self.output_heads = nn.ModuleDict({"1": head})

        def forward(self, x):
            hidden = self.input_proj(x)
            for layer in self.layers:
                hidden = layer(hidden)
            return self.output_heads["1"](self.final_norm(hidden))

    torch.manual_seed(SEED)
    return Network()


def rate_of(epoch):
    least = 0.01 * RATE
    if epoch <= WARMUP:
        return RATE * (0.01 + 0.99 * (epoch - 1) / WARMUP)
    return least + (RATE - least) * (1 + numpy.cos(numpy.pi * (epoch - WARMUP - 1) / (EPOCHS - WARMUP))) / 2


def train(torch, model, series):
    """Each epoch's training and validation loss."""
    starts = numpy.arange(0, len(series) - WINDOW + 1, STRIDE)
    windows = torch.from_numpy(numpy.stack([series[start:start + WINDOW] for start in starts]))
    order = torch.randperm(len(windows), generator=torch.Generator().manual_seed(SEED)).tolist()
    held_out = max(1, int(len(windows) * 0.1))
    training, validation = windows[order[:-held_out]], windows[order[-held_out:]]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)

    def loss_of(batch):
        return (model(batch)[:, :-1] - batch[:, 1:]).square().mean()

    def drawn():
        return int(torch.empty((), dtype=torch.int64).random_().item())

    curve = []
    for epoch in range(1, EPOCHS + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate_of(epoch)
        drawn()  # a data loader's base seed
        shuffled = torch.randperm(len(training), generator=torch.Generator().manual_seed(drawn())).tolist()
        losses = []
        for first in range(0, len(shuffled), BATCH):
            loss = loss_of(training[shuffled[first:first + BATCH]])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        drawn()  # the validation loader's
        with torch.no_grad():
            held = [loss_of(validation[first:first + BATCH]).item() for first in range(0, held_out, BATCH)]
        curve.append((numpy.mean(losses), numpy.mean(held)))
    return numpy.array(curve)


def read_losses(file):
    with open(file) as lines:
        return numpy.array([(float(row["train_mse"]), float(row["val_mse"])) for row in csv.DictReader(lines)])


def test_the_curve_is_the_originals_and_our_cpp_trainers(torch, package, mambasynth, reference, tmp_path):
    """To 1e-5: the original's own runs in float32 and float64 differ by 7e-6."""
    with numpy.load(reference / "data.npz") as data:
        series = data["X"].astype("f4")
    curve = train(torch, network(torch, package), series)
    assert curve == pytest.approx(read_losses(reference / "mini_run/base.csv"), abs=1e-5)

    settings = {
        "data.path": reference / "data.npz", "model.n_layers": LAYERS, "model.d_state": STATES, "model.dropout": 0,
        "train.split": "random", "train.lr_floor": "global", "train.num_workers": 0, "train.seq_len": WINDOW, "train.stride": STRIDE,
        "train.batch_size": BATCH, "train.warmup_epochs": WARMUP, "train.epochs": EPOCHS, "train.precision": "fp32", "train.test_every": EPOCHS}
    mambasynth("train", "--out", tmp_path, "--no-figures", "--no-probes", "--no-controls", "--no-similarity", "--device", "cpu", "--threads", 1,
               *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")))
    with h5py.File(tmp_path / "trial.h5") as file:
        theirs = numpy.stack([file["history/train_mse"][:], file["history/val_mse"][:]], axis=1)
    assert curve == pytest.approx(theirs, abs=1e-5)
