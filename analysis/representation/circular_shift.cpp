#include "analysis/representation/circular_shift.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

std::int64_t shift_offset(std::int64_t rows, std::int64_t least, random::NumpyGenerator& random) {
  if (least < 1 || 2 * least > rows)
    throw errors::usage(fmt::format("a circular shift of {} rows by at least {}", rows, least),
                        "a longer shift one way is a shorter shift the other way",
                        "Use a shift of at least 1 and at most half of the rows");
  return least + static_cast<std::int64_t>(random.bounded(static_cast<std::uint64_t>(rows - 2 * least)));
}

template <class T>
std::vector<T> circular_shift(std::span<T const> values, std::int64_t columns, std::int64_t offset) {
  if (columns < 1 || static_cast<std::int64_t>(values.size()) % columns != 0)
    throw errors::usage(fmt::format("{} values for rows of {} columns", values.size(), columns),
                        "the last row is incomplete", "Pass whole rows");
  std::vector<T> shifted(values.begin(), values.end());
  auto const rows = static_cast<std::int64_t>(values.size()) / columns;
  if (rows == 0) return shifted;
  auto const forward = (offset % rows + rows) % rows;
  std::rotate(shifted.begin(), shifted.end() - static_cast<std::ptrdiff_t>(forward * columns), shifted.end());
  return shifted;
}

template std::vector<float> circular_shift(std::span<float const>, std::int64_t, std::int64_t);
template std::vector<double> circular_shift(std::span<double const>, std::int64_t, std::int64_t);
template std::vector<std::int64_t> circular_shift(std::span<std::int64_t const>, std::int64_t, std::int64_t);

}  // namespace mambasynth::analysis::representation
