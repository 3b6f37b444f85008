#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "train/progress.hpp"

namespace mambasynth::train {

/// Files of a trial's folder.
inline constexpr char const* checkpoint_name = "checkpoint.pt";
inline constexpr char const* resume_name = "resume.pt";
inline constexpr char const* log_name = "log.csv";

/// log.csv: epoch,train_mse,train_eval_mse,val_mse,test_mse,lr,seconds,best (`*` or empty; `nan` where not measured).
void write_log(std::filesystem::path const& file, std::vector<EpochRecord> const& history);
/// Whether a file has the header of such a log.
bool is_log(std::filesystem::path const& file);
void append_log(std::filesystem::path const& file, EpochRecord const& record);

/// The row of the original's console table, and its header, after a line that explains absent losses.
std::string console_header(config::Train const& train);
std::string console_row(EpochRecord const& record);

}  // namespace mambasynth::train
