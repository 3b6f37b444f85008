#pragma once

#include <cstdint>
#include <string>

#include "analysis/representation/cross_moments.hpp"

namespace mambasynth::analysis::representation {

/// errors::usage if the values do not form a (rows, dims) matrix; errors::input for NaN or infinity, naming `what`, the
/// row, and the column.
void require_finite(Rows const& matrix, std::int64_t rows, std::int64_t dims, std::string const& what);

/// Rows first .. first + count - 1 of a (rows, dims) matrix.
Rows rows_of(Rows const& matrix, std::int64_t dims, std::int64_t first, std::int64_t count);

}  // namespace mambasynth::analysis::representation
