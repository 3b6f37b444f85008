#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// The few linear-algebra operations whose rounding order decides the bits of the series.
namespace mambasynth::series {

/// Dot product in the order of OpenBLAS's ddot on AVX-512 machines (fused multiply-adds in blocks of 32, then of 16,
/// then one by one), which the original's NumPy calls.
double dot(std::span<double const> a, std::span<double const> b);

/// Euclidean norm as numpy.linalg.norm: sqrt(dot(a, a)).
double norm(std::span<double const> a);

/// Sum in the order of NumPy's pairwise summation along a contiguous axis.
double pairwise_sum(std::span<double const> values);

/// Orthonormal factor Q (rows x columns, row-major, rows >= columns) of a reduced QR decomposition with LAPACK's signs:
/// Householder reflections as dgeqr2 makes them, applied as dorg2r does; not sign-fixed.
/// Golub & Van Loan, Matrix Computations, section 5.2.
std::vector<double> orthonormal_factor(std::vector<double> matrix, std::size_t rows, std::size_t columns);

}  // namespace mambasynth::series
