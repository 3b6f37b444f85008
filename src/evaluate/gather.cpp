#include "evaluate/gather.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace mambasynth::evaluate {
namespace {

/// Copies chosen rows out of successive batches.
class RowPicker {
 public:
  RowPicker(std::span<std::int64_t const> rows, std::int64_t dims) : rows_(rows), order_(rows.size()) {
    picked_.dims = dims;
    picked_.values.resize(rows.size() * width());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return rows_[a] < rows_[b]; });
  }
  /// Rows first_row .. first_row + count - 1 of all, consecutive in memory.
  void take(float const* batch, std::int64_t first_row, std::int64_t count) {
    while (next_ < order_.size() && rows_[order_[next_]] < first_row + count) {
      auto const place = order_[next_++];
      std::memcpy(picked_.values.data() + place * width(),
                  batch + static_cast<std::size_t>(rows_[place] - first_row) * width(), width() * sizeof(float));
    }
  }
  PanelRows release() { return std::move(picked_); }

 private:
  [[nodiscard]] std::size_t width() const { return static_cast<std::size_t>(picked_.dims); }

  std::span<std::int64_t const> rows_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
  PanelRows picked_;
};

}  // namespace

Gathered gather(model::Predictor const& network, at::Tensor const& series, std::int64_t seq_len,
                std::vector<std::string> const& wanted, std::vector<std::span<std::int64_t const>> const& lists,
                int threads) {
  Gathered result;
  std::vector<std::size_t> places;
  auto const names = panel_names(network.config().n_layers);
  for (std::size_t p = 0; p < names.size(); ++p) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), names[p]) == wanted.end()) continue;
    places.push_back(p);
    result.names.push_back(names[p]);
  }
  std::vector<std::vector<RowPicker>> pickers(lists.size());
  for_each_batch(network, series, seq_len, [&](EncodedBatch const& batch) {
    auto const arrays = panels(batch);
    for (std::size_t p = 0; p < places.size(); ++p) {
      auto const array = arrays[places[p]].contiguous();
      auto const dims = array.size(2);
      if (result.statistics.size() <= p) {
        result.statistics.emplace_back(dims, threads);
        for (std::size_t l = 0; l < lists.size(); ++l) pickers[l].emplace_back(lists[l], dims);
      }
      auto const* values = array.const_data_ptr<float>();
      result.statistics[p].add(std::span(values, static_cast<std::size_t>(array.numel())));
      for (auto& list : pickers) list[p].take(values, batch.first_window * seq_len, array.size(0) * seq_len);
    }
  });
  for (auto& list : pickers) {
    auto& rows = result.rows.emplace_back();
    for (auto& picker : list) rows.push_back(picker.release());
  }
  return result;
}

}  // namespace mambasynth::evaluate
