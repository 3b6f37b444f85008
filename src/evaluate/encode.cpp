#include "evaluate/encode.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "progress/count.hpp"

namespace mambasynth::evaluate {
namespace {
// About 20 MB of activations per layer at the documented width, whatever the window length.
constexpr std::int64_t batch_steps = 16384;
}  // namespace

void for_each_batch(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                    std::function<void(EncodedBatch const&)> const& visit) {
  auto const windows = series.size(0) / seq_len;
  if (windows < 1)
    throw errors::input("the series has " + std::to_string(series.size(0)) + " steps",
                        "a window of this model has " + std::to_string(seq_len), "Give a longer series, or --seq-len");
  auto const size = std::max<std::int64_t>(1, batch_steps / seq_len);
  progress::Count counted(windows, "window");
  for (std::int64_t first = 0; first < windows; first += size) {
    errors::check_stop();
    auto const count = std::min(size, windows - first);
    EncodedBatch batch;
    batch.first_window = first;
    batch.x = series.narrow(0, first * seq_len, count * seq_len).view({count, seq_len, series.size(1)});
    batch.encoding = network.encode(batch.x);
    visit(batch);
    counted.add(count);
  }
}

std::vector<std::string> panel_names(std::int64_t n_layers) {
  std::vector<std::string> names{"input"};
  for (std::int64_t i = 1; i <= n_layers; ++i) names.push_back("layer_" + std::to_string(i));
  names.emplace_back("output");
  return names;
}

std::vector<at::Tensor> panels(EncodedBatch const& batch) {
  std::vector<at::Tensor> all{batch.x};
  all.insert(all.end(), batch.encoding.layers.begin(), batch.encoding.layers.end());
  all.push_back(batch.encoding.predictions.front());
  return all;
}

}  // namespace mambasynth::evaluate
