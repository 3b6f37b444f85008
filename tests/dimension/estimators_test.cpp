#include "analysis/dimension/estimators.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include "dimension/dimension_file.hpp"
#include "dimension/figures.hpp"
#include "dimension/report.hpp"
#include "random/numpy_generator.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "support/reference.hpp"

// An estimator missing from an output of the dimension verb would go unnoticed.

using namespace mambasynth;
using namespace mambasynth::tests;
using analysis::dimension::Axis;
using analysis::dimension::estimators;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("every estimator appears in dimension.h5, in the printed report, and in the figure") {
  constexpr std::int64_t points = 300, dims = 4;
  dimension::Array array;
  array.points = points;
  array.dims = dims;
  array.x.resize(points * dims);
  random::NumpyGenerator(7).fill_normal(array.x);
  array.labels_name = "label";
  for (std::int64_t i = 0; i < points; ++i) array.labels.push_back(i % 2);
  config::Dimension config;
  config.k = {10, 30};
  auto const measured = dimension::measure(array, config, 1, analysis::neighbors::HostSearch(1));

  TemporaryFolder const folder;
  auto const file = folder.path() / "dimension.h5";
  dimension::write_dimension(file, measured, config, {});
  dimension::draw_dimension(measured, folder.path());
  auto const text = dimension::report(measured);
  auto const drawn = store::read_text(folder.path() / "plots/dimension_estimates_neighbors.dat");
  store::Hdf5Reader const h5(file);
  for (auto const* estimator : estimators) {
    std::string const name(estimator->name);
    for (std::string const error : {"", "_se", "_se_blocks"}) {
      CHECK(h5.exists("/intrinsic_dimension/" + name + error));
      // Labels have different numbers of rows, and so different n1.
      CHECK(h5.exists("/by_label/" + name + error) == (estimator->axis != Axis::n1));
    }
    CHECK_THAT(text,
               ContainsSubstring(estimator->axis == Axis::none ? std::string(estimator->family) : estimator->label()));
    CHECK_THAT(text, ContainsSubstring(fmt::format(" {:.3f}", measured.all[*estimator][0].value)));
    CHECK((drawn.find("# " + estimator->label() + ": ") != std::string::npos) == (estimator->axis != Axis::none));
  }
}
