#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/horizon_loss.hpp"

namespace mambasynth::kernels::reference {

template <class T>
void horizon_loss(LossShape const& s, double scale, LossArrays<T> const& a) {
  if (s.batch < 0 || s.time < 0 || s.channels < 1 || s.width < s.channels || s.horizon < 0)
    throw std::invalid_argument("loss over " + std::to_string(s.batch) + " windows of " + std::to_string(s.time) +
                                " steps, " + std::to_string(s.channels) + " channels in rows of " +
                                std::to_string(s.width) + ", horizon " + std::to_string(s.horizon) +
                                ", is impossible (rows are no shorter than the channels). Correct the shape.");
  std::vector<double> dbias(static_cast<std::size_t>(s.channels));
  for (std::int64_t b = 0; b < s.batch; ++b) {
    double squares = 0;
    for (std::int64_t t = 0; t < s.time; ++t) {
      auto const row = b * s.time + t;
      if (a.dprediction != nullptr) std::fill_n(a.dprediction + row * s.width, s.width, T{});
      if (t >= s.time - s.horizon) continue;
      for (std::int64_t c = 0; c < s.channels; ++c) {
        auto const predicted = static_cast<double>(a.prediction[row * s.width + c]) + static_cast<double>(a.bias[c]);
        auto const error = predicted - static_cast<double>(a.x[(row + s.horizon) * s.channels + c]);
        squares += error * error;
        dbias[static_cast<std::size_t>(c)] += scale * error;
        if (a.dprediction != nullptr) a.dprediction[row * s.width + c] = static_cast<T>(scale * error);
      }
    }
    a.window_sum[b] = squares;
  }
  if (a.dbias != nullptr)
    std::transform(dbias.begin(), dbias.end(), a.dbias, [](double v) { return static_cast<float>(v); });
}

template void horizon_loss(LossShape const&, double, LossArrays<float> const&);
template void horizon_loss(LossShape const&, double, LossArrays<double> const&);

}  // namespace mambasynth::kernels::reference
