#include "analysis/representation/standardised_rows.hpp"

#include <cmath>

namespace mambasynth::analysis::representation {

StandardisedRows::Scale StandardisedRows::scale_of(CrossMoments const& moments) {
  constexpr double constant = 1e-12;  // a feature that varies less, relative to its mean, does not vary
  Scale scale;
  for (std::int64_t i = 0; i < moments.dims(); ++i) {
    auto const mean = moments.mean(i), variance = moments.covariance(i, i);
    scale.mean.push_back(mean);
    scale.inverse.push_back(variance > constant * mean * constant * mean ? 1 / std::sqrt(variance) : 0);
  }
  return scale;
}

StandardisedRows::StandardisedRows(Rows const& features, std::int64_t dims, std::span<std::int64_t const> rows,
                                   Scale const& scale)
    : rows_(static_cast<std::int64_t>(rows.size())), dims_(dims), values_(blocks() * block * dims) {
  std::visit(
      [&](auto span) {
        for (std::size_t r = 0; r < rows.size(); ++r) {
          auto const* const from = span.data() + rows[r] * dims;
          auto* const to = values_.data() + static_cast<std::int64_t>(r) / block * block * dims +
                           static_cast<std::int64_t>(r) % block;
          for (std::int64_t i = 0; i < dims; ++i)
            to[i * block] = (static_cast<double>(from[i]) - scale.mean[static_cast<std::size_t>(i)]) *
                            scale.inverse[static_cast<std::size_t>(i)];
        }
      },
      features);
}

}  // namespace mambasynth::analysis::representation
