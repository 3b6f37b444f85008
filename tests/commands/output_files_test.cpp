#include "commands/output_files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "errors/errors.hpp"
#include "series/config_json.hpp"
#include "store/hdf5.hpp"
#include "store/result_file.hpp"
#include "support/reference.hpp"
#include "train/log.hpp"
#include "trial/pipeline.hpp"

namespace fs = std::filesystem;
using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

void write(fs::path const& file, std::string const& text) { std::ofstream(file) << text; }

errors::Error in_the_way(fs::path const& file) {
  return errors::usage(file.string() + " would be overwritten", "it is not a result of this program",
                       "Choose another --out, or move that file away");
}

void refuse_all(fs::path const& folder) { throw in_the_way(folder); }

}  // namespace

TEST_CASE("a result replaces an earlier result, but neither another program's HDF5 file nor text") {
  tests::TemporaryFolder const folder;
  auto const file = folder.path() / "gates.h5";
  CHECK_NOTHROW(commands::require_replaceable(file));
  {
    store::ResultFile result(file, 1);
    result.commit();
  }
  CHECK_NOTHROW(commands::require_replaceable(file));
  {
    store::Hdf5Writer other(file);
    other.close();
  }
  CHECK_THROWS_WITH(commands::require_replaceable(file), in_the_way(file).what());
  write(file, "notes");
  CHECK_THROWS_WITH(commands::require_replaceable(file), in_the_way(file).what());
}

TEST_CASE("data.npz is replaced only beside the config.json of a generated series") {
  tests::TemporaryFolder const folder;
  auto const data = folder.path() / "data.npz", configuration = folder.path() / "config.json";
  CHECK_NOTHROW(commands::require_replaceable_npz(folder.path()));
  write(data, "numbers");
  CHECK_THROWS_WITH(commands::require_replaceable_npz(folder.path()), in_the_way(data).what());
  write(configuration, series::to_config_json(config::Data{}));
  CHECK_NOTHROW(commands::require_replaceable_npz(folder.path()));
  write(configuration, "{\"editor\": \"vi\"}");
  CHECK_THROWS_WITH(commands::require_replaceable_npz(folder.path()), in_the_way(configuration).what());
  fs::remove(data);
  CHECK_THROWS_WITH(commands::require_replaceable_npz(folder.path()), in_the_way(configuration).what());
}

TEST_CASE("a checkpoint is a trial's if there is a trial's log, result or saved state beside it") {
  tests::TemporaryFolder const folder;
  auto const log = folder.path() / train::log_name, checkpoint = folder.path() / train::checkpoint_name;
  CHECK_NOTHROW(commands::require_replaceable_trial(folder.path()));
  write(checkpoint, "weights");
  CHECK_THROWS_WITH(commands::require_replaceable_trial(folder.path()), in_the_way(checkpoint).what());
  train::write_log(log, {});
  CHECK_NOTHROW(commands::require_replaceable_trial(folder.path()));
  write(log, "date,weight\n");
  CHECK_THROWS_WITH(commands::require_replaceable_trial(folder.path()), in_the_way(log).what());
  for (auto const* own : {trial::result_name, train::resume_name}) {
    write(folder.path() / own, "");
    CHECK_NOTHROW(commands::require_replaceable_trial(folder.path()));
    fs::remove(folder.path() / own);
  }
}

TEST_CASE("if the default folder is in use, the next free number is appended") {
  commands::RunFlags flags{.out = "gates"};
  std::vector<std::string> tried;
  commands::choose_output_folder(flags, [&](fs::path const& folder) {
    tried.push_back(folder.string());
    if (tried.size() < 3) refuse_all(folder);
  });
  CHECK(tried == std::vector<std::string>{"gates", "gates-2", "gates-3"});
  CHECK(flags.out == "gates-3");
}

TEST_CASE("a folder given by --out is used or refused, and numbering stops at 100") {
  commands::RunFlags named{.out = "mine", .out_given = true};
  CHECK_THROWS_WITH(commands::choose_output_folder(named, refuse_all), in_the_way("mine").what());
  CHECK(named.out == "mine");
  commands::RunFlags unnamed{.out = "gates"};
  CHECK_THROWS_WITH(commands::choose_output_folder(unnamed, refuse_all), in_the_way("gates-100").what());
}
