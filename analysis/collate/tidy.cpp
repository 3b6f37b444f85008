#include "analysis/collate/tidy.hpp"

#include "analysis/collate/measure.hpp"
#include "analysis/collate/numbers.hpp"
#include "analysis/collate/trials_csv.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::collate {

std::vector<TidyCsv::FixedFields> TidyCsv::fixed_fields(trial_file::MeasureNames const& names) {
  std::vector<FixedFields> fields;
  for (auto const& name : names.all()) {
    auto const m = describe(name);
    fields.push_back(
        {"," + store::csv::line({m.base, m.layer, number_text(m.horizon), number_text(m.k), m.target}) + ",",
         "," + store::csv::line({m.unit, m.estimator, number_text(m.n1), m.control, name_of(m.better), m.name}) +
             "\n"});
  }
  return fields;
}

TidyCsv::TidyCsv(SweepFolder const& sweep, std::filesystem::path const& file)
    : target_(file), out_(target_.temporary()), axes_(axes_of_columns(sweep)) {
  auto header = identity_columns(axes_);
  header.insert(header.end(), tidy_columns.begin(), tidy_columns.end());
  out_.write(store::csv::line(header) + "\n");
}

void TidyCsv::add(CollatedTrial const& trial, ValueTexts const& values) {
  if (!trial.result) return;
  auto const of_trial = store::csv::line(identity_of(trial, axes_));
  auto const& names = trial.result->measures.names();
  auto& fields = known_[names.get()];
  if (fields.empty()) fields = fixed_fields(*names);
  rows_.clear();
  for (std::size_t i = 0; i < fields.size(); ++i)
    rows_.append(of_trial).append(fields[i].before).append(values[i]).append(fields[i].after);
  out_.write(rows_);
}

void TidyCsv::commit() {
  out_.close();
  target_.commit();
}

}  // namespace mambasynth::analysis::collate
