"""The Python package: upstream's functions and block."""

import subprocess
import sys
import types

import pytest


@pytest.fixture(scope="module")
def plain(torch):
    import plain_mamba
    return plain_mamba


@pytest.fixture(scope="module")
def block(torch, package):
    torch.manual_seed(0)
    return package.Mamba(32, d_state=5, layer_idx=0).double()


def run_python(code, package_folder, *more):
    """Runs code in an interpreter that knows the package and these folders."""
    program = f"import sys; sys.path[:0] = {[str(package_folder), *more]!r}\n{code}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


def upstream_layout(arguments):
    """The operator's arguments as selective_scan_fn has them."""
    turned = {name: value.transpose(1, 2) if name in ("x", "delta", "B", "C", "z") and value is not None else value
              for name, value in arguments.items()}
    return {"u": turned.pop("x")} | turned


# --- import ---


def test_importing_takes_less_than_a_second_and_no_other_package(package_folder):
    done = run_python("import time; start = time.perf_counter(); import mambasynth; mambasynth.open_trial\n"
                      "print(time.perf_counter() - start, *({'torch', 'xarray', 'pandas', 'numpy'} & set(sys.modules)))", package_folder)
    seconds, *loaded = done.stdout.split()
    assert float(seconds) < 1 and loaded == [], done.stderr


@pytest.mark.parametrize("imports", ["import mambasynth, torch", "import torch, mambasynth",
                                     "import importlib.util, mambasynth; importlib.util.find_spec('torch'); import torch"])
def test_the_operators_are_there_whichever_is_imported_first(torch, package_folder, imports):
    folder = str(next(iter(torch.__path__)).removesuffix("/torch"))
    done = run_python(f"{imports}\nprint(torch.ops.mambasynth.selective_scan.default)\n"
                      "assert torch.__spec__.loader is torch.__loader__ and 'Action' not in repr(torch.__loader__)", package_folder, folder)
    assert done.stdout.strip() == "mambasynth.selective_scan.default", done.stderr


def test_an_unknown_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match="Manba"):
        package.Manba  # noqa: B018
    assert {"Mamba", "patch", "selective_scan_fn", "mamba_inner_fn", "causal_conv1d_fn", "open_trial", "open_sweep",
            "open_activations"} <= set(dir(package))


# --- selective_scan_fn ---


@pytest.mark.parametrize("contiguous", [True, False])
def test_upstreams_layout_gives_the_formulas_values(torch, package, plain, contiguous):
    arguments = plain.scan_arguments((2, 65, 12, 6))
    turned = upstream_layout(arguments)
    if contiguous:
        turned = {name: value.contiguous() if isinstance(value, torch.Tensor) else value for name, value in turned.items()}
    out, last_state = package.selective_scan_fn(**turned, return_last_state=True)
    expected, expected_state = plain.scan(**arguments)
    assert torch.allclose(out.transpose(1, 2), expected, rtol=1e-11, atol=1e-11)
    assert torch.allclose(last_state, expected_state, rtol=1e-11, atol=1e-11)


def in_groups(torch, plain, B_groups, C_groups):
    """Arguments with groups of B and C, in upstream's layout and for the formula, where each channel has its own."""
    arguments = plain.scan_arguments((2, 9, 12, 6))
    B, C = (torch.randn(2, groups, 6, 9, dtype=torch.float64, requires_grad=True) for groups in (B_groups, C_groups))
    by_channel = {name: values.permute(0, 3, 1, 2).repeat_interleave(12 // values.shape[1], 2) for name, values in (("B", B), ("C", C))}
    return upstream_layout(arguments) | {"B": B, "C": C}, arguments | by_channel


@pytest.mark.parametrize("B_groups, C_groups", [(1, 1), (3, 3), (4, 1)])
def test_groups_of_channels_have_their_own_B_and_C(torch, package, plain, B_groups, C_groups):
    turned, arguments = in_groups(torch, plain, B_groups, C_groups)
    out, last_state = package.selective_scan_fn(**turned, return_last_state=True)
    expected, expected_state = plain.scan(**arguments)
    assert torch.allclose(out.transpose(1, 2), expected, rtol=1e-11, atol=1e-11)
    assert torch.allclose(last_state, expected_state, rtol=1e-11, atol=1e-11)
    inputs = [turned["B"], turned["C"], arguments["x"], arguments["D"]]
    for one, other in zip(torch.autograd.grad(out.sin().sum(), inputs), torch.autograd.grad(expected.sin().sum(), inputs), strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("constant", [("B",), ("C",), ("B", "C")])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_constant_B_and_C_and_complex_A_follow_the_formula(torch, package, plain, constant, kind):
    arguments = plain.scan_arguments((2, 9, 12, 6))
    turned = upstream_layout(arguments)
    if kind == "complex":
        turned["A"] = arguments["A"] = torch.complex(arguments["A"], torch.randn(12, 6, dtype=torch.float64)).detach().requires_grad_()
    for name in ("B", "C"):
        if name in constant:
            values = torch.randn(12, 6, dtype=arguments["A"].dtype, requires_grad=True)
            turned[name], arguments[name] = values, values.expand(2, 9, 12, 6)
        elif kind == "complex":
            pairs = torch.randn(2, 6, 18, dtype=torch.float64, requires_grad=True)  # (real, imaginary) along time
            turned[name] = pairs
            arguments[name] = torch.view_as_complex(pairs.unflatten(2, (9, 2)).contiguous()).permute(0, 2, 1)
    out, _ = package.selective_scan_fn(**turned, return_last_state=True)
    expected, _ = plain.scan(**arguments)
    tolerance = 1e-11 if kind == "real" else 1e-5  # upstream, too, computes complex B and C in float32
    assert torch.allclose(out.transpose(1, 2), expected, rtol=tolerance, atol=tolerance)
    assert torch.allclose(*(torch.autograd.grad(result.sum(), turned["A"])[0] for result in (out, expected)), rtol=1e-4, atol=1e-4)


def test_wrong_groups_are_named(torch, package, plain):
    turned, _ = in_groups(torch, plain, 3, 4)
    with pytest.raises(ValueError, match=r"^B has 3 groups of the 12 channels"):
        package.selective_scan_fn(**turned)
    with pytest.raises(ValueError, match=r"^u has 2 axes"):
        package.selective_scan_fn(**turned | {"u": turned["u"][0]})


@pytest.mark.parametrize("name, change", [
    ("u", lambda u: u.long()), ("delta", lambda delta: delta.transpose(1, 2)), ("z", lambda z: z[:1]), ("A", lambda A: A[None]),
    ("A", lambda A: A[:-1]), ("B", lambda B: B[..., :-1]), ("C", lambda C: C.transpose(1, 2)), ("B", lambda B: B[:, :1, :1]),
    ("D", lambda D: D[:-1]), ("delta_bias", lambda bias: bias.cfloat())])
def test_an_argument_that_does_not_fit_is_named_as_upstream_names_it(package, plain, name, change):
    turned = upstream_layout(plain.scan_arguments((2, 9, 12, 6)))
    with pytest.raises((ValueError, TypeError), match=rf"^{name} .*\(.*\)\. \w"):
        package.selective_scan_fn(**turned | {name: change(turned[name])})


def test_upstreams_functions_compile_without_graph_breaks(torch, package, plain):
    def loss(weight, turned):
        conv = package.causal_conv1d_fn(turned["u"], weight, activation="silu")
        return package.selective_scan_fn(**turned | {"u": conv})[0].square().sum()

    turned, _ = in_groups(torch, plain, 3, 3)
    weight = torch.randn(12, 4, dtype=torch.float64, requires_grad=True)
    torch._dynamo.reset()
    found, expected = torch.compile(loss, fullgraph=True, backend="aot_eager")(weight, turned), loss(weight, turned)
    assert torch.allclose(found, expected, rtol=1e-12)
    assert torch.allclose(*(torch.autograd.grad(result, weight)[0] for result in (found, expected)), rtol=1e-10)


# --- causal_conv1d_fn ---


def test_states_carry_the_convolution_across_a_cut(torch, package):
    x, weight, bias = torch.randn(2, 8, 20, dtype=torch.float64), torch.randn(8, 4, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
    whole = package.causal_conv1d_fn(x, weight, bias, activation="silu")
    for cut in (1, 2, 9):
        kept = torch.empty(2, 8, 3, dtype=torch.float64)
        first, states = package.causal_conv1d_fn(x[:, :, :cut], weight, bias, return_final_states=True, final_states_out=kept, activation="silu")
        assert states is kept
        second = package.causal_conv1d_fn(x[:, :, cut:], weight, bias, initial_states=states, activation="silu")
        assert torch.allclose(torch.cat([first, second], 2), whole, rtol=1e-12, atol=1e-12)


def test_packed_sequences_do_not_see_each_other(torch, package):
    x, weight = torch.randn(1, 8, 20, dtype=torch.float64), torch.randn(8, 4, dtype=torch.float64)
    index = torch.tensor([[0] * 7 + [1] * 2 + [2] * 11], dtype=torch.int32)
    packed = package.causal_conv1d_fn(x, weight, seq_idx=index, activation="silu")
    apart = [package.causal_conv1d_fn(part, weight, activation="silu") for part in x.split([7, 2, 11], 2)]
    assert torch.allclose(packed, torch.cat(apart, 2), rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="^seq_idx excludes initial_states"):
        package.causal_conv1d_fn(x, weight, seq_idx=index, return_final_states=True)


# --- Mamba ---


def test_the_block_has_upstreams_parameters(package):
    shapes = {name: tuple(value.shape) for name, value in package.Mamba(128, d_state=32, bias=True).state_dict().items()}
    assert shapes == {
        "A_log": (256, 32), "D": (256,), "in_proj.weight": (512, 128), "in_proj.bias": (512,), "conv1d.weight": (256, 1, 4),
        "conv1d.bias": (256,), "x_proj.weight": (72, 256), "dt_proj.weight": (256, 8), "dt_proj.bias": (256,),
        "out_proj.weight": (128, 256), "out_proj.bias": (128,)}


def test_the_block_follows_the_formula(torch, block, plain):
    u = torch.randn(2, 65, 32, dtype=torch.float64)
    # The formula in float64; A in float32, as upstream computes it.
    weights = block.state_dict()
    weights["A_log"] = torch.log(torch.exp(weights["A_log"].float()).double())
    assert torch.allclose(block(u), plain.block(u, weights), rtol=1e-9, atol=1e-9)


def test_steps_give_what_the_whole_sequence_gives(torch, block):
    u = torch.randn(2, 11, 32, dtype=torch.float64)
    whole = block(u)
    states = block.allocate_inference_cache(2, 11)
    assert [tuple(state.shape) for state in states] == [(2, 64, 4), (2, 64, 5)] and {state.dtype for state in states} == {torch.float64}
    steps = [block.step(u[:, t:t + 1], *states)[0] for t in range(11)]
    assert torch.allclose(torch.cat(steps, 1), whole, rtol=1e-5, atol=1e-6)  # a step computes in float32


@pytest.mark.parametrize("prompt", [1, 2, 7])
def test_a_prompt_fills_the_cache_that_steps_continue(torch, block, prompt):
    u = torch.randn(2, 11, 32, dtype=torch.float64)
    cache = types.SimpleNamespace(seqlen_offset=0, key_value_memory_dict={})
    parts = [block(u[:, :prompt], inference_params=cache)]
    for t in range(prompt, 11):
        cache.seqlen_offset = t
        parts.append(block(u[:, t:t + 1], inference_params=cache))
    assert torch.allclose(torch.cat(parts, 1), block(u), rtol=1e-5, atol=1e-6)


def test_the_inner_function_is_the_block_after_its_first_projection(torch, package, block):
    u = torch.randn(2, 11, 32, dtype=torch.float64)
    xz = block.in_proj(u).transpose(1, 2)
    rest = (block.conv1d.weight, block.conv1d.bias, block.x_proj.weight, block.dt_proj.weight, block.out_proj.weight, None,
            -torch.exp(block.A_log.float()), None, None, block.D)
    for layout in (xz, xz.contiguous()):
        assert torch.allclose(package.mamba_inner_fn(layout, *rest, delta_bias=block.dt_proj.bias), block(u), rtol=1e-12, atol=1e-12)
    normed = package.mamba_inner_fn(xz, *rest, delta_bias=block.dt_proj.bias, b_rms_weight=torch.ones(5), c_rms_weight=torch.ones(5),
                                    dt_rms_weight=torch.ones(64), B_proj_bias=torch.ones(5), C_proj_bias=torch.ones(5))
    assert normed.shape == (2, 11, 32) and not torch.allclose(normed, block(u))


def test_the_inner_function_in_float32_errs_as_little_as_the_formula(torch, package, plain):
    """With upstream's weights of size one, sums that cancel give outputs of 1e8, and a tolerance per value says little."""
    torch.manual_seed(0)
    sizes = {"xz": (2, 1536, 128), "conv1d_weight": (768, 1, 3), "conv1d_bias": (768,), "x_proj_weight": (64, 768),
             "delta_proj_weight": (768, 48), "out_proj_weight": (384, 768), "A": (768, 8), "D": (768,), "delta_bias": (768,)}
    values = {name: torch.randn(size) for name, size in sizes.items()}
    values["A"] = -torch.rand(768, 8)

    def formula(xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, out_proj_weight, A, D, delta_bias):
        x, z = xz.transpose(1, 2).chunk(2, 2)
        x = plain.convolution(x, conv1d_weight.squeeze(1), conv1d_bias)
        low_rank, B, C = (x @ x_proj_weight.T).split([48, 8, 8], 2)
        y, _ = plain.scan(x, low_rank @ delta_proj_weight.T, A, B, C, D, z, delta_bias, True)
        return y @ out_proj_weight.T

    def results(function, dtype):
        arguments = {name: value.to(dtype).requires_grad_() for name, value in values.items()}
        out = function(**arguments)
        return {"out": out, **plain.gradients(out, arguments)}

    exact = results(formula, torch.float64)
    ours = results(lambda **arguments: package.mamba_inner_fn(**arguments, out_proj_bias=None), torch.float32)
    for name, value in results(formula, torch.float32).items():
        error, formulas = ((found.double() - exact[name]).norm() / exact[name].norm() for found in (ours[name], value))
        assert error < 1.5 * formulas + 1e-6, (name, float(error), float(formulas))


@pytest.mark.parametrize("biases", [True, False])
def test_the_block_of_little_memory_has_the_same_results_and_compiles(torch, package, biases):
    """The one that runs on GPUs; its function has no other kernels than the block's."""
    from mambasynth._block import Weights, can_recompute, recomputing_inner
    torch.manual_seed(0)
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        block = package.Mamba(16, d_state=4, conv_bias=biases, bias=biases).to(dtype)
        u, weights = (torch.randn(2, 67, 16, dtype=dtype) for _ in range(2))

        def results(function):
            given = u.clone().requires_grad_()
            out = function(given)
            return [out, *torch.autograd.grad(out, [given, *block.parameters()], weights)]

        def with_the_inner_function(given):
            weights = Weights(block.conv1d.weight.squeeze(1), block.conv1d.bias, block.x_proj.weight, block.dt_proj.weight,
                              block.dt_proj.bias, -torch.exp(block.A_log.float()), block.D, block.out_proj.weight, block.out_proj.bias)
            return recomputing_inner(block.in_proj(given), weights)

        @torch.compile(fullgraph=True, backend="aot_eager")
        def compiled(given):
            return block._recomputing(given) if can_recompute(given, taps=4, states=4) else None

        expected = results(block)
        torch._dynamo.reset()
        for function in (block._recomputing, compiled, with_the_inner_function):
            for one, other in zip(results(function), expected, strict=True):
                assert one.dtype == other.dtype and torch.allclose(one, other, rtol=tolerance, atol=tolerance * other.detach().abs().max().item())


def test_the_block_trains_in_half_precision_and_compiled(torch, package):
    torch._dynamo.reset()
    for dtype in (torch.bfloat16, torch.float32):
        block = package.Mamba(16, d_state=4, dtype=dtype)
        assert block.A_log.dtype == torch.float32
        compiled = torch.compile(block, fullgraph=True, backend="aot_eager")
        out = compiled(torch.randn(2, 5, 16, dtype=dtype))
        out.float().square().sum().backward()
        assert out.dtype == dtype and all(value.grad is not None and value.grad.isfinite().all() for value in block.parameters())


@pytest.mark.parametrize("call, name", [
    (lambda package, torch, block: block(torch.zeros(2, 5, 31)), "hidden_states"),
    (lambda package, torch, block: block.step(torch.zeros(2, 5, 32), None, None), "hidden_states"),
    (lambda package, torch, block: package.Mamba(16, dt_init="ones"), "dt_init"),
    (lambda package, torch, block: package.Mamba(16)(torch.zeros(1, 2, 16), types.SimpleNamespace(seqlen_offset=0)), "inference_params"),
])
def test_errors_of_the_block_name_the_argument(torch, package, block, call, name):
    with pytest.raises(ValueError, match=rf"^{name} .*\(.*\)\. \w"):
        call(package, torch, block)
