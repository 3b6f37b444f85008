#pragma once

#include <filesystem>

#include "series/stream.hpp"
#include "store/result_file.hpp"

namespace mambasynth::series {

/// series.h5, block by block: /x (time, channel), /circle and /phase (time), the process, and the configuration as root
/// attributes named after its keys and as TOML text (`configuration`).
class SeriesH5 {
 public:
  SeriesH5(std::filesystem::path const& file, config::Data const& data, Process const& process);
  void add(Block const& block);
  /// As in store::ResultFile.
  void close() { result_.close(); }
  void commit() { result_.commit(); }

 private:
  void write_configuration(config::Data const& data);
  void write_process(Process const& process);

  double sampling_rate_;  ///< Hz; 0: the time axis counts steps
  store::ResultFile result_;
  store::Hdf5Stream time_, x_, circle_, phase_;
};

/// The [data] keys of a series.h5, from its attributes; errors::input if they are missing or out of bounds.
config::Data configuration_of(store::Hdf5Reader const& reader, std::filesystem::path const& file);

}  // namespace mambasynth::series
