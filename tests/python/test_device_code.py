"""The GPU code on a machine without a GPU: NVRTC 12.8 compiles it for sm_120, and every kernel fits that GPU's limits.

Needs what tests/run.sh installs from tests/requirements-device-code.txt (MAMBASYNTH_DEVICE_TOOLS names its folder).
Tests of kernel instances also need a build with CUDA.
"""

import ctypes
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from conftest import CHECKOUT

HEADERS = sorted((CHECKOUT / "kernels" / "cuda").rglob("*.cuh"))
NAMESPACE = "mambasynth::kernels::cuda::device::"

# Limits of a block on sm_120 (CUDA programming guide, table of technical specifications): 99 KB of shared memory and
# 64 K registers, which are allocated to warps in units of 8 per thread.
MOST_THREADS = 1024
REGISTERS = 65536
SHARED_BYTES = 99 * 1024


@pytest.fixture(scope="module")
def tools():
    folder = os.environ.get("MAMBASYNTH_DEVICE_TOOLS")
    if not folder or not Path(folder).is_dir():
        pytest.skip("tests/run.sh did not install NVRTC and cuobjdump (x86-64 only)")
    return Path(folder) / "nvidia"


@pytest.fixture(scope="module")
def library(build):
    file = build / "kernels" / "cuda" / "libmambasynth_kernels_cuda.a"
    if not file.exists():
        pytest.skip("the tested build has no GPU kernels (it was made without CUDA)")
    return file


@pytest.fixture(scope="module")
def compile_for_sm_120(tools):
    """compile(SOURCE, EXPRESSIONS): NVRTC's log if it rejects the source or an instance, else ''."""
    nvrtc = ctypes.CDLL(tools / "cuda_nvrtc" / "lib" / "libnvrtc.so.12")
    options = ["--gpu-architecture=sm_120", "--std=c++20", f"-I{CHECKOUT}", f"-I{tools / 'cuda_runtime' / 'include'}",
               f"-I{tools / 'cuda_cccl' / 'include'}"]
    arguments = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))

    def compile(source, expressions=()):
        program = ctypes.c_void_p()
        assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"test.cu", 0, None, None) == 0
        for expression in expressions:
            assert nvrtc.nvrtcAddNameExpression(program, expression.encode()) == 0
        failed = nvrtc.nvrtcCompileProgram(program, len(options), arguments)
        size = ctypes.c_size_t()
        nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        nvrtc.nvrtcGetProgramLog(program, log)
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return log.value.decode() or "no reason given" if failed else ""

    return compile


def include(header):
    return f'#include "{header.relative_to(CHECKOUT)}"\n'


def kernels_of(header):
    """Names of the kernels that a header defines."""
    text = re.sub(r"//.*", "", header.read_text())
    attribute = r"__\w+__\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
    return re.findall(r"__global__\s+void\s+(\w+)\s*\(", re.sub(attribute, "", text))


def instances_of(library):
    """The name expressions of the library's kernel instances, by kernel name."""
    symbols = subprocess.run(["nm", "--demangle", "--defined-only", library], capture_output=True, text=True, check=True)
    instances = defaultdict(set)
    for line in symbols.stdout.splitlines():
        if found := re.search(rf" [TWVt] (?:void )?({NAMESPACE}(\w+)(?:<.*>)?)\(", line):
            instances[found[2]].add(found[1])
    return instances


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
def test_nvrtc_compiles_every_header_alone(compile_for_sm_120, header):
    assert compile_for_sm_120(include(header)) == ""


@pytest.mark.parametrize("header", [h for h in HEADERS if kernels_of(h)], ids=lambda header: header.name)
def test_nvrtc_compiles_every_kernel(compile_for_sm_120, library, header):
    instances = instances_of(library)
    expressions = []
    for name in kernels_of(header):
        assert instances[name], f"the library holds no {name}"
        expressions += sorted(instances[name])
    assert compile_for_sm_120(include(header), expressions) == ""


def test_nvrtc_rejects_invalid_code(compile_for_sm_120):
    assert "error" in compile_for_sm_120("#include <vector>\n__global__ void kernel() {}")
    assert compile_for_sm_120("template <class T> __global__ void kernel() { T::missing(); }", ["kernel<int>"])


def resources_of(cuobjdump, library):
    """ptxas's report on each kernel for sm_120: registers per thread, shared bytes, maximum threads per block."""
    def read(*options):
        return subprocess.run([cuobjdump, *options, "-arch", "sm_120", library], capture_output=True, text=True,
                              check=True).stdout
    kernels = {}
    for name, usage in re.findall(r"Function (\S+):\s*\n\s*(REG.*)", read("--dump-resource-usage")):
        numbers = dict(item.split(":", 1) for item in usage.split())
        kernels[name] = {"registers": int(numbers["REG"]), "shared": int(numbers["SHARED"]), "threads": None}
    for section in read("-elf").split("\n.nv.info.")[1:]:
        name, attributes = section.split("\n.", 1)[0].split("\n", 1)
        if found := re.search(r"EIATTR_MAX_THREADS\s+Format:.*\s+Value:((?:\s+0x[0-9a-f]+){3})", attributes):
            x, y, z = (int(value, 16) for value in found[1].split())
            kernels[name.strip()]["threads"] = x * y * z
    return kernels


def misfits(kernels):
    """One line per kernel that does not fit, with the reason."""
    for name, kernel in kernels.items():
        threads = kernel["threads"]
        if threads is None:
            yield f"{name}: no __launch_bounds__, so nothing limits its registers"
            continue
        registers = -(-kernel["registers"] // 8) * 8 * (-(-threads // 32) * 32)
        if threads > MOST_THREADS or registers > REGISTERS or kernel["shared"] > SHARED_BYTES:
            yield f"{name}: {threads} threads of {kernel['registers']} registers, {kernel['shared']} bytes of shared memory"


def test_every_kernel_fits_a_block_of_sm_120(tools, library):
    """Static resources only: the compiler's report does not include dynamic shared memory."""
    kernels = resources_of(tools / "cu13" / "bin" / "cuobjdump", library)
    assert len(kernels) >= sum(len(kernels_of(header)) for header in HEADERS)
    assert list(misfits(kernels)) == []


def test_kernels_that_do_not_fit_are_found():
    good = {"registers": 128, "shared": 99 * 1024, "threads": 512}
    assert list(misfits({"good": good})) == []
    for wrong in ({"registers": 129}, {"shared": 99 * 1024 + 1}, {"threads": None}, {"threads": 1056, "registers": 32}):
        assert len(list(misfits({"wrong": good | wrong}))) == 1
