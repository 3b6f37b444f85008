#include "random/ziggurat.hpp"

#include <cmath>

namespace mambasynth::random {
namespace {

// r exp(-r^2/2) plus the tail's area, as the double that NumPy's tables were made with.
constexpr double strip_area = 0.004928673233974652;
constexpr double two_to_52 = 4503599627370496.0;

// NumPy's tables come from a recursion in double precision whose rounding errors grow from strip to strip, so each step
// must round the same way: correctly. The double exponential and logarithm of a C library need not; those of long
// double do, once rounded to double.
double gaussian(double x) { return static_cast<double>(std::exp(static_cast<long double>(-0.5 * x * x))); }
double natural_log(double x) { return static_cast<double>(std::log(static_cast<long double>(x))); }

}  // namespace

Ziggurat::Ziggurat() {
  // The one entry where NumPy's library rounded the exponential up (by 0.502 units in the last place); all strips above
  // inherit the difference. Tested against a checksum of NumPy's tables.
  constexpr std::size_t rounded_up = 38;

  double right = tail_start;
  width[strips - 1] = right / two_to_52;
  height[strips - 1] = gaussian(right);
  width[0] = strip_area / height[strips - 1] / two_to_52;
  height[0] = 1.0;
  accept[0] = static_cast<std::uint64_t>(std::nearbyint(right * height[strips - 1] / strip_area * two_to_52));
  accept[1] = 0;
  for (std::size_t i = strips - 2; i >= 1; --i) {
    double const x = std::sqrt(-2 * natural_log(strip_area / right + height[i + 1]));
    accept[i + 1] = static_cast<std::uint64_t>(std::nearbyint(x / right * two_to_52));
    width[i] = x / two_to_52;
    height[i] = gaussian(x);
    if (i == rounded_up) height[i] = std::nextafter(height[i], 1.0);
    right = x;
  }
}

Ziggurat const& Ziggurat::tables() {
  static Ziggurat const tables;
  return tables;
}

}  // namespace mambasynth::random
