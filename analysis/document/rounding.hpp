#pragma once

#include <string>

#include "analysis/document/table.hpp"

/// Numbers as scientists write them: as many digits as their uncertainty supports.
namespace mambasynth::analysis::document {

/// The decimal texts of an estimate: the narrower side of the interval with two digits, all others with as many
/// decimals. Very small and very large ones share an exponent. Empty where undefined.
struct Rounded {
  std::string mean, half, low, high, sd;
  int decimals = 0;
  int exponent = 0;        ///< all times 10 to this power
  bool symmetric = false;  ///< `half` describes the interval
};
Rounded rounded(Estimate const& estimate);

/// With five significant digits and without trailing zeros: "8.0243", "31.5", "0.000012346".
std::string plain_number(double value);

/// With `decimals`, as "0.4598"; with three digits and an exponent, as "2.05e-09", if that would show
/// only zeros; `nothing` for NaN.
std::string decimal_text(double value, int decimals);

/// "8.184 ± 0.029", "0.9 [0.84, 0.93]", "8.0243", "± 0.029", "8.184 ± 0.029 (sd 0.023, n 5)"; `nothing` if it has none.
std::string text_of(Estimate const& estimate, Shows const& shows);
/// A value with its standard error, such as "0.01234 ± 0.00014"; without an error the value alone; `nothing` without a
/// value.
std::string text_of(double value, double standard_error);

}  // namespace mambasynth::analysis::document
