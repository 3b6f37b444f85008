#include "kernels/cuda/selective_scan_case.hpp"
#include "kernels/scan_golden.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

TEST_CASE("The GPU scan reproduces the golden arrays of the original in fp32", "[gpu][selective_scan][golden]") {
  require_gpu();
  auto const file = reference_file("golden_selective_scan.npz");
  if (file.empty())
    SKIP("skipped: no golden_selective_scan.npz (set MAMBASYNTH_REFERENCE to the folder that holds it)");
  auto const arrays = store::read_npz(file);
  for (std::string const prefix : {"c0_", "c1_", "c2_", "c3_"})
    check_golden(run_on_gpu<float>(golden_case(arrays, prefix)), arrays, prefix, 1e-5);
}
