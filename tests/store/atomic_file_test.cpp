#include "store/atomic_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <string>

#include "store/damaged_file.hpp"
#include "store/process.hpp"
#include "store/raises.hpp"
#include "store/temporaries.hpp"
#include "support/reference.hpp"

namespace fs = std::filesystem;
using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;

TEST_CASE("an atomic file appears only at commit", "[store]") {
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

TEST_CASE("an uncommitted atomic file keeps the old content and leaves no temporary", "[store]") {
  tests::TemporaryFolder const folder;
  auto const target = folder.path() / "result.txt";
  store::write_atomically(target, "old");
  {
    std::ofstream(store::AtomicFile(target).temporary()) << "new";
  }
  {
    store::AtomicFile file(target);
    std::ofstream(file.temporary()) << "new";
  }
  CHECK(store::read_text(target) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
  store::write_atomically(target, std::string("new\0er", 6));
  CHECK(store::read_text(target) == std::string("new\0er", 6));
}

TEST_CASE("two atomic files for one target use different temporary names", "[store]") {
  tests::TemporaryFolder const folder;
  auto const target = folder.path() / "result.txt";
  store::AtomicFile first(target), second(target);
  CHECK(first.temporary() != second.temporary());
  CHECK(store::AtomicFile(folder.path() / std::string(250, 'x')).temporary().filename().string().size() <= 255);
}

TEST_CASE("a failed write is a machine error with the system's reason", "[store]") {
  tests::TemporaryFolder const folder;
  auto const blocker = folder.path() / "file";
  store::write_atomically(blocker, "x");
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::write_atomically(blocker / "sub" / "r.txt", ""); }),
             ContainsSubstring((blocker / "sub").string()) && ContainsSubstring("Not a directory"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder(blocker); }),
             ContainsSubstring("A file is in the way"));
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder("/proc/nowhere"); }),
             ContainsSubstring("/proc/nowhere"));
  fs::create_directory(folder.path() / "taken");
  CHECK_THAT(message_of(errors::ExitCode::defect, [&] { store::write_atomically(folder.path() / "taken", "x"); }),
             ContainsSubstring("Is a directory"));
}

TEST_CASE("a required folder is created and left empty", "[store]") {
  tests::TemporaryFolder const folder;
  store::require_writable_folder(folder.path() / "new" / "deep");
  CHECK(fs::is_empty(folder.path() / "new" / "deep"));
}

TEST_CASE("an unreadable text file is an input error", "[store]") {
  tests::TemporaryFolder const folder;
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { store::read_text(folder.path() / "no.txt"); }),
             ContainsSubstring("no.txt") && ContainsSubstring("No such file"));
  CHECK_THAT(message_of(errors::ExitCode::input, [&] { store::read_text(folder.path()); }),
             ContainsSubstring("Is a directory"));
}

namespace {

/// The temporary name of a writer in this process's namespaces, but with another ID and start time.
fs::path temporary_of(fs::path const& folder, std::string const& pid, std::string const& start) {
  auto const own = store::temporary_name(folder / "result.txt").filename().string();
  auto const place = own.substr(0, own.find('-', own.find(".mambasynth-") + 12));
  return folder / (place + "-" + pid + "-" + start + "-0.tmp");
}

}  // namespace

TEST_CASE("writing a file removes only the temporaries of dead writers from its folder", "[store]") {
  auto const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  auto const self = store::this_process();
  auto const start = std::to_string(self.process_start);
  struct Case {
    char const* what;
    std::function<fs::path(fs::path const&)> name;
    bool old, stays;
  };
  Case const cases[] = {
      {"of a process that ended", [&](auto const& f) { return temporary_of(f, std::to_string(child), "7"); }, false,
       false},
      {"of a process whose ID has been reused",
       [&](auto const& f) { return temporary_of(f, std::to_string(self.pid), std::to_string(self.process_start - 1)); },
       false, false},
      {"of this process", [&](auto const& f) { return temporary_of(f, std::to_string(self.pid), start); }, true, true},
      {"of another boot or container", [](auto const& f) { return f / ".a.h5.mambasynth-p00000000deadbeef-1-1-0.tmp"; },
       false, true},
      {"the same, a week old", [](auto const& f) { return f / ".a.h5.mambasynth-p00000000deadbeef-1-1-0.tmp"; }, true,
       false},
      {"of a host without /proc", [](auto const& f) { return f / ".a.h5.mambasynth-h00000000deadbeef-1-0-0.tmp"; },
       false, true},
      {"of an earlier version", [](auto const& f) { return f / ".a.h5.node7.123.0.tmp"; }, false, true},
      {"the same, a week old", [](auto const& f) { return f / ".a.h5.node7.123.0.tmp"; }, true, false},
      {"a user's", [](auto const& f) { return f / ".notes.tmp"; }, true, true},
      {"a user's, with our name in it", [](auto const& f) { return f / ".mambasynth-notes.tmp"; }, true, true},
      {"a user's that is not hidden", [](auto const& f) { return f / "a.h5.mambasynth-p00000000deadbeef-1-1-0.tmp"; },
       true, true},
  };
  for (auto const& one : cases) {
    INFO(one.what);
    tests::TemporaryFolder const folder;
    auto const left = one.name(folder.path());
    std::ofstream(left) << "half";
    if (one.old) fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(8 * 24));
    store::write_atomically(folder.path() / "result.txt", "whole");
    CHECK(fs::exists(left) == one.stays);
    CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == (one.stays ? 2 : 1));
  }
}

TEST_CASE("a process that is about to end removes its uncommitted files", "[store]") {
  tests::TemporaryFolder const folder;
  auto const child = ::fork();
  if (child == 0) {
    store::AtomicFile file(folder.path() / "a.h5"), other(folder.path() / "b.h5"), done(folder.path() / "c.h5");
    done.commit();
    store::remove_own_temporaries();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  CHECK(fs::exists(folder.path() / "c.h5"));
  CHECK(std::distance(fs::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an obstacle to one of our files is moved aside to a free name", "[store]") {
  struct Case {
    char const* what;
    std::function<void(fs::path const&)> make;
    bool in_the_way;
  };
  Case const cases[] = {{"nothing", [](auto const&) {}, false},
                        {"a file", [](auto const& file) { std::ofstream(file) << "x"; }, false},
                        {"an empty file", [](auto const& file) { std::ofstream{file}; }, false},
                        {"a link to a file",
                         [](auto const& file) {
                           std::ofstream(file.string() + ".to") << "x";
                           fs::create_symlink(file.string() + ".to", file);
                         },
                         false},
                        {"a link to nothing", [](auto const& file) { fs::create_symlink("nowhere", file); }, true},
                        {"a link to a folder", [](auto const& file) { fs::create_symlink("/", file); }, true},
                        {"a folder", [](auto const& file) { fs::create_directories(file / "sub"); }, true},
                        {"a pipe", [](auto const& file) { REQUIRE(::mkfifo(file.c_str(), 0600) == 0); }, true}};
  for (auto const& one : cases) {
    INFO(one.what);
    tests::TemporaryFolder const folder;
    auto const file = folder.path() / "series.h5";
    std::ofstream(file.string() + ".damaged") << "an earlier one";
    one.make(file);
    auto const warning = store::make_way(file);
    CHECK(warning.empty() != one.in_the_way);
    CHECK(fs::exists(fs::symlink_status(folder.path() / "series.h5.damaged.2")) == one.in_the_way);
    if (one.in_the_way)
      CHECK_THAT(warning, ContainsSubstring(file.string()) && ContainsSubstring("series.h5.damaged.2"));
    if (one.in_the_way) CHECK_FALSE(fs::exists(fs::symlink_status(file)));
  }
}
