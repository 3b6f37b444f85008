#include "analysis/trial_file/trial_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::trial_file {

std::vector<double> const& TrialHistory::operator[](std::string_view name) const {
  auto const found =
      std::find_if(columns.begin(), columns.end(), [&](auto const& column) { return column.name == name; });
  if (found == columns.end()) throw std::out_of_range(fmt::format("the history has no column '{}'", name));
  return found->values;
}

TrialHistory read_history(std::filesystem::path const& file, std::initializer_list<char const*> names) {
  namespace layout = trial_layout;
  store::Hdf5Reader const h5(file);
  TrialHistory history;
  if (h5.exists(layout::epoch)) history.epoch = h5.read<std::int64_t>(layout::epoch);
  auto const epochs = history.epoch.size();
  for (auto const* name : names) {
    auto const path = std::string(layout::history) + name;
    auto values = h5.exists(path) ? h5.read<double>(path) : std::vector<double>(epochs, std::nan(""));
    if (values.size() != epochs)
      throw errors::input(file.string() + " cannot be used as a trial",
                          fmt::format("{} holds {} values for {} epochs", path, values.size(), epochs),
                          "Remove it and run the sweep again");
    history.columns.push_back({name, {}, std::move(values)});
  }
  return history;
}

}  // namespace mambasynth::analysis::trial_file
