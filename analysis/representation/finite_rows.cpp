#include "analysis/representation/finite_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "errors/errors.hpp"

namespace mambasynth::analysis::representation {

void require_finite(Rows const& matrix, std::int64_t rows, std::int64_t dims, std::string const& what) {
  std::visit(
      [&](auto span) {
        if (dims < 1 || static_cast<std::int64_t>(span.size()) != rows * dims)
          throw errors::usage(fmt::format("{} values of {} for {} rows of {} columns", span.size(), what, rows, dims),
                              "the array does not have that shape", "Pass rows x columns values");
        auto const bad = std::find_if(span.begin(), span.end(), [](auto value) { return !std::isfinite(value); });
        if (bad == span.end()) return;
        auto const at = bad - span.begin();
        throw errors::input(fmt::format("value {} in row {}, column {} of {}", *bad, at / dims, at % dims, what),
                            "nothing can be computed from it", "Leave the row out, or find out where it comes from");
      },
      matrix);
}

Rows rows_of(Rows const& matrix, std::int64_t dims, std::int64_t first, std::int64_t count) {
  return std::visit(
      [&](auto span) -> Rows {
        return span.subspan(static_cast<std::size_t>(first * dims), static_cast<std::size_t>(count * dims));
      },
      matrix);
}

}  // namespace mambasynth::analysis::representation
