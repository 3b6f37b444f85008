#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mambasynth::analysis::collate {

/// The values of a trial as text, for all files that hold them: formatting is most of the work of writing those. Empty
/// if not finite.
class ValueTexts {
 public:
  void set(std::span<double const> values);
  std::string_view operator[](std::size_t value) const {
    auto const from = value == 0 ? 0 : ends_[value - 1];
    return std::string_view(text_).substr(from, ends_[value] - from);
  }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace mambasynth::analysis::collate
