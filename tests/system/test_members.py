"""Files that hold more than the rows: mambasynth dimension finds the only matrix and ignores everything else."""

import io
import resource
import warnings
import zipfile
import zlib

import h5py
import numpy
import pytest
from test_bad_input import says

ROWS = numpy.random.default_rng(0).standard_normal((120, 3))


def links(file):
    file["g/up"] = file["/"]
    file["g/again"] = file["g"]
    file["second"] = file["rows"]
    file["nowhere"] = h5py.SoftLink("/none")
    file["round"], file["about"] = h5py.SoftLink("/about"), h5py.SoftLink("/round")
    file["alias"], file["top"] = h5py.SoftLink("/rows"), h5py.SoftLink("/")
    file["elsewhere"] = h5py.ExternalLink("none.h5", "/x")
    for i in range(40):  # 2^40 paths
        file.create_group(f"n{i}")
    for i in range(39):
        file[f"n{i}/left"] = file[f"n{i}/right"] = file[f"n{i + 1}"]
    for i in range(2000):
        file[f"many/{i}"] = h5py.SoftLink("/none")


def types(file):
    file["records"] = numpy.zeros((4, 2), dtype=[("a", "f8"), ("b", "i4")])
    file["complex"] = ROWS + 1j
    file["words"] = numpy.array([["a", "b"], ["c", "d"]], dtype=h5py.string_dtype())
    file["opaque"] = numpy.zeros((4, 2), dtype="V8")
    file["empty"], file["number"], file["vector"], file["none"] = h5py.Empty("f8"), 3.0, numpy.zeros(5), numpy.zeros((0, 4))
    file["type"] = numpy.dtype("f8")
    for name, dtype in (("lists", h5py.vlen_dtype("f8")), ("references", h5py.ref_dtype), ("arrays", numpy.dtype(("f8", (2, 2))))):
        file.create_dataset(name, (3, 2), dtype)
    for name, dtype in ((b"time", h5py.h5t.UNIX_D32LE), (b"bits", h5py.h5t.STD_B8LE)):
        h5py.h5d.create(file.id, name, dtype, h5py.h5s.create_simple((3, 2)))
    file["line\nbreak"] = numpy.zeros(3)


def deep(file):
    group = file
    for _ in range(3000):
        group = group.create_group("g")


@pytest.mark.parametrize("beside, options", [
    (links, {}), (types, {}), (types, {"libver": "latest"}), (deep, {}), (lambda file: None, {"userblock_size": 512}),
    (lambda file: None, {"userblock_size": 4096})])
def test_the_only_matrix_of_an_hdf5_file_is_found(mambasynth, tmp_path, beside, options):
    with h5py.File(tmp_path / "a.h5", "w", **options) as file:
        file["rows"] = ROWS
        beside(file)
    done = mambasynth("dimension", "--data", tmp_path / "a.h5", "--k", 10, "--no-figures", "--out", tmp_path / "out", timeout=60)
    assert done.stdout.startswith("a.h5:/rows: 120 of 120 rows, 3 dimensions")


def test_matlab_files_have_their_axes_reversed(mambasynth, tmp_path):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["x"] = ROWS.T
        file["x"].attrs["MATLAB_class"] = numpy.bytes_("double")
    numpy.save(tmp_path / "a.npy", ROWS)
    printed = [mambasynth("dimension", "--data", tmp_path / name, "--k", 10, "--no-figures", "--out", tmp_path / "out").stdout.partition(":")[2]
               for name in ("a.mat", "a.npy")]
    assert "120 of 120 rows, 3 dimensions" in printed[0]
    assert printed[0].partition("rows")[2] == printed[1].partition("rows")[2]


def npy(array, **options):
    buffer = io.BytesIO()
    numpy.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def with_large_member(file):
    """Writes `large`, just below 4 GiB of zeros, as 4 MB: one compressed block, repeated."""
    count = 2**29 - 32
    header = io.BytesIO()
    numpy.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (count,)})
    size = len(header.getvalue()) + 8 * count
    block = 2**24
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = pack.compress(header.getvalue()) + pack.compress(bytes(8 * count % block)) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(bytes(block)) + pack.flush(zlib.Z_FULL_FLUSH)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("large.npy", start + again * (8 * count // block) + pack.flush(zlib.Z_FINISH))
    content = bytearray(file.read_bytes())
    for record, method, length in ((b"PK\3\4", 8, 22), (b"PK\1\2", 10, 24)):
        at = content.rfind(record)
        content[at + method] = zipfile.ZIP_DEFLATED
        content[at + length:at + length + 4] = size.to_bytes(4, "little")
    file.write_bytes(content)


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (7 * 2**29, 7 * 2**29))


def test_the_only_matrix_of_an_npz_is_found_without_decoding_the_others(mambasynth, tmp_path):
    with_large_member(tmp_path / "a.npz")
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as file:
        warnings.simplefilter("ignore")  # about the duplicate name
        file.writestr("objects.npy", npy(numpy.array([[None, 1]], dtype=object)))
        file.writestr("records.npy", npy(numpy.zeros((3, 2), dtype=[("a", "f8")])))
        file.writestr("complex.npy", npy(ROWS + 1j))
        file.writestr("words.npy", npy(numpy.array([["a", "b"]])))
        file.writestr("readme.txt", "no array")
        file.writestr("folder/", "")
        file.writestr("folder/rows.npy", npy(numpy.zeros((7, 2))))
        file.writestr("folder/rows.npy", npy(numpy.asfortranarray(ROWS)))  # the last one wins, as in NumPy
    run = lambda *flags, code=0: mambasynth("dimension", "--data", tmp_path / "a.npz", "--k", 10, "--no-figures", "--out", tmp_path / "out", *flags,
                                            code=code, preexec_fn=little_memory)
    assert run().stdout.startswith("a.npz:folder/rows: 120 of 120 rows, 3 dimensions")
    says(run("--array", "large", code=1), "'large' of .*a.npz", "4.0 GiB", "fewer rows")


@pytest.mark.parametrize("circles", [numpy.array([None] * 120), numpy.array(["a"] * 120), numpy.zeros((2, 2))])
def test_a_series_is_read_without_usable_circles(mambasynth, tmp_path, circles):
    numpy.savez(tmp_path / "a.npz", X=ROWS, states=circles)
    done = mambasynth("dimension", "--data", tmp_path / "a.npz", "--k", 10, "--no-figures", "--out", tmp_path / "out", code=3 if circles.ndim == 2 else 0)
    if circles.ndim == 1:
        assert done.stdout.startswith("a.npz: 120 of 120 rows, 3 dimensions")
    else:
        says(done, "'states' has shape")


@pytest.mark.parametrize("name, members, pattern", [
    ("a.npz", {"readme.txt": b"no array"}, "readme.txt"),
    ("a.npz", {"objects.npy": npy(numpy.array([[None, 1]], dtype=object))}, "object arrays"),
    ("a.npz", {"v.npy": npy(numpy.zeros(3)), "words.npy": npy(numpy.array([["a"]]))}, r"v \(shape \(3\)\), words \(text\)"),
    ("a.npz", {f"v{i}.npy": npy(numpy.zeros(3)) for i in range(500)}, r"and 488 more"),
])
def test_a_file_without_a_matrix_is_refused_with_a_list_of_its_members(mambasynth, tmp_path, name, members, pattern):
    with zipfile.ZipFile(tmp_path / name, "w") as file:
        for member, content in members.items():
            file.writestr(member, content)
    done = mambasynth("dimension", "--data", tmp_path / name, "--out", tmp_path / "out", code=3)
    says(done, pattern)
    assert len(done.stderr) < 1000


@pytest.mark.parametrize("dtype, shift", [("int64", -2**62), ("int64", 2**60 + 1), ("uint64", 2**64 - 2**21), ("uint64", 2**53 + 1)])
@pytest.mark.parametrize("kind", ["npy", "h5"])
def test_integers_beyond_double_precision_stay_distinct(mambasynth, tmp_path, dtype, shift, kind):
    small = numpy.random.default_rng(1).integers(0, 2**20, (120, 3))
    large = (small.astype(object) + shift).astype(dtype)
    numpy.save(tmp_path / "small.npy", small)
    if kind == "npy":
        numpy.save(tmp_path / "a.npy", large)
    else:
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["x"] = large
    printed = [mambasynth("dimension", "--data", tmp_path / name, "--k", 10, "--no-figures", "--out", tmp_path / "out").stdout
               for name in (f"a.{kind}", "small.npy")]
    assert "0 with a copy" in printed[0]
    assert printed[0].partition("rows")[2] == printed[1].partition("rows")[2]
