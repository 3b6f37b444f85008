#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "store/atomic_file.hpp"
#include "store/damage.hpp"
#include "store/hdf5.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using tests::message_of;

namespace {

void write_small(std::filesystem::path const& path) {
  store::Hdf5Writer file(path);
  std::vector<double> const values(300, 1.5);
  file.scale("/time", std::span<double const>(values));
  file.dataset("/x", std::span<double const>(values), {"/time"}, {"name", "unit"}, store::Compression::deflate);
  file.attribute("/", "note", "text");
  file.close();
}

}  // namespace

TEST_CASE("a missing or foreign file is refused with what it is", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  auto const opening = [&] { return message_of(errors::ExitCode::input, [&] { store::Hdf5Reader reader(path); }); };
  CHECK_THAT(opening(), ContainsSubstring("a.h5") && ContainsSubstring("No such file"));
  store::write_atomically(path, "");
  CHECK_THAT(opening(), ContainsSubstring("the file is empty"));
  store::write_atomically(path, "epoch,loss\n1,2\n");
  CHECK_THAT(opening(), ContainsSubstring("it is not an HDF5 file"));
}

TEST_CASE("reading a missing object or one of another kind is an input error", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.h5";
  write_small(path);
  store::Hdf5Reader const file(path);
  auto const told = [&](auto&& action) { return message_of(errors::ExitCode::input, action); };
  CHECK_THAT(told([&] { (void)file.read<double>("/y"); }),
             ContainsSubstring("'/y'") && ContainsSubstring("no such object"));
  CHECK_THAT(told([&] { (void)file.read<double>("/"); }), ContainsSubstring("it is not a data set"));
  CHECK_THAT(told([&] { (void)file.describe("/"); }), ContainsSubstring("it is not a data set"));
  CHECK_THAT(told([&] { (void)file.read_rows<double>("/x", 299, 2); }), ContainsSubstring("it has 300"));
  CHECK_THAT(told([&] { (void)file.text_attribute("/x", "none"); }), ContainsSubstring("no attribute 'none'"));
  CHECK_THAT(told([&] { (void)file.number_attribute("/", "note"); }), ContainsSubstring("it is not a number"));
  CHECK_THAT(told([&] { (void)file.text_attribute("/x", "DIMENSION_LIST"); }), ContainsSubstring("it is not text"));
}

TEST_CASE("every truncation of an HDF5 file is an input error", "[store][hdf5]") {
  tests::TemporaryFolder const folder;
  auto const whole = folder.path() / "a.h5";
  write_small(whole);
  auto const bytes = store::read_text(whole);
  auto const cut = folder.path() / "cut.h5";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    tests::write_copy(cut, std::string_view(bytes).substr(0, length));
    auto const text = message_of(errors::ExitCode::input, [&] {
      store::Hdf5Reader const file(cut);
      (void)file.read<double>("/x");
    });
    if (text.find("cut.h5") == std::string::npos) FAIL("length " << length << ": " << text);
  }
}
