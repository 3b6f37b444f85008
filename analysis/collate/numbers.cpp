#include "analysis/collate/numbers.hpp"

#include <charconv>
#include <cmath>

namespace mambasynth::analysis::collate {

std::optional<double> parsed_number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace mambasynth::analysis::collate
