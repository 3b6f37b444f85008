#include "store/atomic_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>

#include "store/raises.hpp"
#include "support/reference.hpp"

namespace fs = std::filesystem;
using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;

TEST_CASE("an atomic file appears at commit and not before", "[store]") {
  tests::TemporaryFolder const folder;
  auto const target = folder.path() / "a" / "b" / "result.txt";
  {
    store::AtomicFile file(target);
    CHECK(file.temporary().parent_path() == target.parent_path());
    std::ofstream(file.temporary()) << "content";
    CHECK_FALSE(fs::exists(target));
    file.commit();
  }
  CHECK(store::read_text(target) == "content");
  CHECK(std::distance(fs::directory_iterator(target.parent_path()), {}) == 1);
}

TEST_CASE("an atomic file that is not committed leaves the old content and no debris", "[store]") {
  tests::TemporaryFolder const folder;
  auto const target = folder.path() / "result.txt";
  store::write_atomically(target, "old");
  { std::ofstream(store::AtomicFile(target).temporary()) << "new"; }
  {
    store::AtomicFile file(target);
    std::ofstream(file.temporary()) << "new";
  }
  CHECK(store::read_text(target) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  store::write_atomically(target, std::string("new\0er", 6));
  CHECK(store::read_text(target) == std::string("new\0er", 6));
}

TEST_CASE("two atomic files of one target do not meet", "[store]") {
  tests::TemporaryFolder const folder;
  auto const target = folder.path() / "result.txt";
  store::AtomicFile first(target), second(target);
  CHECK(first.temporary() != second.temporary());
  CHECK(store::AtomicFile(folder.path() / std::string(250, 'x')).temporary().filename().string().size() <= 255);
}

TEST_CASE("what cannot be written is a machine error with the system's reason", "[store]") {
  tests::TemporaryFolder const folder;
  auto const blocker = folder.path() / "file";
  store::write_atomically(blocker, "x");
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::write_atomically(blocker / "sub" / "r.txt", ""); }),
             ContainsSubstring((blocker / "sub").string()) && ContainsSubstring("Not a directory"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder(blocker); }),
             ContainsSubstring("a file is in the way"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder("/proc/nowhere"); }),
             ContainsSubstring("/proc/nowhere"));
  fs::create_directory(folder.path() / "taken");
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::write_atomically(folder.path() / "taken", "x"); }),
             ContainsSubstring("Is a directory"));
}

TEST_CASE("a writable folder is made and left empty", "[store]") {
  tests::TemporaryFolder const folder;
  store::require_writable_folder(folder.path() / "new" / "deep");
  CHECK(fs::is_empty(folder.path() / "new" / "deep"));
}

TEST_CASE("a text that cannot be read is an input error", "[store]") {
  tests::TemporaryFolder const folder;
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { store::read_text(folder.path() / "no.txt"); }),
             ContainsSubstring("no.txt") && ContainsSubstring("No such file"));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { store::read_text(folder.path()); }),
             ContainsSubstring("Is a directory"));
}
