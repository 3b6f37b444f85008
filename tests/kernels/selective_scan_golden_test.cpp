#include <catch2/catch_test_macros.hpp>

#include "kernels/scan_golden.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace mambasynth::tests;

TEST_CASE("The scan reproduces the golden arrays of the original", "[selective_scan][golden]") {
  auto const file = reference_file("golden_selective_scan.npz");
  if (file.empty()) SKIP("no golden_selective_scan.npz (set MAMBASYNTH_REFERENCE to the folder that holds it)");
  auto const arrays = store::read_npz(file);
  for (std::string const prefix : {"c0_", "c1_", "c2_", "c3_"}) {
    auto const c = golden_case(arrays, prefix);
    check_golden(run_reference(c), arrays, prefix, 1e-12);
    with_each_instruction_set([&] {
      check_golden(run_scan(c), arrays, prefix, 1e-12);
      check_golden(run_scan(converted<float>(c)), arrays, prefix, 1e-5);
    });
  }
}
