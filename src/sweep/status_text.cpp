#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "analysis/document/table.hpp"
#include "analysis/document/text_rows.hpp"
#include "errors/printable.hpp"
#include "progress/duration.hpp"
#include "sweep/launch_command.hpp"
#include "sweep/status.hpp"

namespace mambasynth::sweep {
namespace {

using analysis::document::characters;
using analysis::document::nothing;

std::string cell_text(Status const& status, std::vector<std::string> const& values, std::string const& seed) {
  std::string text;
  for (std::size_t i = 0; i < status.columns.size(); ++i) text += status.columns[i] + " = " + values[i] + ", ";
  return text + "seed " + seed;
}

std::string loss_text(double loss) {
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", loss);
  return std::isfinite(loss) ? text : nothing;
}

char const* stage_of(RunningTrial const& trial) { return trial.measuring ? "measuring" : "training"; }

/// What the files of the folder say, without what would control the terminal.
std::string shown(std::string const& text) {
  constexpr std::size_t longest_escape = 6;  // \u2028
  return errors::printable(text, longest_escape * text.size());
}

/// How to continue a sweep that is not running.
std::string continuation(Status const& status) {
  if (status.command.empty()) return "the same `mambasynth sweep` command continues it";
  std::error_code ignored;
  bool const here = std::filesystem::current_path(ignored) == status.directory;
  return "this continues it:\n  " +
         shown((here ? "" : "cd " + quoted_for_shell(status.directory) + " && ") + status.command);
}

/// Columns as wide as their widest entry.
std::string aligned(std::vector<std::vector<std::string>> rows) {
  std::vector<std::size_t> widths;
  for (auto& row : rows)
    for (auto& cell : row) cell = shown(cell);
  for (auto const& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  }
  std::string text;
  for (auto const& row : rows) {
    text += " ";
    for (std::size_t i = 0; i < row.size(); ++i)
      text += " " + row[i] + (i + 1 < row.size() ? std::string(widths[i] - characters(row[i]) + 1, ' ') : "");
    text += "\n";
  }
  return text;
}

}  // namespace

std::string to_text(Status const& status) {
  std::string text = "sweep " + shown(status.name) + ": " + std::to_string(status.trials) + " trials\n";
  std::vector<std::vector<std::string>> counts;
  for (auto const state : all_states) {
    auto const count = status.counts.at(state);
    // In files, a trial that has not run yet is `missing`.
    auto const word = state == State::missing ? "waiting" : name_of(state);
    if (count > 0 || state == State::done) counts.push_back({std::string(word), std::to_string(count)});
  }
  counts.insert(counts.begin() + 1, {"running", std::to_string(status.running.size())});
  text += aligned(counts);
  if (!status.running.empty()) {
    std::vector<std::vector<std::string>> rows{
        {"trial", "rank", "stage", "epoch", "train_mse", "val_mse", "left", "cell"}};
    for (auto const& trial : status.running)
      rows.push_back({trial.id, std::to_string(trial.rank) + " on " + trial.host, stage_of(trial),
                      std::to_string(trial.epoch) + (trial.epochs > 0 ? "/" + std::to_string(trial.epochs) : ""),
                      trial.epoch > 0 ? loss_text(trial.train_mse) : nothing,
                      trial.epoch > 0 ? loss_text(trial.val_mse) : nothing,
                      trial.seconds_left ? progress::duration_text(*trial.seconds_left) : nothing,
                      cell_text(status, trial.axis_values, trial.seed)});
    text += "running\n" + aligned(rows);
  }
  if (!status.troubled.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (auto const& trial : status.troubled)
      rows.push_back({trial.id, std::string(name_of(trial.state)), cell_text(status, trial.axis_values, trial.seed),
                      trial.reason});
    text += "without a usable result\n" + aligned(rows);
  }
  if (status.holder)
    text += "run by " + shown(status.holder->describe()) + " on " + std::to_string(status.ranks) +
            (status.ranks == 1 ? " rank" : " ranks") +
            (status.slots > 1 ? ", " + std::to_string(status.slots) + " trials at once on each" : "") + "\n";
  else if (status.counts.at(State::done) + status.counts.at(State::diverged) < status.trials)
    text += "not running; " + continuation(status) + "\n";
  if (status.rank_hours > 0) {
    char line[128];
    std::snprintf(line, sizeof line, "%.3g rank-hours (GPU-hours if each rank has a GPU)", status.rank_hours);
    text += line;
    if (status.trials_per_hour) {
      std::snprintf(line, sizeof line, ", %.3g trials per hour on %d %s", *status.trials_per_hour, status.ranks,
                    status.ranks == 1 ? "rank" : "ranks");
      text += line;
    }
    text += "\n";
  }
  if (status.seconds_left) text += "about " + progress::duration_text(*status.seconds_left) + " left\n";
  return text;
}

std::string to_json(Status const& status) {
  using nlohmann::ordered_json;
  auto const cell = [&](std::vector<std::string> const& values) {
    auto object = ordered_json::object();
    for (std::size_t i = 0; i < status.columns.size(); ++i) object[status.columns[i]] = values[i];
    return object;
  };
  auto const number = [](std::optional<double> value) {
    return value && std::isfinite(*value) ? ordered_json(*value) : ordered_json(nullptr);
  };
  ordered_json object{{"name", status.name}, {"trials", status.trials}};
  auto counts = ordered_json::object();
  for (auto const state : all_states) counts[std::string(name_of(state))] = status.counts.at(state);
  counts["running"] = status.running.size();
  object["counts"] = counts;
  object["running"] = ordered_json::array();
  for (auto const& trial : status.running)
    object["running"].push_back({{"trial", trial.id},
                                 {"cell", cell(trial.axis_values)},
                                 {"seed", trial.seed},
                                 {"rank", trial.rank},
                                 {"host", trial.host},
                                 {"stage", stage_of(trial)},
                                 {"epoch", trial.epoch},
                                 {"epochs", trial.epochs},
                                 {"train_mse", trial.epoch > 0 ? number(trial.train_mse) : nullptr},
                                 {"val_mse", trial.epoch > 0 ? number(trial.val_mse) : nullptr},
                                 {"seconds_left", number(trial.seconds_left)}});
  object["troubled"] = ordered_json::array();
  for (auto const& trial : status.troubled)
    object["troubled"].push_back({{"trial", trial.id},
                                  {"cell", cell(trial.axis_values)},
                                  {"seed", trial.seed},
                                  {"state", name_of(trial.state)},
                                  {"reason", trial.reason}});
  object["launcher"] = nullptr;
  if (status.holder)
    object["launcher"] = {{"host", status.holder->host},
                          {"pid", status.holder->pid},
                          {"slurm_job", status.holder->slurm_job},
                          {"ranks", status.ranks},
                          {"trials_per_rank", status.slots}};
  object["command"] = status.command.empty() ? ordered_json(nullptr) : ordered_json(status.command);
  object["directory"] = status.directory.empty() ? ordered_json(nullptr) : ordered_json(status.directory);
  object["rank_hours"] = status.rank_hours;
  object["trials_per_hour"] = number(status.trials_per_hour);
  object["seconds_left"] = number(status.seconds_left);
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace mambasynth::sweep
