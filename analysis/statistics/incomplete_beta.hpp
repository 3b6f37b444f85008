#pragma once

namespace mambasynth::analysis::statistics {

/// I_x(a, b), the regularised incomplete beta function; a, b > 0, 0 <= x <= 1. Continued fraction of DLMF 8.17.22 by
/// Lentz's method; relative error about 1e-14.
double regularised_beta(double a, double b, double x);

}  // namespace mambasynth::analysis::statistics
