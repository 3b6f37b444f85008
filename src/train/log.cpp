#include "train/log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "config/text.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"

namespace mambasynth::train {
namespace {

constexpr char const* header = "epoch,train_mse,train_eval_mse,val_mse,test_mse,lr,seconds,best";

std::string row(EpochRecord const& r) {
  // Nine digits tell any two floats apart, and the losses are means of floats.
  return fmt::format("{},{:.9g},{:.9g},{:.9g},{:.9g},{},{:.3f},{}\n", r.epoch, r.train_mse, r.train_eval_mse, r.val_mse,
                     r.test_mse, config::shortest(r.lr), r.seconds, r.best ? "*" : "");
}

}  // namespace

void write_log(std::filesystem::path const& file, std::vector<EpochRecord> const& history) {
  std::string text = std::string(header) + "\n";
  for (auto const& record : history) text += row(record);
  store::write_atomically(file, text);
}

bool is_log(std::filesystem::path const& file) {
  std::ifstream in(file);
  std::string first;
  return std::getline(in, first) && first == header;
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
