#include "analysis/trial_file/estimator_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>
#include <string_view>

#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

namespace layout = trial_layout;

/// "levina_bickel_original"
std::string names_over_all_rows() {
  std::vector<std::string_view> names;
  for (auto const* estimator : dimension::estimators)
    if (estimator->all_rows) names.push_back(estimator->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

void write_estimator(store::Hdf5Writer& h5, std::string const& path, std::vector<dimension::Estimate> const& estimates,
                     std::vector<std::string> const& dims) {
  auto const part = [&](std::string const& name, double dimension::Estimate::* member, std::string const& meaning) {
    std::vector<double> values;
    for (auto const& estimate : estimates) values.push_back(estimate.*member);
    h5.dataset<double>(name, values, dims, {meaning, "1"});
  };
  part(path, &dimension::Estimate::value, "intrinsic dimension, " + path.substr(path.rfind('/') + 1));
  part(path + "_se", &dimension::Estimate::se,
       "nominal standard error, a lower bound: neighborhoods overlap and rows may depend on each other");
  part(path + "_se_blocks", &dimension::Estimate::se_blocks, "standard error from leaving out stretches of time");
}

void write_estimator(store::Hdf5Writer& h5, std::string const& group, dimension::Estimator const& estimator,
                     std::vector<dimension::Estimate> const& estimates, std::vector<std::string> dims) {
  if (auto const* scale = layout::names_of(estimator.axis).scale) dims.emplace_back(scale);
  write_estimator(h5, group + std::string(estimator.name), estimates, dims);
}

void write_estimates(store::Hdf5Writer& h5, std::string const& group,
                     std::vector<dimension::DimensionEstimates> const& sets, std::vector<std::string> const& dims) {
  auto const& first = sets.front();
  for (auto const& set : sets)
    if (set.k != first.k || set.n1 != first.n1)
      throw std::invalid_argument("trial file: layers were measured at different k or n1");
  for (auto const* estimator : dimension::estimators) {
    if (estimator->axis == dimension::Axis::n1 && first.n1.empty()) continue;
    std::vector<dimension::Estimate> all;
    for (auto const& set : sets) all.insert(all.end(), set[*estimator].begin(), set[*estimator].end());
    write_estimator(h5, group, *estimator, all, dims);
  }
  std::vector<std::int64_t> duplicates;
  for (auto const& set : sets) duplicates.push_back(set.duplicates);
  h5.dataset<std::int64_t>(
      group + "duplicates", duplicates, dims,
      {"rows that equal another one; all estimators but " + names_over_all_rows() + " are over distinct rows", "1"});
}

}  // namespace mambasynth::analysis::trial_file
