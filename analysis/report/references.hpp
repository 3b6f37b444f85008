#pragma once

#include <string>
#include <vector>

#include "analysis/document/inline_text.hpp"

namespace mambasynth::analysis::report {

/// The literature that a report cites, numbered in the order of its first citation.
class References {
 public:
  /// "[3]" for a key of the table in references.cpp. Errors: std::logic_error for an unknown key.
  std::string cite(std::string const& key);
  [[nodiscard]] std::vector<document::Inline> list() const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace mambasynth::analysis::report
