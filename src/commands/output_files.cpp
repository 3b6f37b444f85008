#include "commands/output_files.hpp"

#include <fmt/format.h>

#include <string>
#include <system_error>
#include <vector>

#include "errors/errors.hpp"
#include "series/config_json.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "streams/streams.hpp"
#include "train/log.hpp"
#include "trial/pipeline.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;

errors::Error foreign_file(fs::path const& file) {
  return errors::usage(file.string() + " would be overwritten", "it is not a result of this program",
                       "Choose another --out, or move that file away");
}

bool is_result(fs::path const& file) {
  try {
    return store::Hdf5Reader(file).has_attribute("/", "schema_version");
  } catch (errors::Error const&) {
    return false;
  }
}

bool is_generator_configuration(fs::path const& file) {
  try {
    (void)series::from_config_json(store::read_text(file), file.string());
    return true;
  } catch (errors::Error const&) {
    return false;
  }
}

/// As store::require_writable_folder, but a folder that this makes goes again: what comes before the first result can
/// fail.
void require_writable_later(fs::path const& folder) {
  std::vector<fs::path> made;
  std::error_code ignored;
  for (auto parent = fs::absolute(folder).lexically_normal();
       !fs::exists(parent, ignored) && parent.has_relative_path(); parent = parent.parent_path())
    made.push_back(parent);
  store::require_writable_folder(folder);
  for (auto const& parent : made) fs::remove(parent, ignored);
}

}  // namespace

void require_replaceable(fs::path const& file) {
  if (fs::exists(file) && !is_result(file)) throw foreign_file(file);
}

void require_replaceable_npz(fs::path const& folder) {
  auto const data = folder / "data.npz", configuration = folder / "config.json";
  bool const generated = is_generator_configuration(configuration);
  if (fs::exists(configuration) && !generated) throw foreign_file(configuration);
  if (fs::exists(data) && !generated) throw foreign_file(data);
}

void choose_output_folder(RunFlags& flags, std::function<void(fs::path const& folder)> const& check) {
  constexpr int most = 100;
  auto const usual = flags.out;
  auto const taken = [&](bool last) {
    try {
      check(flags.out);
      return false;
    } catch (errors::Error const&) {
      if (last) throw;
      return true;
    }
  };
  for (int number = 2; taken(flags.out_given || number > most); ++number)
    flags.out = fmt::format("{}-{}", usual, number);
  if (flags.out != usual) streams::log("note: {} contains other files, so results go to {}.\n", usual, flags.out);
  require_writable_later(flags.out);
}

void require_replaceable_trial(fs::path const& folder) {
  for (auto const* own : {trial::result_name, train::resume_name})
    if (fs::exists(folder / own)) return;
  auto const log = folder / train::log_name, checkpoint = folder / train::checkpoint_name;
  if (fs::exists(log)) {
    if (!train::is_log(log)) throw foreign_file(log);
    return;
  }
  if (fs::exists(checkpoint)) throw foreign_file(checkpoint);
}

}  // namespace mambasynth::commands
