#include "analysis/trial_file/horizon_errors.hpp"

#include <string>

#include "analysis/trial_file/columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"

namespace mambasynth::analysis::trial_file {

namespace layout = trial_layout;

void write_horizons(store::Hdf5Writer& h5, HorizonErrors const& horizon) {
  if (horizon.horizon.empty()) return;
  scale(h5, layout::horizon, horizon.horizon, {"steps ahead", "step"});
  auto const add = [&](std::string const& name, std::vector<double> const& values, std::string const& meaning) {
    if (values.empty()) return;
    column(h5, layout::horizon_group + name, values, horizon.horizon.size(), {layout::horizon}, {meaning, "1"});
  };
  add("val_mse", horizon.val_mse, "error on the validation windows");
  add("test_mse", horizon.test_mse, "error on the test series");
  add("bayes_mse", horizon.bayes_mse, "error of the Bayes optimum on the test windows");
  add("excess_mse", horizon.excess_mse, "test_mse - bayes_mse");
  add("val_bayes_mse", horizon.val_bayes_mse, "error of the Bayes optimum on the validation windows");
  auto const error_of = [](std::string const& what) {
    return "standard error of " + what +
           " over blocks of the test series, for this network only: the variation between training seeds is "
           "not included";
  };
  add("test_mse_se", horizon.test_mse_se, error_of("test_mse"));
  add("bayes_mse_se", horizon.bayes_mse_se, error_of("bayes_mse"));
  add("excess_mse_se", horizon.excess_mse_se, error_of("excess_mse, from paired differences,"));
  if (horizon.excess_mse_by_block.empty()) return;
  auto const blocks = horizon.test_blocks.first.size();
  scale(h5, layout::test_block, horizon.test_blocks.first,
        {"first step of a block of consecutive windows of the test series", "step"});
  column(h5, layout::windows_by_block, horizon.test_blocks.windows, blocks, {layout::test_block},
         {"windows of the block", "1"});
  column(h5, layout::excess_by_block, horizon.excess_mse_by_block, horizon.horizon.size() * blocks,
         {layout::horizon, layout::test_block}, {"test_mse - bayes_mse over the windows of each block", "1"});
}

void write_scaling(store::Hdf5Writer& h5, std::vector<double> const& mean, std::vector<double> const& std) {
  if (mean.empty()) return;
  h5.counting_scale("/channel", 0, static_cast<std::int64_t>(mean.size()), {"channel of the recording", "1"});
  h5.dataset<double>("/standardisation/mean", mean, {"/channel"}, {"mean over the training part, subtracted", "1"});
  h5.dataset<double>("/standardisation/std", std, {"/channel"},
                     {"standard deviation over the training part, divided by; errors are in units of it", "1"});
}

}  // namespace mambasynth::analysis::trial_file
