#include <stdexcept>

#include "kernels/slowness.hpp"

namespace mambasynth::kernels::reference {

template <class T>
void slowness(SlownessShape const& s, double weight, SlownessArrays<T> const& a) {
  if (s.batch < 0 || s.time < 0 || s.features < 1)
    throw std::invalid_argument("slowness of windows with a negative size or without features");
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t t = 0; t < s.time; ++t)
      for (std::int64_t f = 0; f < s.features; ++f) {
        auto const at = (b * s.time + t) * s.features + f;
        auto const h = static_cast<double>(a.h[at]);
        auto const since = t > 0 ? h - static_cast<double>(a.h[at - s.features]) : 0;
        auto const until = t + 1 < s.time ? static_cast<double>(a.h[at + s.features]) - h : 0;
        a.window_sum[b] += since * since;
        a.dh[at] = static_cast<T>(static_cast<double>(a.dh[at]) + 2 * weight * (since - until));
      }
}

template void slowness(SlownessShape const&, double, SlownessArrays<float> const&);
template void slowness(SlownessShape const&, double, SlownessArrays<double> const&);

}  // namespace mambasynth::kernels::reference
