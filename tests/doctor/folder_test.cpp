#include "doctor/folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "doctor/made_up.hpp"

using namespace mambasynth::doctor;
using namespace mambasynth::tests;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

struct Temporary {
  fs::path path = fs::temp_directory_path() / ("doctor_folder_" + std::to_string(::getpid()));
  Temporary() { fs::create_directories(path); }
  ~Temporary() { fs::remove_all(path); }
};

FolderFacts good() {
  FolderFacts f;
  f.path = "/scratch/runs";
  f.type = "lustre";
  f.space = {"/scratch/runs", 1e6, 5e5};
  f.rounds = 2;
  f.sees_new = f.sees_replaced = {{0, "", 0, {}}, {1, "", 0.1, {}}};
  f.links = {{0, "", 0, {0}}, {1, "", 0, {1}}};
  return f;
}

Findings judged(FolderFacts const& folder) {
  auto facts = of({healthy(0, 2), healthy(1, 2, "n2")});
  facts.folder = folder;
  return check_folder(facts);
}

}  // namespace

TEST_CASE("a folder suitable for results passes all checks") {
  CHECK(judged(good()).size() == 1);
  CHECK(worst(judged(good())) == Level::ok);
  CHECK(check_folder(of({healthy(0, 1)})).empty());
}

TEST_CASE("a folder that is not writable, durable or shared is an error, one with a stale cache a warning") {
  auto f = good();
  f.not_writable = "Read-only file system";
  CHECK_THAT(named(judged(f), "folder.writable").text(), ContainsSubstring("/scratch/runs (Read-only file system)"));
  f = good();
  f.not_durable = "Disk quota exceeded";
  CHECK(named(judged(f), "folder.durable").level == Level::error);
  f = good();
  f.sees_new[1].problem = f.sees_replaced[1].problem = "No such file or directory";
  CHECK(named(judged(f), "folder.shared").level == Level::error);
  CHECK(named(judged(f), "folder.shared").ranks == std::vector{1});
  CHECK(named(judged(f), "folder.cache").level == Level::ok);  // reported once
  f = good();
  f.sees_replaced[1].problem = "its contents are different";
  CHECK(named(judged(f), "folder.cache").level == Level::warning);
}

TEST_CASE("a name that two ranks or none can link cannot be a lock") {
  auto f = good();
  f.links[1].won = {0, 1};
  CHECK(named(judged(f), "folder.lock").level == Level::error);
  f.links[0].won.clear();
  CHECK(named(judged(f), "folder.lock").level == Level::ok);
  f.links[1].won = {1};
  CHECK(named(judged(f), "folder.lock").level == Level::error);
  f = good();
  f.links[1].problem = "Operation not permitted";
  CHECK_THAT(named(judged(f), "folder.lock").text(),
             ContainsSubstring("Operation not permitted") && ContainsSubstring("hard link"));
}

TEST_CASE("an HDF5 write failure is an error, a locking failure only a note") {
  auto f = good();
  f.hdf5 = "unable to open";
  CHECK(named(judged(f), "folder.hdf5").level == Level::error);
  f = good();
  f.hdf5_locking = "unable to lock file";
  CHECK(named(judged(f), "folder.hdf5_locking").level == Level::note);
  CHECK(named(judged(f), "folder.hdf5_locking").remedy.find("HDF5_USE_FILE_LOCKING") == std::string::npos);
  f.locks_unsupported = true;
  CHECK_THAT(named(judged(f), "folder.hdf5_locking").remedy, ContainsSubstring("HDF5_USE_FILE_LOCKING=FALSE"));
}

TEST_CASE("a file system that is full, slow or volatile is reported") {
  auto f = good();
  f.space.free_mb = 300;
  CHECK(named(judged(f), "folder.space").level == Level::warning);
  f = good();
  f.write_seconds = 20;
  CHECK(named(judged(f), "folder.speed").level == Level::warning);
  f = good();
  f.type = "tmpfs";
  CHECK(named(judged(f), "folder.type").level == Level::warning);
  f.type = "overlay";
  CHECK(named(judged(f), "folder.type").level == Level::note);
  f = good();
  f.in_home = true;
  CHECK(named(judged(f), "folder.home").level == Level::note);
}

TEST_CASE("testing a folder of this machine leaves it unchanged") {
  Temporary const temporary;
  auto const wanted = temporary.path / "not" / "yet";
  CHECK(nearest_existing(wanted.string()) == fs::canonical(temporary.path).string());
  auto const dead = temporary.path / (".mambasynth-doctor." + [] {
                      char host[256] = {};
                      ::gethostname(host, sizeof host - 1);
                      return std::string(host);
                    }() + ".999999999");
  fs::create_directories(dead / "inside");
  auto const facts = try_folder(
      wanted.string(), [](Order const& order) { return std::vector{execute(order_from(to_text(order)), 0, 1)}; },
      nullptr);
  CHECK(worst(judged(facts)) < Level::error);
  CHECK(facts.links.front().won.size() == static_cast<std::size_t>(facts.rounds));
  CHECK(facts.hdf5.empty());
  CHECK(fs::is_empty(temporary.path));  // including the folder of a killed doctor
}

TEST_CASE("a path that is not a folder is not writable") {
  Temporary const temporary;
  std::ofstream(temporary.path / "file") << "x";
  auto const facts = try_folder((temporary.path / "file" / "runs").string(),
                                [](Order const&) { return std::vector<Attempt>{}; }, nullptr);
  CHECK(facts.not_writable == "Not a directory");
}

TEST_CASE("a file that never appears is reported after the timeout") {
  Temporary const temporary;
  auto const file = (temporary.path / "seen").string();
  Order const order{.kind = Order::Kind::read, .path = file, .text = "new", .rounds = 0};
  CHECK(execute(order, 0, 0.05).problem == "No such file or directory");
  std::ofstream(file) << "old";
  CHECK(execute(order, 0, 0.05).problem == "its contents are different");
}
