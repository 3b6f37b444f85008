#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>

#include "store/archive/npz.hpp"
#include "store/archive/pt.hpp"
#include "store/archive/safetensors.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;

// After a failed write, HDF5 1.10 leaks up to half a megabyte of its caches; we cannot free them.
extern "C" char const* __lsan_default_suppressions();
extern "C" char const* __lsan_default_suppressions() { return "leak:libhdf5"; }

namespace {

/// A file system of a few KiB, if this process may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(int kib = 256)
      : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, ("size=" + std::to_string(kib) + "k").c_str()) ==
                 0) {}
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

void require_disk_full(std::string const& text) { CHECK_THAT(text, ContainsSubstring("No space left on device")); }

}  // namespace

TEST_CASE("every writer reports a full disk", "[store]") {
  SmallDisk const disk;
  if (!disk.mounted()) SKIP("this process may not mount a small file system");
  auto const values = noise(100'000);
  auto const target = disk.path() / "r.dat";

  SECTION("text") {
    require_disk_full(message_of(errors::ExitCode::defect,
                                 [&] { store::write_atomically(target, std::string(std::size_t{1} << 20, 'x')); }));
  }
  SECTION("a compressed HDF5 data set") {
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      file.scale("/time", std::span<double const>(values));
      file.close();
      whole.commit();
    }));
  }
  SECTION("an HDF5 stream") {
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      auto time = file.stream_scale<double>("/time", 1000);
      for (std::size_t at = 0; at < values.size(); at += 500) time.append(std::span(values).subspan(at, 500));
      file.close();
      whole.commit();
    }));
  }
  SECTION("HDF5 metadata that are still cached") {
    // Small objects reach the disk only at close.
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      for (int i = 0; i < 2000; ++i) file.attribute("/", "a", std::string(1000, 'x') + std::to_string(i));
      for (int i = 0; i < 400; ++i) file.scalar("/group_" + std::to_string(i) + "/value", 1.0, {"name", "unit"});
      file.close();
      whole.commit();
    }));
  }
  SECTION("an npz") {
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::NpzWriter file(whole.temporary());
      file.add("x", std::span<double const>(values), {100'000});
      file.close();
      whole.commit();
    }));
  }
  SECTION("a checkpoint and safetensors") {
    auto bytes = std::make_shared<std::vector<std::byte>>(std::size_t{1} << 20);
    store::Tensor const tensor{store::DType::u8, {1 << 20}, bytes};
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::pt::save(whole.temporary(), store::pt::Value{tensor}, "r");
      whole.commit();
    }));
    require_disk_full(message_of(errors::ExitCode::defect, [&] {
      store::AtomicFile whole(target);
      store::safetensors::save(whole.temporary(), {{{"w", tensor}}, {}});
      whole.commit();
    }));
  }
  SECTION("a check for a writable folder") {
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
    require_disk_full(message_of(errors::ExitCode::defect, [&] { store::require_writable_folder(disk.path()); }));
  }
  CHECK_FALSE(std::filesystem::exists(target));
}

TEST_CASE("a disk that fills up anywhere in an HDF5 file is an error, not a crash", "[store]") {
  auto const values = noise(4'000);
  int failures = 0;
  for (int kib = 4; kib <= 400; kib += 4) {
    SmallDisk const disk(kib);
    if (!disk.mounted()) SKIP("this process may not mount a small file system");
    auto const target = disk.path() / "r.h5";
    try {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      auto x = file.stream<double>("/x", {"/time", "/channel_of_x"}, 100);
      FAIL("a stream without its channel scale was accepted");
    } catch (errors::Error const&) {
    }
    try {
      store::AtomicFile whole(target);
      store::Hdf5Writer file(whole.temporary());
      file.scale("/channel", std::span(values).first(4));
      file.dataset("/plain/a", std::span(values).first(16), {"/channel", "/channel"});
      auto x = file.stream<double>("/x", {"/time", "/channel"}, 100);
      auto y = file.stream<double>("/y", {"/time"}, 64, {}, store::Compression::deflate);
      for (int i = 0; i < 4; ++i) {
        x.append(std::span(values));
        y.append(std::span(values).first(1000));
      }
      file.scale("/time", std::span(values));
      file.dataset("/packed", std::span(values), {"/time"}, {}, store::Compression::deflate);
      for (int i = 0; i < 50; ++i) file.scalar("/many/s" + std::to_string(i), 1.0, {"name", "unit"});
      file.close();
      whole.commit();
      store::Hdf5Reader const back(target);
      CHECK(back.read<double>("/packed") == values);
      CHECK(back.shape("/x") == std::vector<std::int64_t>{4000, 4});
    } catch (errors::Error const& error) {
      ++failures;
      require_disk_full(error.what());
      CHECK_FALSE(std::filesystem::exists(target));
    }
  }
  CHECK(failures > 10);
  CHECK(failures < 100);
}
