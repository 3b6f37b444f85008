#include "analysis/trial_file/estimator_columns.hpp"

#include <stdexcept>

#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

namespace layout = trial_layout;

std::vector<std::string> with(std::vector<std::string> dims, char const* last) {
  dims.emplace_back(last);
  return dims;
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
       "nominal standard error, a lower bound: neighbourhoods overlap and rows may depend on each other");
  part(path + "_se_blocks", &dimension::Estimate::se_blocks, "standard error by leaving stretches of time out");
}

void write_estimates(store::Hdf5Writer& h5, std::string const& group,
                     std::vector<dimension::DimensionEstimates> const& sets, std::vector<std::string> const& dims) {
  auto const& first = sets.front();
  for (auto const& set : sets)
    if (set.k != first.k || set.n1 != first.n1)
      throw std::invalid_argument("trial file: layers were measured at different k or n1");
  auto const add = [&](char const* name, std::vector<std::string> const& axes, auto of_set) {
    std::vector<dimension::Estimate> all;
    for (auto const& set : sets)
      for (auto const& estimate : of_set(set)) all.push_back(estimate);
    write_estimator(h5, group + name, all, axes);
  };
  auto const by_k = with(dims, layout::k);
  add("levina_bickel_original", by_k, [](auto const& set) { return set.levina_bickel_original; });
  add("levina_bickel", by_k, [](auto const& set) { return set.levina_bickel; });
  add("mackay_ghahramani", by_k, [](auto const& set) { return set.mackay_ghahramani; });
  add("two_nn_ml", dims, [](auto const& set) { return std::vector{set.two_nn_ml}; });
  add("two_nn_ls", dims, [](auto const& set) { return std::vector{set.two_nn_ls}; });
  if (!first.n1.empty())
    add(layout::estimator_by_n1, with(dims, layout::n1), [](auto const& set) { return set.gride; });
  std::vector<std::int64_t> duplicates;
  for (auto const& set : sets) duplicates.push_back(set.duplicates);
  h5.dataset<std::int64_t>(
      group + "duplicates", duplicates, dims,
      {"rows that equal another one; all estimators but levina_bickel_original are over distinct rows", "1"});
}

}  // namespace mambasynth::analysis::trial_file
