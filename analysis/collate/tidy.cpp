#include "analysis/collate/tidy.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <unordered_map>
#include <vector>

#include "analysis/collate/numbers.hpp"
#include "analysis/collate/trials_csv.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "store/output_file.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// A row's fields before and after the value.
struct FixedFields {
  std::string before, after;
};

FixedFields fixed_fields(std::string const& name) {
  auto const m = collate::describe(name);
  return {
      "," + store::csv::line({m.base, m.layer, number_text(m.horizon), number_text(m.k), m.target}) + ",",
      "," + store::csv::line({m.unit, m.estimator, number_text(m.n1), m.control, name_of(m.better), m.name}) + "\n"};
}

std::vector<FixedFields> fixed_fields(trial_file::MeasureNames const& names) {
  std::vector<FixedFields> fields;
  for (auto const& name : names.all()) fields.push_back(fixed_fields(name));
  return fields;
}

}  // namespace

void write_tidy_csv(SweepFolder const& sweep, std::filesystem::path const& file) {
  store::AtomicFile target(file);
  store::OutputFile out(target.temporary());
  auto const axes = axes_of_columns(sweep);
  auto header = identity_columns(axes);
  header.insert(header.end(), tidy_columns.begin(), tidy_columns.end());
  out.write(store::csv::line(header) + "\n");

  std::unordered_map<trial_file::MeasureNames const*, std::vector<FixedFields>> known;
  fmt::memory_buffer rows;
  for (auto const& trial : sweep.trials) {
    if (!trial.result) continue;
    auto const of_trial = store::csv::line(identity_of(trial, axes));
    auto const& measures = trial.result->measures;
    auto& fields = known[measures.names().get()];
    if (fields.empty()) fields = fixed_fields(*measures.names());
    rows.clear();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      rows.append(of_trial);
      rows.append(fields[i].before);
      auto const value = measures.values()[i];
      if (std::isfinite(value)) fmt::format_to(std::back_inserter(rows), "{}", value);
      rows.append(fields[i].after);
    }
    out.write({rows.data(), rows.size()});
  }
  out.close();
  target.commit();
}

}  // namespace mambasynth::analysis::collate
