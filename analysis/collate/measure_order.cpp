#include "analysis/collate/measure_order.hpp"

#include <algorithm>
#include <set>

namespace mambasynth::analysis::collate {

std::vector<std::string> measures_in_order(std::vector<CollatedTrial> const& trials) {
  std::vector<std::string> all;
  std::set<std::string> known;
  std::set<trial_file::MeasureNames const*> looked_at;
  for (auto const& trial : trials) {
    if (!trial.result || !looked_at.insert(trial.result->measures.names().get()).second) continue;
    auto next = all.begin();
    for (auto const& name : trial.result->measures.names()->all()) {
      if (known.insert(name).second) next = all.insert(next, name) + 1;
      else next = std::find(all.begin(), all.end(), name) + 1;
    }
  }
  return all;
}

}  // namespace mambasynth::analysis::collate
