#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "store/archive/npz.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;

namespace {

/// A file system of 256 KiB, where this process may mount one.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=256k") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }

 private:
  tests::TemporaryFolder folder_;
  bool mounted_;
};

std::vector<double> noise(std::size_t count) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = std::sin(static_cast<double>(i) * 1e3);
  return values;
}

void require_told(std::string const& text) { CHECK_THAT(text, ContainsSubstring("No space left on device")); }

}  // namespace

TEST_CASE("a full disk is told, whoever fills it", "[store]") {
  SmallDisk const disk;
  if (!disk.mounted()) SKIP("this process may not mount a small file system");
  auto const values = noise(100'000);
  auto const target = disk.path() / "r.dat";

  SECTION("text") {
    require_told(message_of(errors::ExitCode::defect,
                            [&] { store::write_atomically(target, std::string(std::size_t{1} << 20, 'x')); }));
  }
  SECTION("an HDF5 data set, compressed") {
    require_told(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      file.scale("/time", std::span<double const>(values));
      file.close();
      whole.commit();
    }));
  }
  SECTION("an HDF5 stream") {
    require_told(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      auto time = file.stream_scale<double>("/time", 1000);
      for (std::size_t at = 0; at < values.size(); at += 500) time.append(std::span(values).subspan(at, 500));
      file.close();
      whole.commit();
    }));
  }
  SECTION("HDF5 metadata that wait in its cache") {
    // Small objects reach the disk at close only.
    require_told(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      for (int i = 0; i < 2000; ++i) file.attribute("/", "a", std::string(1000, 'x') + std::to_string(i));
      for (int i = 0; i < 400; ++i) file.scalar("/group_" + std::to_string(i) + "/value", 1.0, {"name", "unit"});
      file.close();
      whole.commit();
    }));
  }
  SECTION("an npz") {
    require_told(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::NpzWriter file(whole.temporary());
      file.add("x", std::span<double const>(values), {100'000});
      file.close();
      whole.commit();
    }));
  }
  SECTION("nothing but a probe") {
    for (int i = 0; i < 64; ++i) {
      std::string text(std::size_t{8} << 10, 'x');
      try {
        store::write_atomically(disk.path() / std::to_string(i), text);
      } catch (errors::Error const&) {
      }
    }
    try {
      store::write_atomically(disk.path() / "last", std::string(4096, 'x'));
    } catch (errors::Error const&) {
    }
    require_told(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder(disk.path()); }));
  }
  CHECK_FALSE(std::filesystem::exists(target));
}
