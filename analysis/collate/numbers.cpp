#include "analysis/collate/numbers.hpp"

#include <fmt/format.h>

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

std::string number_text(std::optional<std::int64_t> const& number) {
  return number ? fmt::format("{}", *number) : std::string();
}

std::string counted(std::size_t count, std::string const& what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string p_number(double p) {
  constexpr double least_shown = 0.001;
  return p < least_shown ? "<0.001" : fmt::format("{:.3g}", p);
}

}  // namespace mambasynth::analysis::collate
