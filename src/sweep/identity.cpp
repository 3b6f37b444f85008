#include "sweep/identity.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/toml.hpp"
#include "store/archive/sha256.hpp"

namespace mambasynth::sweep {
namespace {

constexpr std::size_t id_digits = 12;
constexpr std::string_view data_prefix = "data.";

std::vector<std::string> lines_of(config::Trial const& trial, ForeignSeries const& data) {
  if (trial.train.precision == "auto")
    throw std::logic_error("train.precision must be resolved before a trial's ID is computed");
  std::vector<std::string> lines;
  auto const applies = [&](std::string const& key) {
    return !key.starts_with(data_prefix) ||
           config::Data::describes_recording(key.substr(data_prefix.size())) != data.sha256.empty();
  };
  for (auto const& [key, value] : config::canonical_keys(trial))
    if (applies(key)) lines.push_back(key + "=" + value + "\n");
  if (!data.sha256.empty()) lines.push_back("data.sha256=" + data.sha256 + "\n");
  if (data.trials > 1) lines.push_back("data.trials=" + std::to_string(data.trials) + "\n");
  // Sort whole lines: if one key is a prefix of another, the '=' after it decides the order.
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

std::string canonical_text(config::Trial const& trial, ForeignSeries const& data) {
  std::string text;
  for (auto const& line : lines_of(trial, data)) text += line;
  return text;
}

std::string trial_id(config::Trial const& trial, ForeignSeries const& data) {
  return store::sha256_hex(canonical_text(trial, data)).substr(0, id_digits);
}

std::string data_hash(config::Trial const& trial, ForeignSeries const& data) {
  std::string text;
  for (auto const& line : lines_of(trial, data))
    if (line.starts_with(data_prefix)) text += line;
  return store::sha256_hex(text).substr(0, id_digits);
}

}  // namespace mambasynth::sweep
