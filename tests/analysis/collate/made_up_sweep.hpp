#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"
#include "analysis/collate/trials.hpp"

namespace mambasynth::tests {

using Axes = std::map<std::string, std::string>;

/// A sweep in memory, trial by trial.
class MadeUpSweep {
 public:
  explicit MadeUpSweep(std::vector<std::string> axes) { sweep_.axes = std::move(axes); }

  /// What sweep.toml in `folder` says; trials added afterwards lie there.
  MadeUpSweep& folder(std::filesystem::path const& folder, std::string const& sweep_toml) {
    folder_ = folder;
    sweep_.sweep_toml[folder] = sweep_toml;
    return *this;
  }
  MadeUpSweep& done(Axes const& axes, int seed, std::vector<std::pair<std::string, double>> const& measures) {
    auto& trial = add(axes, seed);
    trial.outcome = analysis::collate::Outcome::done;
    trial.result.emplace();
    for (auto const& [name, value] : measures) trial.result->measures.set(name, value);
    return *this;
  }
  /// The series of all trials so far is a recording.
  MadeUpSweep& of_recording() {
    for (auto& trial : sweep_.trials)
      if (trial.result) trial.result->facts.emplace_back("data_foreign_because", "no generator is known");
    return *this;
  }
  /// Seeds 0, 1, ... of a cell.
  MadeUpSweep& cell(Axes const& axes, std::string const& measure, std::vector<double> const& values) {
    for (std::size_t seed = 0; seed < values.size(); ++seed)
      done(axes, static_cast<int>(seed), {{measure, values[seed]}});
    return *this;
  }
  MadeUpSweep& failed(Axes const& axes, int seed) {
    add(axes, seed).outcome = analysis::collate::Outcome::failed;
    return *this;
  }

  [[nodiscard]] analysis::collate::SweepFolder const& sweep() const { return sweep_; }

 private:
  analysis::collate::CollatedTrial& add(Axes const& axes, int seed) {
    auto& trial = sweep_.trials.emplace_back();
    trial.id = std::to_string(sweep_.trials.size());
    trial.axes = axes;
    trial.seed = std::to_string(seed);
    trial.folder = folder_;
    return trial;
  }

  analysis::collate::SweepFolder sweep_;
  std::filesystem::path folder_;
};

}  // namespace mambasynth::tests
