#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mambasynth::series {

/// Orthonormal factor Q (rows x columns, row-major, rows >= columns) of a reduced QR decomposition with LAPACK's signs:
/// Householder reflections as in dgeqr2, applied as in dorg2r; signs are not normalized. Up to 128 columns (LAPACK
/// works in blocks beyond that) it rounds as numpy.linalg.qr with OpenBLAS on AVX-512 machines. Golub & Van Loan,
/// Matrix Computations, section 5.2. `matrix`: row-major, finite.
std::vector<double> orthonormal_factor(std::span<double const> matrix, std::size_t rows, std::size_t columns);

}  // namespace mambasynth::series
