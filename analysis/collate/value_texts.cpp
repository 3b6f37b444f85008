#include "analysis/collate/value_texts.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace mambasynth::analysis::collate {

void ValueTexts::set(std::span<double const> values) {
  text_.clear();
  ends_.clear();
  for (auto const value : values) {
    if (std::isfinite(value)) fmt::format_to(std::back_inserter(text_), "{}", value);
    ends_.push_back(text_.size());
  }
}

}  // namespace mambasynth::analysis::collate
