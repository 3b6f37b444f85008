#pragma once

namespace mambasynth::analysis::statistics {

/// I_x(a, b), the regularized incomplete beta function; a, b > 0, 0 <= x <= 1. NaN in, NaN out.
double regularized_beta(double a, double b, double x);

}  // namespace mambasynth::analysis::statistics
