#include "analysis/representation/linear_cka.hpp"

#include <cmath>
#include <limits>

#include "analysis/representation/unbiased_traces.hpp"

namespace mambasynth::analysis::representation {

LinearCka linear_cka(CrossMoments const& moments) {
  auto const parts = moments.parts();
  auto const size = static_cast<std::size_t>(parts * parts);
  LinearCka cka{parts, std::vector<double>(size), std::vector<double>(size)};
  auto const at = [parts](std::int64_t p, std::int64_t q) { return static_cast<std::size_t>(p * parts + q); };
  for (std::int64_t p = 0; p < parts; ++p)
    for (auto q = p; q < parts; ++q) {
      cka.biased[at(p, q)] = squared_covariance(moments, p, q);
      cka.debiased[at(p, q)] = unbiased_squared_covariance(moments, p, q);
    }
  for (auto* const values : {&cka.biased, &cka.debiased}) {
    std::vector<double> self;
    for (std::int64_t p = 0; p < parts; ++p) {
      // Constant parts leave only rounding errors, which do not measure similarity.
      auto const own = (*values)[at(p, p)];
      self.push_back(moments.variance(p) > 0 && own > 0 ? own : std::numeric_limits<double>::quiet_NaN());
    }
    for (std::int64_t p = 0; p < parts; ++p)
      for (auto q = p; q < parts; ++q)
        (*values)[at(p, q)] = (*values)[at(q, p)] = (*values)[at(p, q)] / std::sqrt(self[static_cast<std::size_t>(p)]) /
                                                    std::sqrt(self[static_cast<std::size_t>(q)]);
  }
  return cka;
}

}  // namespace mambasynth::analysis::representation
