"""torch.ops.mambasynth on the CPU: values and gradients against plain PyTorch in float64, and PyTorch's own checks."""

import itertools

import pytest

pytestmark = pytest.mark.usefixtures("package")

# Off every boundary: chunks have 64 steps, groups 64 channels, tiles 4 states.
SHAPES = [(2, 1, 8, 4), (1, 3, 70, 5), (2, 65, 8, 16), (3, 130, 20, 1)]


@pytest.fixture(scope="module")
def plain(torch):
    import plain_mamba
    return plain_mamba


@pytest.fixture(scope="module")
def ops(torch, package):
    return torch.ops.mambasynth


def assert_close(torch, ours, expected, tolerance):
    """Within `tolerance` of the largest number, because sums of many terms lose in the small ones."""
    for name, value in expected.items():
        error = (ours[name].double() - value.double()).abs().max() if value.numel() else 0
        assert error <= tolerance * (1 + value.abs().max()), (name, float(error))


@pytest.mark.parametrize("options", list(itertools.product([False, True], repeat=4)), ids=lambda on: "".join("01"[o] for o in on))
def test_the_scan_and_its_gradients_follow_the_formula(torch, ops, plain, options):
    names = ("D", "z", "delta_bias", "delta_softplus")
    for shape in SHAPES:
        arguments = plain.scan_arguments(shape, **dict(zip(names, options, strict=True)))
        copies = plain.in_double(arguments)
        out, last_state = ops.selective_scan(**arguments)
        expected, expected_state = plain.scan(**copies)
        assert_close(torch, {"out": out, "state": last_state}, {"out": expected, "state": expected_state}, 1e-11)
        assert_close(torch, plain.gradients(out, arguments), plain.gradients(expected, copies), 1e-10)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_other_types_are_as_exact_as_they_can_be(torch, ops, plain, dtype):
    """float32: 24 bits through 65 steps of exponentials. Half types: computed in float32, rounded once at the end."""
    dtype = getattr(torch, dtype)
    arguments = plain.scan_arguments((2, 65, 70, 16), dtype)
    copies = plain.in_double(arguments)
    out, last_state = ops.selective_scan(**arguments)
    expected, expected_state = plain.scan(**copies)
    rounding = torch.finfo(dtype).eps
    assert out.dtype == dtype and last_state.dtype == torch.float32
    assert_close(torch, {"out": out}, {"out": expected}, 2 * rounding)
    assert_close(torch, {"state": last_state}, {"state": expected_state}, 1e-6)
    found = plain.gradients(out, arguments)
    assert {name: value.dtype for name, value in found.items()} == {name: arguments[name].dtype for name in found}
    assert_close(torch, found, plain.gradients(expected, copies), max(4 * rounding, 4e-6))


def test_a_scan_of_100003_steps_is_a_linear_filter(torch, ops):
    """With constant coefficients, scipy computes the same recurrence."""
    signal = pytest.importorskip("scipy.signal")
    x = torch.randn(1, 100_003, 8, dtype=torch.float64)
    A = -torch.rand(8, 1, dtype=torch.float64) - 0.01
    delta = torch.full_like(x, 0.1)
    ones = torch.ones(1, 100_003, 1, dtype=torch.float64)
    out, last_state = ops.selective_scan(x, delta, A, ones, ones)
    for channel in range(8):
        decay = float(torch.exp(0.1 * A[channel, 0]))
        expected = torch.from_numpy(signal.lfilter([0.1], [1, -decay], x[0, :, channel].numpy()))
        assert torch.allclose(out[0, :, channel], expected, rtol=1e-10, atol=1e-12)
        assert torch.allclose(last_state[0, channel, 0], expected[-1], rtol=1e-10, atol=1e-12)


def test_5120_channels(torch, ops, plain):
    arguments = plain.scan_arguments((1, 3, 5120, 16), torch.float32)
    copies = plain.in_double(arguments)
    out, expected = ops.selective_scan(**arguments)[0], plain.scan(**copies)[0]
    assert_close(torch, {"out": out}, {"out": expected}, 1e-6)
    assert_close(torch, plain.gradients(out, arguments), plain.gradients(expected, copies), 4e-6)


@pytest.mark.parametrize("shape", [(0, 5, 8, 4), (2, 0, 8, 4)])
def test_empty_sequences_have_empty_results(torch, ops, plain, shape):
    arguments = plain.scan_arguments(shape)
    out, last_state = ops.selective_scan(**arguments)
    assert out.shape == shape[:3] and last_state.shape == (shape[0], shape[2], shape[3]) and not last_state.any()
    assert not plain.gradients(out, arguments)["A"].any()


def test_the_convolution_follows_the_formula(torch, ops, plain):
    for (batch, time, channels), taps, has_bias, activation in [
            ((2, 1, 8), 4, True, "silu"), ((1, 3, 70), 4, False, "silu"), ((2, 65, 8), 1, True, "silu"), ((2, 9, 5), 8, True, "swish"),
            ((2, 9, 5), 4, True, None), ((2, 20, 5), 11, True, "silu")]:
        generator = torch.Generator().manual_seed(0)

        def normal(*sizes):
            return torch.randn(*sizes, dtype=torch.float64, generator=generator).requires_grad_()

        arguments = {"x": normal(batch, time, channels), "weight": normal(channels, taps),
                     "bias": normal(channels) if has_bias else None, "activation": activation}
        out, expected = ops.causal_conv1d(**arguments), plain.convolution(**arguments)
        assert_close(torch, {"out": out}, {"out": expected}, 1e-12)
        assert_close(torch, plain.gradients(out, arguments), plain.gradients(expected, arguments), 1e-12)


def test_slices_are_read_in_place_and_other_layouts_copied(torch, ops, plain):
    arguments = plain.scan_arguments((3, 17, 24, 6))
    expected = ops.selective_scan(**arguments)[0]
    wide = torch.cat([arguments["x"], arguments["z"], arguments["delta"], arguments["B"], arguments["C"]], dim=2)
    sliced = dict(zip(("x", "z", "delta", "B", "C"), wide.split([24, 24, 24, 6, 6], dim=2), strict=True))
    assert sliced["x"].stride(1) == wide.shape[2]
    assert torch.equal(ops.selective_scan(**arguments | sliced)[0], expected)
    turned = {name: arguments[name].transpose(1, 2).contiguous().transpose(1, 2) for name in sliced}
    assert torch.equal(ops.selective_scan(**arguments | turned)[0], expected)
    repeated = {"z": arguments["z"][:, :1].expand(3, 17, 24)}
    by_hand = {"z": arguments["z"][:, :1].repeat(1, 17, 1)}
    assert torch.equal(ops.selective_scan(**arguments | repeated)[0], ops.selective_scan(**arguments | by_hand)[0])
    every_second_row = {"x": arguments["x"].repeat_interleave(2, dim=1)[:, ::2], "B": arguments["B"].repeat_interleave(2, dim=0)[::2]}
    assert torch.equal(ops.selective_scan(**arguments | every_second_row)[0], expected)


def test_results_depend_neither_on_the_run_nor_on_the_threads(torch, ops, plain):
    def results():
        arguments = plain.scan_arguments((2, 100, 200, 16), torch.float32)
        out, _ = ops.selective_scan(**arguments)
        conv = ops.causal_conv1d(out, torch.ones(200, 4))
        return [out, conv, *plain.gradients(out, arguments).values()]

    before = torch.get_num_threads()
    first = results()
    torch.set_num_threads(1 if before > 1 else 3)
    try:
        second = results()
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_the_last_state_has_no_gradient(torch, ops, plain):
    arguments = plain.scan_arguments((1, 5, 8, 4))
    out, last_state = ops.selective_scan(**arguments)
    assert out.requires_grad and not last_state.requires_grad


def test_gradients_of_gradients_are_refused(torch, ops, plain):
    arguments = plain.scan_arguments((1, 5, 8, 4))
    for out in (ops.selective_scan(**arguments)[0], ops.causal_conv1d(arguments["x"], torch.ones(8, 4, dtype=torch.float64))):
        gradient, = torch.autograd.grad(out.square().sum(), arguments["x"], create_graph=True)
        with pytest.raises(NotImplementedError, match=r"^the gradient of a gradient .*\(.*\)\. Leave out create_graph"):
            gradient.sum().backward()


def test_nothing_is_saved_where_no_gradient_is_asked_for(torch, ops, plain):
    arguments = plain.scan_arguments((1, 200, 8, 4))
    positional = list(arguments.values())
    assert ops.selective_scan_forward(*positional, True)[2].shape == (1, 4, 8, 4)
    with torch.no_grad():
        assert ops.selective_scan_forward(*positional, False)[2].numel() == 0
        assert torch.equal(ops.selective_scan(**arguments)[0], ops.selective_scan_forward(*positional, True)[0])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_pytorchs_checks_of_operators_pass(torch, ops, plain, dtype):
    dtype = getattr(torch, dtype)
    full, bare = (plain.scan_arguments((2, 9, 5, 4), dtype, *options) for options in ((True,) * 4, (False,) * 4))
    weight, bias = torch.randn(5, 4, requires_grad=True), torch.randn(5, requires_grad=True)
    cases = [(ops.selective_scan, list(full.values())), (ops.selective_scan, list(bare.values())),
             (ops.causal_conv1d, [full["x"], weight, bias]), (ops.causal_conv1d, [full["x"], weight])]
    if dtype == torch.float32:
        dout = torch.randn(2, 9, 5)
        for arguments in (full, bare):
            positional = list(arguments.values())
            detached = [value.detach() if isinstance(value, torch.Tensor) else value for value in positional]
            saved = ops.selective_scan_forward(*detached, True)[2]
            cases += [(ops.selective_scan_forward, [*positional, True]), (ops.selective_scan_forward, [*detached, False]),
                      *((ops.selective_scan_backward, [dout, *detached, saved, again]) for again in (False, True))]
        cases += [(ops.causal_conv1d_forward, [full["x"], weight, bias]),
                  (ops.causal_conv1d_backward, [dout, full["x"].detach(), weight.detach(), None])]
    for operator, arguments in cases:
        results = torch.library.opcheck(operator, tuple(arguments))
        assert set(results.values()) == {"SUCCESS"}, (operator, results)


def test_gradients_pass_gradcheck(torch, ops, plain):
    arguments = plain.scan_arguments((1, 3, 2, 2))
    assert torch.autograd.gradcheck(lambda *tensors: ops.selective_scan(*tensors, True)[0], list(arguments.values())[:-1])


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiling_breaks_no_graph_and_changes_no_bit(torch, ops, plain, dynamic):
    def loss(weight, **arguments):
        return ops.selective_scan(**arguments | {"x": ops.causal_conv1d(arguments["x"], weight)})[0].square().sum()

    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for time in (9, 70):
        arguments = plain.scan_arguments((2, time, 8, 4), torch.float32)
        weight = torch.randn(8, 4, requires_grad=True)
        expected, found = loss(weight, **arguments), compiled(weight, **arguments)
        assert torch.equal(expected, found)
        inputs = [weight, *(value for value in arguments.values() if isinstance(value, torch.Tensor))]
        for one, other in zip(torch.autograd.grad(expected, inputs), torch.autograd.grad(found, inputs), strict=True):
            assert torch.equal(one, other)


@pytest.mark.long
def test_inductor_compiles_it(torch, ops, plain):
    arguments = plain.scan_arguments((2, 9, 8, 4), torch.float32)
    torch._dynamo.reset()
    compiled = torch.compile(lambda **a: torch.sin(ops.selective_scan(**a)[0]), fullgraph=True)
    assert torch.allclose(compiled(**arguments), torch.sin(ops.selective_scan(**arguments)[0]))


def test_tensors_without_memory_have_shapes(torch, ops, plain):
    arguments = {name: value.to("meta") if isinstance(value, torch.Tensor) else value
                 for name, value in plain.scan_arguments((2, 9, 5, 4), torch.bfloat16).items()}
    out, last_state = ops.selective_scan(**arguments)
    assert (out.shape, out.dtype, last_state.shape, last_state.dtype) == ((2, 9, 5), torch.bfloat16, (2, 5, 4), torch.float32)


def changed(arguments, **changes):
    return {name: changes[name](value) if name in changes else value for name, value in arguments.items()}


@pytest.mark.parametrize("name, change", [
    ("x", lambda x: x[0]), ("delta", lambda delta: delta[:1]), ("A", lambda A: A[0]), ("A", lambda A: A[:-1]),
    ("B", lambda B: B.transpose(1, 2)), ("C", lambda C: C[..., :-1]), ("D", lambda D: D[:-1]), ("z", lambda z: z.transpose(1, 2)),
    ("delta_bias", lambda bias: bias[None]), ("x", lambda x: x.long()), ("A", lambda A: A.cfloat()), ("B", lambda B: B.to("meta")),
])
def test_an_argument_of_the_scan_that_does_not_fit_is_named(ops, plain, name, change):
    arguments = plain.scan_arguments((2, 9, 5, 4))
    with pytest.raises((ValueError, TypeError), match=rf"^{name} .*\(.*\)\. \w"):
        ops.selective_scan(**changed(arguments, **{name: change}))


@pytest.mark.parametrize("arguments, name", [
    (((2, 5), (5, 4)), "x"), (((2, 9, 5), (5,)), "weight"), (((2, 9, 5), (4, 4)), "weight"), (((2, 9, 5), (5, 4), (4,)), "bias")])
def test_an_argument_of_the_convolution_that_does_not_fit_is_named(torch, ops, arguments, name):
    with pytest.raises(ValueError, match=rf"^{name} .*\(.*\)\. \w"):
        ops.causal_conv1d(*(torch.zeros(shape) for shape in arguments))


def test_an_unknown_activation_is_refused_with_the_known_ones(torch, ops):
    with pytest.raises(ValueError, match="'relu'.*'silu', 'swish'"):
        ops.causal_conv1d(torch.zeros(1, 2, 3), torch.zeros(3, 4), None, "relu")


def test_the_inner_operators_refuse_arrays_that_are_too_small(torch, ops, plain):
    """They are reachable, and a kernel must never read past an array."""
    arguments = list(plain.scan_arguments((2, 9, 5, 4)).values())
    with pytest.raises(RuntimeError, match=r"B has shape \(2, 9, 3\) .*\(2, 9, 4\)"):
        ops.selective_scan_forward(*arguments[:3], arguments[3][..., :3], *arguments[4:], True)
    with pytest.raises(RuntimeError, match="saved has shape"):
        ops.selective_scan_backward(torch.zeros(2, 9, 5, dtype=torch.float64), *arguments, torch.zeros(0, dtype=torch.float64), False)
