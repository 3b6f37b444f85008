#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/collate/sweep_folder.hpp"

namespace mambasynth::analysis::collate {

/// What look_up() found, as bytes for another process of this program on this machine. The names of measures are sent
/// once for all trials that have the same ones.
class RecordWriter {
 public:
  std::string write(CollatedTrial const& trial, std::vector<std::string> const& warnings);

 private:
  std::unordered_map<trial_file::MeasureNames const*, std::uint64_t> sent_;
};

class RecordReader {
 public:
  /// Fills what look_up() fills, and appends the warnings. Records of one writer, in its order.
  void read(std::string_view record, CollatedTrial& trial, std::vector<std::string>& warnings);

 private:
  std::vector<std::shared_ptr<trial_file::MeasureNames const>> received_;
};

}  // namespace mambasynth::analysis::collate
