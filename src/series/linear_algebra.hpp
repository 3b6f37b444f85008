#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// The linear-algebra operations whose rounding order determines the bits of the series.
namespace mambasynth::series {

/// Dot product in the order of OpenBLAS's ddot on AVX-512 machines (fused multiply-adds in blocks of 32, then of 16,
/// then one by one), which the original's NumPy calls.
double dot(std::span<double const> a, std::span<double const> b);

/// Euclidean norm as in numpy.linalg.norm: sqrt(dot(a, a)).
double norm(std::span<double const> a);

/// Sum in the order of NumPy's pairwise summation along a contiguous axis.
double pairwise_sum(std::span<double const> values);

/// Dot products of `columns` columns of x.size() values, the first at `matrix`, `leading` values apart, with x, in the
/// order of OpenBLAS's transposed dgemv on AVX2 and AVX-512 machines: four columns at a time in fused multiply-adds of
/// four lanes, a remaining pair and a remaining single column without, and the last x.size() % 4 terms added to the sum
/// of the lanes.
std::vector<double> transposed_product(double const* matrix, std::size_t columns, std::size_t leading,
                                       std::span<double const> x);

}  // namespace mambasynth::series
