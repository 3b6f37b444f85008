#include "analysis/representation/standardized_rows.hpp"

#include <cmath>
#include <variant>

namespace mambasynth::analysis::representation {

static_assert(StandardizedRows::block == 32, "one bit of RowSet::Part::rows for each row");

StandardizedRows::StandardizedRows(Rows const& features, std::int64_t dims)
    : rows_(std::visit([&](auto span) { return static_cast<std::int64_t>(span.size()); }, features) / dims),
      dims_(dims),
      values_((rows_ + block - 1) / block * block * dims) {
  constexpr double constant = 1e-12;  // a feature that varies less, relative to its mean, does not vary
  std::visit(
      [&](auto span) {
        std::vector<double> variance(static_cast<std::size_t>(dims));
        mean_.resize(variance.size());
        for (std::int64_t r = 0; r < rows_; ++r)  // Welford 1962 (Technometrics 4:419)
          for (std::size_t i = 0; i < mean_.size(); ++i) {
            auto const away = static_cast<double>(span[static_cast<std::size_t>(r * dims) + i]) - mean_[i];
            mean_[i] += away / static_cast<double>(r + 1);
            variance[i] += away * (static_cast<double>(span[static_cast<std::size_t>(r * dims) + i]) - mean_[i]);
          }
        for (std::size_t i = 0; i < mean_.size(); ++i) {
          variance[i] /= static_cast<double>(rows_);
          auto const least = constant * mean_[i];
          inverse_.push_back(variance[i] > least * least ? 1 / std::sqrt(variance[i]) : 0);
        }
        for (std::int64_t r = 0; r < rows_; ++r) {
          auto const* const from = span.data() + r * dims;
          auto* const to = values_.data() + r / block * block * dims + r % block;
          for (std::int64_t i = 0; i < dims; ++i)
            to[i * block] = (static_cast<double>(from[i]) - mean_[static_cast<std::size_t>(i)]) *
                            inverse_[static_cast<std::size_t>(i)];
        }
      },
      features);
}

RowSet::RowSet(std::vector<std::int64_t> const& rows) {
  for (auto const row : rows) {
    auto const block = row / StandardizedRows::block;
    if (parts_.empty() || parts_.back().block != block) parts_.push_back({block, 0});
    parts_.back().rows |= std::uint32_t{1} << (row % StandardizedRows::block);
  }
}

}  // namespace mambasynth::analysis::representation
