# A Spack package. Put it into a repository of your own (spack repo create FOLDER own) as packages/mambasynth/package.py. Then,
# in the checkout:
#   pip download --no-deps --no-binary :all: -r jobs/requirements-headers.txt
#   mkdir headers && tar -xf assorthead-*.tar.gz -C headers --strip-components=3       (umappp, which Spack does not have)
#   spack install --dev-path . mambasynth@main +cuda cuda_arch=90
#
# Tried: Python compiles this file; Spack's repository of packages (July 2026) has a recipe for every dependency, with the
# versions and variants that are named here. Not tried: Spack itself, so neither concretizing nor building.
from spack_repo.builtin.build_systems.cmake import CMakePackage
from spack_repo.builtin.build_systems.cuda import CudaPackage

from spack.package import *


class Mambasynth(CMakePackage, CudaPackage):
    """Trains small Mamba models on synthetic series, in sweeps over MPI ranks, and measures what they represent."""

    homepage = "https://arxiv.org/abs/2312.00752"

    license("Apache-2.0")

    version("main")

    variant("programs", default=True, description="mambasynth itself; without it, only the collator and the libraries")

    conflicts("+cuda", when="~programs")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("cli11@2.1:", type="build")
    depends_on("toml11@3", type="build")
    depends_on("nlohmann-json@3.10:", type="build")
    depends_on("eigen@3.3:3", type="build")
    depends_on("boost", type="build")
    depends_on("fmt@9:")
    depends_on("hdf5+hl~mpi")
    depends_on("libzip@1.7:")
    depends_on("openssl")
    depends_on("gnuplot", type="run")

    with when("+programs"):
        depends_on("mpi")
        depends_on("py-torch@2.8:")
        depends_on("py-torch~cuda", when="~cuda")
    with when("+cuda"):
        depends_on("cuda@12.8:")
        depends_on("nccl")
        for arch in CudaPackage.cuda_arch_values:
            depends_on(f"py-torch+cuda cuda_arch={arch}", when=f"cuda_arch={arch}")

    generator("ninja")

    def cmake_args(self):
        args = [
            self.define("MAMBASYNTH_TESTS", False),
            self.define_from_variant("MAMBASYNTH_TORCH", "programs"),
            self.define_from_variant("MAMBASYNTH_CUDA", "cuda"),
        ]
        if self.spec.satisfies("+programs"):
            args.append(self.define("Torch_DIR", join_path(self["py-torch"].cmake_prefix_paths[0], "Torch")))
            args.append(self.define("MAMBASYNTH_HEADERS_DIR", join_path(self.stage.source_path, "headers")))
        if self.spec.satisfies("+cuda"):
            args.append(self.define("NCCL_HOME", self.spec["nccl"].prefix))
            if not self.spec.satisfies("cuda_arch=none"):
                args.append(self.define("CMAKE_CUDA_ARCHITECTURES", self.spec.variants["cuda_arch"].value))
        return args
