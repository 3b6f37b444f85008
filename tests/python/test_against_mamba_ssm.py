"""Our operators and block against the CUDA kernels of an installed mamba_ssm, and both against float64."""

import pytest

DEVICE = "cuda"


@pytest.fixture(scope="module")
def upstream(torch, package):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    pytest.importorskip("selective_scan_cuda", reason="mamba_ssm's compiled scan is not installed")
    return pytest.importorskip("mamba_ssm.ops.selective_scan_interface", reason="mamba_ssm is not installed")


@pytest.fixture(scope="module")
def plain(torch):
    import plain_mamba
    return plain_mamba


# Relative to the largest value. float32: both approximate exponentials. bfloat16: 8 bits, and gradients sum rounded values.
TOLERANCE = {"float32": 5e-5, "bfloat16": 3e-2}
# Ours may err by three times what theirs does, and by this much anyway: in bfloat16, dB and dC are summed over 16 channels,
# rounded, and summed over these groups.
LEAST_ERROR = {"float32": 1e-5, "bfloat16": 1.6e-2}


def distance(one, other):
    return ((one.double().cpu() - other.double().cpu()).abs().max() / (1 + other.abs().max().cpu())).item() if other.numel() else 0.0


def in_upstreams_layout(arguments, dtype):
    turned = {name: value.transpose(1, 2).contiguous() if name in ("x", "delta", "B", "C", "z") and value is not None else value
              for name, value in arguments.items()}
    turned = {"u": turned.pop("x")} | turned
    wide = ("A", "D", "delta_bias")
    return {name: value.detach().to(DEVICE, None if name in wide else dtype).requires_grad_() if hasattr(value, "detach") else value
            for name, value in turned.items()}


def in_double(turned):
    return {name: value.detach().double().cpu() if hasattr(value, "detach") else value for name, value in turned.items()}


def results_of(torch, scan, turned):
    """Output, last state and gradients of a random weighting."""
    own = {name: value.detach().clone().requires_grad_() if hasattr(value, "detach") else value for name, value in turned.items()}
    out, last_state = scan(**own, return_last_state=True)
    weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(out)
    inputs = {name: value for name, value in own.items() if hasattr(value, "detach")}
    gradients = torch.autograd.grad(out, list(inputs.values()), weights)
    return {"out": out, "last_state": last_state} | dict(zip(inputs, gradients, strict=True))


def assert_as_close_as_theirs(ours, theirs, exact, dtype):
    for name, value in exact.items():
        apart, our_error, their_error = distance(ours[name], theirs[name]), distance(ours[name], value), distance(theirs[name], value)
        assert ours[name].shape == theirs[name].shape, name
        assert apart <= TOLERANCE[dtype], (name, apart, our_error, their_error)
        assert our_error <= max(3 * their_error, LEAST_ERROR[dtype]), (name, our_error, their_error)


# batch, time, channels, states
SHAPES = [(2, 1, 64, 16), (2, 3, 72, 8), (1, 65, 256, 32), (2, 127, 20, 5), (2, 1024, 256, 16), (1, 1003, 40, 64), (1, 2049, 64, 128),
          (3, 513, 1536, 16), (1, 3, 5120, 16), (1, 100_003, 8, 16)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("optional", [True, False], ids=["with z, D, delta_bias", "without"])
def test_the_scan_and_its_gradients_equal_upstreams_kernels(torch, package, upstream, plain, shape, dtype, optional):
    kind = getattr(torch, dtype)
    arguments = plain.scan_arguments(shape, kind, D=optional, z=optional, delta_bias=optional)
    turned = in_upstreams_layout(arguments, kind)
    assert_as_close_as_theirs(results_of(torch, package.selective_scan_fn, turned), results_of(torch, upstream.selective_scan_fn, turned),
                              results_of(torch, package.selective_scan_fn, in_double(turned)), dtype)


@pytest.mark.parametrize("groups", [2, 4])
def test_groups_of_B_and_C_equal_upstreams_kernels(torch, package, upstream, plain, groups):
    arguments = plain.scan_arguments((2, 131, 64, 16), torch.float32)
    for name in ("B", "C"):
        arguments[name] = torch.randn(2, 131, groups * 16)
    turned = in_upstreams_layout(arguments, torch.float32)
    for name in ("B", "C"):
        turned[name] = turned[name].detach().unflatten(1, (groups, 16)).contiguous()
    assert_as_close_as_theirs(results_of(torch, package.selective_scan_fn, turned), results_of(torch, upstream.selective_scan_fn, turned),
                              results_of(torch, package.selective_scan_fn, in_double(turned)), "float32")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", [(2, 65, 32, 16), (1, 1003, 96, 32), (2, 256, 128, 8), (1, 3, 64, 64)], ids=str)
def test_a_block_and_its_gradients_equal_upstreams(torch, package, upstream, shape, dtype):
    """shape: batch, time, features, states. bfloat16: under autocast."""
    from mamba_ssm.modules.mamba_simple import Mamba as Theirs
    batch, time, features, states = shape
    torch.manual_seed(0)
    ours, theirs = (kind(features, d_state=states).to(DEVICE) for kind in (package.Mamba, Theirs))
    theirs.load_state_dict(ours.state_dict())
    exact = package.Mamba(features, d_state=states).double()
    exact.load_state_dict(ours.state_dict())
    u = torch.randn(batch, time, features)
    weights = torch.randn(batch, time, features)

    def results(block, device, number, autocast):
        given = u.to(device, number).requires_grad_()
        with torch.autocast("cuda", torch.bfloat16, enabled=autocast):
            out = block(given)
        parameters = dict(block.named_parameters())
        found = torch.autograd.grad(out, [given, *parameters.values()], weights.to(out))
        return {"out": out, "u": found[0]} | dict(zip(parameters, found[1:], strict=True))

    autocast = dtype == "bfloat16"
    assert_as_close_as_theirs(results(ours, DEVICE, torch.float32, autocast), results(theirs, DEVICE, torch.float32, autocast),
                              results(exact, "cpu", torch.float64, False), dtype)
