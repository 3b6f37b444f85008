#include "evaluate/evaluation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "analysis/activation_statistics.hpp"
#include "series/random/numpy_generator.hpp"

namespace mambasynth::evaluate {
namespace {

constexpr std::uint64_t row_seed = 42;

/// Copies chosen rows out of the batches that pass by.
class RowPicker {
 public:
  RowPicker(std::vector<std::int64_t> const& rows, std::int64_t dims)
      : rows_(rows), order_(rows.size()), dims_(static_cast<std::size_t>(dims)), values_(rows.size() * dims_) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return rows_[a] < rows_[b]; });
  }
  /// Rows first_row .. first_row + count - 1 of all, consecutive in memory.
  void take(float const* batch, std::int64_t first_row, std::int64_t count) {
    while (next_ < order_.size() && rows_[order_[next_]] < first_row + count) {
      auto const place = order_[next_++];
      std::memcpy(values_.data() + place * dims_, batch + static_cast<std::size_t>(rows_[place] - first_row) * dims_,
                  dims_ * sizeof(float));
    }
  }
  [[nodiscard]] std::vector<float> const& values() const { return values_; }

 private:
  std::vector<std::int64_t> const& rows_;
  std::vector<std::size_t> order_;
  std::size_t dims_, next_ = 0;
  std::vector<float> values_;
};

}  // namespace

std::vector<std::int64_t> dimension_rows(std::int64_t rows, config::Evaluate const& config) {
  series::random::NumpyGenerator generator(row_seed);
  if (rows > config.umap_points) generator.choice(rows, config.umap_points);
  return generator.choice(rows, std::min(config.lb_points, rows));
}

analysis::LayerMeasures evaluate(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                                 config::Evaluate const& config, int threads,
                                 std::vector<std::string> const& wanted, bool dimension) {
  analysis::LayerMeasures result;
  std::vector<std::size_t> places;
  auto const names = panel_names(network.config().n_layers);
  for (std::size_t p = 0; p < names.size(); ++p) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), names[p]) == wanted.end()) continue;
    places.push_back(p);
    result.layers.push_back(names[p]);
  }
  auto const chosen = dimension_rows(series.size(0) / seq_len * seq_len, config);

  std::vector<analysis::ActivationStatistics> statistics;
  std::vector<RowPicker> pickers;
  std::vector<std::int64_t> dims;
  for_each_batch(network, series, seq_len, [&](EncodedBatch const& batch) {
    auto const arrays = panels(batch);
    for (std::size_t p = 0; p < places.size(); ++p) {
      auto const array = arrays[places[p]].contiguous();
      auto const width = array.size(2);
      if (pickers.size() <= p) {
        dims.push_back(width);
        statistics.emplace_back(width, threads);
        pickers.emplace_back(chosen, width);
      }
      auto const* values = array.const_data_ptr<float>();
      statistics[p].add(std::span(values, static_cast<std::size_t>(array.numel())));
      pickers[p].take(values, batch.first_window * seq_len, array.size(0) * seq_len);
    }
  });

  for (std::size_t p = 0; p < pickers.size(); ++p) {
    result.activation.push_back(
        {statistics[p].mean(), statistics[p].standard_deviation(), statistics[p].participation_ratio()});
    if (dimension) result.dimension.push_back(analysis::estimate_all(std::span<float const>(pickers[p].values()),
                                                      static_cast<std::int64_t>(chosen.size()), dims[p], config.lb_k,
                                                      threads));
  }
  return result;
}

}  // namespace mambasynth::evaluate
