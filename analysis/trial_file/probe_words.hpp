#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "analysis/plot/labels.hpp"

namespace mambasynth::analysis::trial_file {

/// "Switch-hazard", of a target in trial_layout::probe_targets; empty for any other.
inline std::string_view target_words(std::string_view target, plot::Labels labels) {
  struct Words {
    std::string_view target, words;
  };
  constexpr std::array all{Words{"phase", "Phase"}, Words{"revolutions_elapsed", "Elapsed-revolutions"},
                           Words{"switch_hazard", "Switch-hazard"}, Words{"next_circle", "Next-circle"}};
  if (target == "circle") return plot::title_of(labels);
  auto const found = std::ranges::find(all, target, &Words::target);
  return found == all.end() ? std::string_view{} : found->words;
}

}  // namespace mambasynth::analysis::trial_file
