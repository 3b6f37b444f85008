#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <string>

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

std::string console_header() {
  return fmt::format("{:>7} {:>12} {:>12} {:>12} {:>12} {:>12} {:>8}", "epoch", "train", "train_eval", "val", "test",
                     "lr", "seconds");
}

std::string console_row(EpochRecord const& r) {
  return fmt::format("{:>7} {:>12.4f} {:>12.4f} {:>12.4f} {:>12.4f} {:>12.6f} {:>8.2f} {}", r.epoch, r.train_mse,
                     r.train_eval_mse, r.val_mse, r.test_mse, r.lr, r.seconds, r.best ? "*" : "");
}

}  // namespace mambasynth::train
