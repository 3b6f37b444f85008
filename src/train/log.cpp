#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "analysis/document/rounding.hpp"
#include "analysis/document/table.hpp"
#include "config/text.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "train/epoch_columns.hpp"

namespace mambasynth::train {
namespace {

std::string header() {
  store::csv::Record names{"epoch"};
  for (auto const& column : epoch_columns)
    if (column.log != LogFormat::absent) names.emplace_back(column.name);
  names.emplace_back("best");
  return store::csv::line(names);
}

std::string cell(LogFormat format, double value) {
  switch (format) {
    case LogFormat::nine_digits:  // distinguish any two floats; the losses are means of floats
      return fmt::format("{:.9g}", value);
    case LogFormat::shortest:
      return config::shortest(value);
    case LogFormat::milliseconds:
      return fmt::format("{:.3f}", value);
    case LogFormat::absent:
      break;
  }
  return {};
}

std::string row(EpochRecord const& record) {
  store::csv::Record cells{std::to_string(record.epoch)};
  for (auto const& column : epoch_columns)
    if (column.log != LogFormat::absent) cells.push_back(cell(column.log, record.*column.value));
  cells.emplace_back(record.best ? "*" : "");
  return store::csv::line(cells) + "\n";
}

}  // namespace

void write_log(std::filesystem::path const& file, std::vector<EpochRecord> const& history) {
  auto text = header() + "\n";
  for (auto const& record : history) text += row(record);
  store::write_atomically(file, text);
}

bool is_log(std::filesystem::path const& file) {
  std::ifstream in(file);
  std::string first;
  return std::getline(in, first) && first == header();
}

void append_log(std::filesystem::path const& file, EpochRecord const& record) {
  std::ofstream out(file, std::ios::app);
  out << row(record) << std::flush;
  if (!out)
    throw errors::machine("cannot write " + file.string(), errors::system_reason(errno),
                          "Free some space or choose another --out, then run the same command again");
}

std::string console_header(config::Train const& train) {
  std::vector<std::string> reasons;
  if (!train.train_eval) reasons.emplace_back("train_eval only with --train-eval");
  if (train.test_every > 1) reasons.push_back(fmt::format("test every {} epochs and at the end", train.test_every));
  auto const why = reasons.empty() ? std::string()
                                   : fmt::format("({}: not measured in this epoch; {})\n", analysis::document::nothing,
                                                 fmt::join(reasons, ", "));
  return why + fmt::format("{:>7} {:>12} {:>12} {:>12} {:>12} {:>12} {:>8}", "epoch", "train", "train_eval", "val",
                           "test", "lr", "seconds");
}

std::string console_row(EpochRecord const& r) {
  auto const loss = [](double value) { return analysis::document::decimal_text(value, 4); };
  // A diverged loss is NaN, too.
  auto const always = [&](double value) { return std::isnan(value) ? std::string("nan") : loss(value); };
  return fmt::format("{:>7} {:>12} {:>12} {:>12} {:>12} {:>12.6f} {:>8.2f} {}", r.epoch, always(r.train_mse),
                     loss(r.train_eval_mse), always(r.val_mse), loss(r.test_mse), r.lr, r.seconds, r.best ? "*" : "");
}

}  // namespace mambasynth::train
