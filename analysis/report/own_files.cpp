#include "analysis/report/own_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"

namespace mambasynth::analysis::report {
namespace {

namespace fs = std::filesystem;

constexpr char const* list = "files.csv";

/// FNV-1a: tells a file that someone edited from ours.
std::string checksum(std::string_view content) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (char const c : content) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", sum);
}

/// Nothing if it is not a regular file or cannot be read.
std::optional<std::string> checksum_of(fs::path const& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(file, ignored))) return std::nullopt;
  try {
    return checksum(store::read_text(file));
  } catch (errors::Error const&) {
    return std::nullopt;
  }
}

/// Lists are files, which anyone can edit.
bool stays_inside(fs::path const& path) {
  return path.is_relative() && std::none_of(path.begin(), path.end(), [](auto const& part) { return part == ".."; });
}

}  // namespace

OwnFiles::OwnFiles(fs::path folder) : folder_(std::move(folder)) {}

void OwnFiles::write(fs::path const& inside, std::string_view content) {
  store::write_atomically(folder_ / inside, content);
  written_[inside.generic_string()] = checksum(content);
}

void OwnFiles::add(fs::path const& inside) {
  if (auto sum = checksum_of(folder_ / inside)) written_[inside.generic_string()] = std::move(*sum);
}

void OwnFiles::keep_earlier(fs::path const& inside) {
  auto const start = inside.generic_string() + "/";
  for (auto const& [path, sum] : earlier())
    if (path.starts_with(start)) written_.try_emplace(path, sum);
}

OwnFiles::Sums OwnFiles::earlier() const {
  Sums sums;
  std::error_code ignored;
  if (!fs::is_regular_file(folder_ / list, ignored)) return sums;
  try {
    for (auto const& record : store::csv::parse(store::read_text(folder_ / list), list))
      if (record.size() == 2 && stays_inside(record[0])) sums.emplace(record[0], record[1]);
  } catch (errors::Error const&) {  // then nothing is known to be ours
  }
  return sums;
}

void OwnFiles::finish() {
  std::error_code ignored;
  for (auto const& [path, sum] : earlier())
    if (!written_.contains(path) && checksum_of(folder_ / path) == sum) fs::remove(folder_ / path, ignored);
  auto text = store::csv::line({"file", "checksum"}) + "\n";
  for (auto const& [path, sum] : written_) text += store::csv::line({path, sum}) + "\n";
  store::write_atomically(folder_ / list, text);
}

}  // namespace mambasynth::analysis::report
