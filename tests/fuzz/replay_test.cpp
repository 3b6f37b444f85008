#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <ctime>
#include <vector>

#include "fuzz/targets.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_in(fs::path const& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(folder)) return files;
  for (auto const& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

/// Any exception is reported by Catch2, with the file's name.
void replay(tests::fuzz::Target const& target, fs::path const& file) {
  constexpr double most_seconds = 10;  // of CPU time: the machine may be busy
  INFO(file.string());
  auto const bytes = store::read_text(file);
  auto const start = std::clock();
  target.read(bytes);
  CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < most_seconds);
}

}  // namespace

TEST_CASE("inputs that once broke a reader are read or refused", "[fuzz]") {
  std::size_t count = 0;
  for (auto const& entry : files_in(MAMBASYNTH_FOUND)) {
    auto const* const target = tests::fuzz::target_named(entry.filename().string());
    INFO(entry.string());
    REQUIRE(target != nullptr);
    for (auto const& file : files_in(entry)) {
      replay(*target, file);
      ++count;
    }
  }
  CHECK(count > 0);
}

TEST_CASE("each reader's seeds, their prefixes and single changed bytes are read or refused", "[fuzz]") {
  constexpr std::size_t changes = 40;
  tests::TemporaryFolder const folder;
  tests::fuzz::write_seeds(folder.path());
  for (auto const& target : tests::fuzz::targets()) {
    auto const files = files_in(folder.path() / target.name);
    INFO(target.name);
    REQUIRE(!files.empty());
    for (auto const& file : files) {
      replay(target, file);
      if (target.by_hdf5) continue;
      auto const bytes = store::read_text(file);
      auto const step = std::max<std::size_t>(1, bytes.size() / changes);
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        INFO("byte " << at << " of " << file.filename().string());
        target.read(std::string_view(bytes).substr(0, at));
        auto changed = bytes;
        changed[at] = static_cast<char>(~changed[at]);
        target.read(changed);
      }
    }
  }
}
