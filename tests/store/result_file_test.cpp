#include "store/result_file.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>

#include "support/reference.hpp"

namespace fs = std::filesystem;
using namespace mambasynth;

TEST_CASE("a result appears at commit, with its schema version and provenance", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "result.h5";
  {
    store::ResultFile result(path, 3);
    result.provenance({{"checkpoint", "a.pt"}, {"seq_len", std::int64_t{64}}});
    result.provenance({{"seconds", 1.5}});
    result.h5().scalar("/x", 2.0);
    result.close();
    CHECK_FALSE(fs::exists(path));
    result.commit();
  }
  store::Hdf5Reader const file(path);
  CHECK(file.integer_attribute("/", "schema_version") == 3);
  CHECK(file.text_attribute("/provenance", "checkpoint") == "a.pt");
  CHECK(file.integer_attribute("/provenance", "seq_len") == 64);
  CHECK(file.number_attribute("/provenance", "seconds") == 1.5);
  CHECK(file.read<double>("/x") == std::vector{2.0});
}

TEST_CASE("an uncommitted result leaves no file", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  {
    store::ResultFile result(folder.path() / "result.h5", 1);
    result.h5().scalar("/x", 2.0);
  }
  CHECK(fs::is_empty(folder.path()));
}
