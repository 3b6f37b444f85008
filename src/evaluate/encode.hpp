#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/predictor.hpp"

namespace mambasynth::evaluate {

/// A batch of non-overlapping windows, in time order, and its encoding.
struct EncodedBatch {
  std::int64_t first_window = 0;
  at::Tensor x;              ///< (window, step, channel)
  model::Encoding encoding;  ///< evaluation mode, fp32
};

/// Cuts `series` (time, channel) into windows of `seq_len` from step 0, drops the incomplete last one, and passes each
/// encoded batch to `visit`. Errors: errors::input if no window fits.
void for_each_batch(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                    std::function<void(EncodedBatch const&)> const& visit);

/// input, layer_1 ... layer_<n>, output: the panels of an evaluation, in this order.
std::vector<std::string> panel_names(std::int64_t n_layers);
/// The arrays of those panels in a batch; `output` is the prediction of the first horizon.
std::vector<at::Tensor> panels(EncodedBatch const& batch);

}  // namespace mambasynth::evaluate
