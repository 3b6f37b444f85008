#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"
#include "analysis/collate/value_texts.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/output_file.hpp"

namespace mambasynth::analysis::collate {

/// The axes that are columns of their own in trials.csv and tidy.csv: all but `trial`, which both have anyway.
std::vector<std::string> axes_of_columns(SweepFolder const& sweep);
/// Empty if its sweep lacks the axis.
std::string axis_value(CollatedTrial const& trial, std::string const& axis);
/// The first columns of both: `trial`, these axes, `seed`, `state`.
store::csv::Record identity_columns(std::vector<std::string> const& axes);
store::csv::Record identity_of(CollatedTrial const& trial, std::vector<std::string> const& axes);

/// trials.csv, atomically: one row a planned trial with `trial`, the axes, `seed`, `state`, every measure by its name,
/// then where the numbers come from: `reason` (of a failure), `folder`, `precision`, and the attributes of /provenance.
/// Undefined values are empty. Errors: errors::machine.
class TrialsCsv {
 public:
  TrialsCsv(SweepFolder const& sweep, std::filesystem::path const& file);
  /// The next trial of the sweep; `values` are those of its result.
  void add(CollatedTrial const& trial, ValueTexts const& values);
  void commit();

 private:
  using Places = std::vector<std::optional<std::size_t>>;

  store::AtomicFile target_;
  store::OutputFile out_;
  std::vector<std::string> axes_, measures_, facts_;
  std::map<trial_file::MeasureNames const*, Places> places_;  ///< where each column finds its value
  std::string row_;
};

}  // namespace mambasynth::analysis::collate
