"""torch.ops.mambasynth on a GPU, against the CPU's operators in float64, which test_operators.py compares with the formula."""

import itertools

import pytest


@pytest.fixture(scope="module")
def torch_with_gpu(torch):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch


@pytest.fixture(scope="module")
def ops(torch_with_gpu, package):
    from mambasynth import _operators
    if _operators.no_cuda:
        pytest.skip(f"no GPU operators: {_operators.no_cuda}")
    return torch_with_gpu.ops.mambasynth


@pytest.fixture(scope="module")
def plain(torch_with_gpu):
    import plain_mamba
    return plain_mamba


def on_gpu(torch, arguments):
    return {name: value.detach().cuda().requires_grad_() if isinstance(value, torch.Tensor) else value
            for name, value in arguments.items()}


def assert_close(ours, expected, tolerance):
    for name, value in expected.items():
        error = (ours[name].double().cpu() - value.double()).abs().max() if value.numel() else 0
        assert error <= tolerance * (1 + value.abs().max()), (name, float(error), float(value.abs().max()))


# The fast kernels need whole groups of channels and aligned rows; the others serve the rest.
SHAPES = [(2, 65, 64, 16), (1, 3, 72, 32), (3, 1, 8, 4), (2, 130, 20, 5), (1, 100, 256, 64), (2, 33, 64, 128), (1, 2000, 16, 16)]
# float32: approximate exponentials. bfloat16: 8 bits, and gradients sum rounded states.
TOLERANCE = {"float32": 2e-5, "bfloat16": 3e-2}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_scan_and_its_gradients_match_the_cpus(torch_with_gpu, ops, plain, dtype, shape):
    torch = torch_with_gpu
    for options in itertools.product([False, True], repeat=4):
        arguments = plain.scan_arguments(shape, getattr(torch, dtype), *options)
        there, copies = on_gpu(torch, arguments), plain.in_double(arguments)
        out, last_state = ops.selective_scan(**there)
        expected, expected_state = ops.selective_scan(**copies)
        assert out.dtype == there["x"].dtype and last_state.dtype == torch.float32
        assert_close({"out": out, "state": last_state}, {"out": expected, "state": expected_state}, TOLERANCE[dtype])
        assert_close(plain.gradients(out, there), plain.gradients(expected, copies), 2 * TOLERANCE[dtype])


def test_a_missing_gate_is_exactly_a_gate_of_one(torch_with_gpu, ops, plain):
    """z = 32 multiplies by 32 in every type."""
    torch = torch_with_gpu
    for dtype in (torch.float32, torch.bfloat16):
        arguments = on_gpu(torch, plain.scan_arguments((2, 65, 64, 16), dtype, z=False))
        gated = arguments | {"z": torch.full_like(arguments["x"], 32)}
        assert torch.equal(ops.selective_scan(**arguments)[0] * 32, ops.selective_scan(**gated)[0])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape, taps", [((2, 65, 64), 4), ((1, 3, 70), 4), ((2, 100, 20), 8), ((3, 1, 8), 2)])
@pytest.mark.parametrize("has_bias", [False, True])
def test_the_convolution_matches_the_cpus(torch_with_gpu, ops, plain, dtype, shape, taps, has_bias):
    torch = torch_with_gpu
    generator = torch.Generator().manual_seed(0)
    arguments = {"x": torch.randn(shape, generator=generator).to(getattr(torch, dtype)).requires_grad_(),
                 "weight": torch.randn(shape[2], taps, generator=generator).requires_grad_(),
                 "bias": torch.randn(shape[2], generator=generator).requires_grad_() if has_bias else None}
    there, copies = on_gpu(torch, arguments), plain.in_double(arguments)
    out, expected = ops.causal_conv1d(**there), ops.causal_conv1d(**copies)
    assert_close({"out": out}, {"out": expected}, TOLERANCE[dtype])
    assert_close(plain.gradients(out, there), plain.gradients(expected, copies), 2 * TOLERANCE[dtype])


def test_slices_and_other_layouts_give_the_same(torch_with_gpu, ops, plain):
    torch = torch_with_gpu
    arguments = on_gpu(torch, plain.scan_arguments((3, 17, 64, 16), torch.bfloat16))
    expected = ops.selective_scan(**arguments)[0]
    wide = torch.cat([arguments["x"], arguments["z"], arguments["delta"], arguments["B"], arguments["C"]], dim=2)
    sliced = dict(zip(("x", "z", "delta", "B", "C"), wide.split([64, 64, 64, 16, 16], dim=2), strict=True))
    turned = {name: arguments[name].transpose(1, 2).contiguous().transpose(1, 2) for name in sliced}
    for other in (sliced, turned):
        assert torch.allclose(ops.selective_scan(**arguments | other)[0].float(), expected.float(), rtol=1e-2, atol=1e-2)


def test_empty_sequences_and_repeated_gates(torch_with_gpu, ops, plain):
    torch = torch_with_gpu
    for shape in ((0, 5, 8, 4), (2, 0, 8, 4)):
        arguments = on_gpu(torch, plain.scan_arguments(shape, torch.float32))
        weight = torch.ones(8, 4, device="cuda", requires_grad=True)
        out, last_state = ops.selective_scan(**arguments | {"x": ops.causal_conv1d(arguments["x"], weight)})
        assert out.shape == shape[:3] and not last_state.any()
        found = plain.gradients(out, arguments | {"weight": weight})
        assert not found["A"].any() and not found["weight"].any()
    arguments = on_gpu(torch, plain.scan_arguments((2, 9, 64, 16), torch.float32))
    row = arguments["z"].detach()[:1, :1].requires_grad_()
    expanded, repeated = (ops.selective_scan(**arguments | {"z": z})[0] for z in (row.expand(2, 9, 64), row.repeat(2, 9, 1)))
    assert torch.equal(expanded, repeated)
    assert torch.equal(*(torch.autograd.grad(out.sum(), row)[0] for out in (expanded, repeated)))


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_results_do_not_depend_on_the_run(torch_with_gpu, ops, plain, dtype):
    torch = torch_with_gpu

    def results():
        arguments = on_gpu(torch, plain.scan_arguments((8, 500, 256, 32), getattr(torch, dtype)))
        weight = torch.ones(256, 4, device="cuda", requires_grad=True)
        conv = ops.causal_conv1d(arguments["x"], weight)
        out = ops.selective_scan(**arguments | {"x": conv})[0]
        return [out, *plain.gradients(out, arguments | {"weight": weight}).values()]

    first = results()
    for _ in range(3):
        assert all(torch.equal(one, other) for one, other in zip(first, results(), strict=True))


def test_other_streams_and_half_precision(torch_with_gpu, ops, plain):
    torch = torch_with_gpu
    arguments = on_gpu(torch, plain.scan_arguments((2, 65, 64, 16), torch.float16))
    expected = ops.selective_scan(**arguments)[0]
    assert expected.dtype == torch.float16
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        there = ops.selective_scan(**arguments)[0]
    stream.synchronize()
    assert torch.equal(there, expected)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_pytorchs_checks_of_operators_pass(torch_with_gpu, ops, plain, dtype):
    torch = torch_with_gpu
    for options in itertools.product([False, True], repeat=2):
        arguments = on_gpu(torch, plain.scan_arguments((2, 19, 64, 16), getattr(torch, dtype), *options, *options))
        results = torch.library.opcheck(ops.selective_scan, tuple(arguments.values()))
        assert set(results.values()) == {"SUCCESS"}, results
    results = torch.library.opcheck(ops.causal_conv1d, (arguments["x"], torch.ones(64, 4, device="cuda", requires_grad=True)))
    assert set(results.values()) == {"SUCCESS"}, results


def test_compiling_breaks_no_graph(torch_with_gpu, ops, package):
    torch = torch_with_gpu
    torch.manual_seed(0)
    block = package.Mamba(64, d_state=16, device="cuda", dtype=torch.bfloat16)
    u = torch.randn(2, 100, 64, device="cuda", dtype=torch.bfloat16)
    torch._dynamo.reset()
    try:
        import triton  # noqa: F401
        backend = "inductor"
    except ImportError:
        backend = "aot_eager"
    out = torch.compile(block, fullgraph=True, backend=backend)(u)
    assert torch.allclose(out.float(), block(u).float(), rtol=2e-2, atol=2e-2)
    out.float().square().sum().backward()
    assert all(value.grad is not None for value in block.parameters())


def test_steps_give_what_the_whole_sequence_gives(torch_with_gpu, ops, package):
    torch = torch_with_gpu
    torch.manual_seed(0)
    block = package.Mamba(32, d_state=16, device="cuda")
    u = torch.randn(2, 11, 32, device="cuda")
    states = block.allocate_inference_cache(2, 11)
    steps = [block.step(u[:, t:t + 1], *states)[0] for t in range(11)]
    assert torch.allclose(torch.cat(steps, 1), block(u), rtol=1e-3, atol=1e-4)  # matrix products may use TF32


def test_what_the_gpu_lacks_is_refused_in_words(torch_with_gpu, ops):
    torch = torch_with_gpu
    x = torch.zeros(1, 4, 8, device="cuda")
    many = torch.zeros(1, 4, 1000, device="cuda")
    with pytest.raises(ValueError, match=r"^A has 1000 states \(the GPU kernels hold at most \d+\)\. Use fewer"):
        ops.selective_scan(x, x, torch.zeros(8, 1000, device="cuda"), many, many)
    with pytest.raises(TypeError, match=r"^x is torch.float64 on cuda"):
        ops.causal_conv1d(x.double(), torch.zeros(8, 4, device="cuda", dtype=torch.float64))
    with pytest.raises(ValueError, match=r"^delta is on cpu, x on cuda"):
        ops.selective_scan(x, x.cpu(), torch.zeros(8, 4, device="cuda"), many[..., :4], many[..., :4])


@pytest.mark.long
def test_more_than_two_to_the_31_elements(torch_with_gpu, ops):
    torch = torch_with_gpu
    batch, time, channels, states = 8, 65_536, 4_104, 16
    if torch.cuda.mem_get_info()[0] < 90e9:
        pytest.skip("needs 90 GB of GPU memory")
    assert batch * time * channels > 2**31
    generator = torch.Generator("cuda").manual_seed(0)

    def normal(*sizes):
        return torch.randn(*sizes, device="cuda", dtype=torch.bfloat16, generator=generator)

    x, delta, B, C = normal(batch, time, channels), normal(batch, time, channels), normal(batch, time, states), normal(batch, time, states)
    A = -torch.rand(channels, states, device="cuda", generator=generator)
    inputs = [tensor.requires_grad_() for tensor in (x, delta, A, B, C)]
    out, _ = ops.selective_scan(*inputs, delta_softplus=True)
    dx, ddelta, _, dB, dC = torch.autograd.grad(out, inputs, torch.ones_like(out))
    last = [tensor[-1:].detach().requires_grad_() for tensor in (x, delta, B, C)]
    expected, _ = ops.selective_scan(last[0], last[1], A, last[2], last[3], delta_softplus=True)
    gradients = torch.autograd.grad(expected, last, torch.ones_like(expected))
    for ours, theirs in zip((out, dx, ddelta, dB, dC), (expected, *gradients), strict=True):
        theirs = theirs.float()
        assert (ours[-1:].float() - theirs).abs().max() <= 2e-2 * (1 + theirs.abs().max())
