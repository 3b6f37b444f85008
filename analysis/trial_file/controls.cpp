#include "analysis/trial_file/controls.hpp"

#include "analysis/trial_file/estimator_columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

void write_controls(store::Hdf5Writer& h5, Controls const& controls) {
  namespace layout = trial_layout;
  std::string const root = layout::control;
  auto const add = [&](std::string const& name, std::vector<dimension::DimensionEstimates> const& sets,
                       std::vector<std::string> const& dims, char const* meaning) {
    h5.group(root + name);
    h5.attribute(root + name, "long_name", meaning);
    write_estimates(h5, root + name + "/" + layout::dimension_name, sets, dims);
  };
  if (!controls.untrained.layers.empty()) {
    h5.group(root + "untrained");
    h5.attribute(root + "untrained", "long_name", "the network with its initial weights, at the same rows");
    write_layer_measures_under(h5, root + "untrained/", controls.untrained);
  }
  if (!controls.shuffled.empty())
    add("shuffled", controls.shuffled, {layout::layer},
        "the same rows, with each feature's values permuted independently in time");
  if (controls.signal) add("signal", {*controls.signal}, {}, "the series without its noise, at the same rows");
  if (controls.noise)
    add("noise", {*controls.noise}, {}, "independent normal numbers, with as many rows and channels as the input");
}

}  // namespace mambasynth::analysis::trial_file
