#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "analysis/collate/made_up_sweep.hpp"
#include "analysis/report/chapters.hpp"

namespace mambasynth::tests {

/// As the collator computes it, but from trials in memory, and without their similarity.
inline analysis::collate::Collation collation_of(MadeUpSweep const& made_up) {
  analysis::collate::Collation collation{.sweep = made_up.sweep(), .table = {}, .measures = {}};
  collation.table = analysis::collate::tabulate(collation.sweep);
  collation.differences = analysis::collate::compare_with_baseline(collation.table, collation.sweep, {});
  collation.trends = analysis::collate::dose_responses(collation.table, collation.sweep, {});
  return collation;
}

inline analysis::report::Chapter chapter_of(MadeUpSweep const& made_up, std::string name = "made up",
                                            std::string label = "made-up") {
  analysis::report::Chapter chapter{
      .name = std::move(name), .label = std::move(label), .folders = {}, .sweep_toml = {}, .read = {}};
  chapter.collation = collation_of(made_up);
  chapter.folders = {made_up.sweep().trials.front().folder};
  return chapter;
}

}  // namespace mambasynth::tests
