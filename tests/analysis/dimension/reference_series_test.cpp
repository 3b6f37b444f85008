#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cstdint>

#include "analysis/dimension/intrinsic_dimension.hpp"
#include "random/numpy_generator.hpp"
#include "store/archive/npz.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
namespace dimension = analysis::dimension;
using Catch::Approx;

TEST_CASE("the intrinsic dimension of the original's series is the original's") {
  auto const file = tests::reference_file("data.npz");
  if (file.empty()) SKIP("shared/reference/data.npz is not here");
  auto const x = store::read_npz(file, {"X"}).at("X").as<float>();
  constexpr std::int64_t used = 97 * 1024;  // whole windows
  constexpr std::int64_t dims = 20;
  // The rows of its evaluation: the draw for UMAP comes first on the same stream.
  random::NumpyGenerator random(42);
  static_cast<void>(random.choice(used, 10000));
  std::vector<float> rows;
  for (auto const row : random.choice(used, 2000))
    rows.insert(rows.end(), x.begin() + row * dims, x.begin() + (row + 1) * dims);
  auto const found = dimension::estimate_all<float>(rows, 2000, dims, {10, 30, 100});
  double const expected[] = {11.484, 8.024, 6.587};
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(found[dimension::levina_bickel_original][i].value == Approx(expected[i]).margin(5e-4));
}
