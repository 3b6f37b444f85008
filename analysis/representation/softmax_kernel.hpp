#pragma once

#include <cstdint>

#include "analysis/representation/standardized_rows.hpp"

/// The hot loops of softmax regression, for one block of StandardizedRows. Each sum runs in the order of its index, so
/// all instruction sets give bit-identical results.
namespace mambasynth::analysis::representation {

inline constexpr std::int64_t class_tile = 5;  ///< classes side by side; class counts are padded to a multiple of this
inline constexpr std::int64_t row_lanes = 8;

/// logits[k, r] = sum over i of weights[k, i] x[i, r].  x: (dims, block)  weights: (classes, dims)
/// logits: (classes, block); classes a multiple of class_tile.
void logits_of_block(double const* x, std::int64_t dims, double const* weights, std::int64_t classes, double* logits);

/// Turns logits (classes, block) into probabilities: exp(logit + intercept) over its sum, for each row. intercept:
/// (classes) log_sum: (block), the logarithm of that sum. Probabilities below e^-708 are not distinguished.
void softmax_of_block(double* logits, double const* intercept, std::int64_t classes, double* log_sum);

/// sums[k, i, lane] += sum over r with r % row_lanes == lane of residual[k, r] x[i, r].  residual: (classes, block).
void add_gradient(double const* x, std::int64_t dims, double const* residual, std::int64_t classes, double* sums);

}  // namespace mambasynth::analysis::representation
