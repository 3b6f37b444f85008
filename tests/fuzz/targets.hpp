#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

/// The readers of files that a stranger may have written, each as a function of such a file's bytes. The fuzzers
/// (fuzzer.cpp) and the ordinary test of all known inputs (replay_test.cpp) call the same functions.
namespace mambasynth::tests::fuzz {

struct Target {
  std::string_view name;  ///< also the folder of its inputs in found/
  std::string_view file;  ///< what such a file is called
  /// Returns whatever the bytes are: errors::Error is expected, any other exception is a finding.
  void (*read)(std::string_view bytes);
  /// HDF5 reads it first, and crashes on some damaged files itself.
  bool by_hdf5 = false;
};
std::span<Target const> targets();
Target const* target_named(std::string_view name);

/// Writes a few small valid files for each target, FOLDER/NAME/*, with the program's own writers.
void write_seeds(std::filesystem::path const& folder);

void read_csv(std::string_view bytes);
void read_config_json(std::string_view bytes);
void read_failure(std::string_view bytes);
void read_ledger(std::string_view bytes);
void read_hdf5_bytes(std::string_view bytes);
void read_lock(std::string_view bytes);
void read_npy(std::string_view bytes);
void read_npz(std::string_view bytes);
void read_pickle(std::string_view bytes);
void read_plan(std::string_view bytes);
void read_pt(std::string_view bytes);
void read_recording(std::string_view bytes);
void read_safetensors(std::string_view bytes);
void read_toml(std::string_view bytes);
void read_trial(std::string_view bytes);

}  // namespace mambasynth::tests::fuzz
