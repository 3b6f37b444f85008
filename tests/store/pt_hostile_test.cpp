#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <bit>
#include <cstring>

#include "store/archive/pt.hpp"
#include "store/archive/torch_zip_writer.hpp"
#include "store/atomic_file.hpp"
#include "store/damage.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using store::Tensor;
using store::pt::Value;
using tests::message_of;

namespace {

/// An archive as torch.save writes it, around the given pickle and one storage of four floats.
class Crafted {
 public:
  explicit Crafted(std::string const& pickle, std::string const& byteorder = "little") {
    store::archive::TorchZipWriter zip(path());
    zip.add("a/data.pkl", pickle);
    zip.add("a/byteorder", byteorder);
    float const numbers[] = {0, 1, 2, 3};
    zip.add("a/data/0", {reinterpret_cast<char const*>(numbers), sizeof numbers});
    zip.add("a/version", "3\n");
    zip.close();
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "crafted.pt"; }
  [[nodiscard]] Value load() const { return store::pt::load(path()); }
  [[nodiscard]] std::string refusal() const {
    auto const text = message_of(errors::ExitCode::input, [&] { (void)load(); });
    CHECK_THAT(text, ContainsSubstring("crafted.pt"));
    return text;
  }

 private:
  tests::TemporaryFolder folder_;
};

std::string u32(std::uint32_t value) { return {reinterpret_cast<char const*>(&value), 4}; }
std::string text(std::string const& value) { return "X" + u32(static_cast<std::uint32_t>(value.size())) + value; }
std::string integer(std::int32_t value) { return "J" + u32(static_cast<std::uint32_t>(value)); }
std::string tuple(std::vector<std::int32_t> const& values) {
  std::string out = "(";
  for (auto const value : values) out += integer(value);
  return out + "t";
}
std::string const start = "\x80\x02";

std::string storage(std::int32_t elements, std::string const& type = "FloatStorage") {
  return "(" + text("storage") + "ctorch\n" + type + "\n" + text("0") + text("cuda:0") + integer(elements) + "tQ";
}
std::string tensor(std::int32_t offset, std::vector<std::int32_t> const& shape, std::vector<std::int32_t> const& stride,
                   std::int32_t elements = 4, std::string const& type = "FloatStorage") {
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage(elements, type) + integer(offset) + tuple(shape) +
         tuple(stride) + "\x89" + "ccollections\nOrderedDict\n)RtR";
}

std::vector<float> floats(Value const& value) {
  auto const& held = std::get<Tensor>(value.v);
  std::vector<float> out(held.bytes->size() / 4);
  if (!out.empty()) std::memcpy(out.data(), held.bytes->data(), held.bytes->size());
  return out;
}

}  // namespace

TEST_CASE("strides and offsets become contiguous copies", "[archive][pt]") {
  CHECK(floats(Crafted(start + tensor(0, {2, 2}, {1, 2}) + ".").load()) == std::vector<float>{0, 2, 1, 3});
  CHECK(floats(Crafted(start + tensor(1, {3}, {1}) + ".").load()) == std::vector<float>{1, 2, 3});
  CHECK(floats(Crafted(start + tensor(3, {}, {}) + ".").load()) == std::vector<float>{3});
  CHECK(floats(Crafted(start + tensor(1, {2, 3}, {1, 0}) + ".").load()) == std::vector<float>{1, 1, 1, 2, 2, 2});
  CHECK(floats(Crafted(start + tensor(0, {1, 4}, {77, 1}) + ".").load()) == std::vector<float>{0, 1, 2, 3});
  CHECK(floats(Crafted(start + tensor(4, {0}, {1}) + ".").load()).empty());
  auto const parameter =
      "ctorch._utils\n_rebuild_parameter\n(" + tensor(0, {4}, {1}) + "\x88" + "ccollections\nOrderedDict\n)RtR";
  CHECK(floats(Crafted(start + parameter + ".").load()) == std::vector<float>{0, 1, 2, 3});
}

TEST_CASE("state dict attributes, torch.Size and long integers are read", "[archive][pt]") {
  auto const state =
      Crafted(start + "ccollections\nOrderedDict\n)R(" + text("k") + "K\x05u}" + text("_metadata") + "}s" + "b.")
          .load();
  REQUIRE(state.find("k") != nullptr);
  CHECK(std::get<std::int64_t>(state.find("k")->v) == 5);
  auto const size = Crafted(start + "ctorch\nSize\n" + tuple({2, 3}) + "\x85R.").load();
  CHECK(std::get<store::pt::Tuple>(size.v).items.size() == 2);
  CHECK(std::get<std::int64_t>(Crafted(start + "\x8a\x05\x00\x00\x00\x00\x80."s).load().v) == -(INT64_C(1) << 39));
  CHECK(std::get<std::int64_t>(Crafted(start + "\x8a\x00."s).load().v) == 0);
  // As in Python, the last of two equal keys wins.
  auto const twice = Crafted(start + "}(" + text("k") + "K\x01" + text("k") + "K\x02u.").load();
  REQUIRE(twice.items().size() == 1);
  CHECK(std::get<std::int64_t>(twice.find("k")->v) == 2);
}

TEST_CASE("PyTorch's saved forms of tensors and scalars become plain values", "[archive][pt]") {
  auto const hooks = "\x89" + "ccollections\nOrderedDict\n)R"s;
  auto const with = [&](std::string const& type, std::string const& metadata) {
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage(type == "FloatStorage" ? 4 : 2, type) + integer(0) +
           tuple({2}) + tuple({1}) + hooks + metadata + "tR";
  };
  auto const typed = [&](std::string const& type, std::int32_t count) {
    return "ctorch._utils\n_rebuild_tensor_v3\n(" + "("s + text("storage") + "ctorch.storage\nUntypedStorage\n" +
           text("0") + text("cpu") + integer(16) + "tQ" + integer(0) + tuple({count}) + tuple({1}) + hooks +
           "ctorch\n" + type + "\ntR";
  };
  auto const integers = [](Value const& value) {
    auto const& held = std::get<Tensor>(value.v);
    std::vector<std::int64_t> out(held.bytes->size() / 8);
    std::memcpy(out.data(), held.bytes->data(), held.bytes->size());
    return out;
  };
  auto const load = [](std::string const& pickle) { return Crafted(start + pickle + ".").load(); };
  // torch._neg_view: the storage holds the negated values.
  CHECK(floats(load(with("FloatStorage", "}" + text("neg") + "\x88s"))) == std::vector<float>{0, -1});
  CHECK(floats(load(with("FloatStorage", "}" + text("neg") + "\x89s"))) == std::vector<float>{0, 1});
  CHECK(floats(load(with("FloatStorage", "}"))) == std::vector<float>{0, 1});
  CHECK(integers(load(with("LongStorage", "}" + text("neg") + "\x88s"))) ==
        std::vector<std::int64_t>{-0x3f80000000000000, -0x4040000040000000});
  // Types without a storage class.
  CHECK(integers(load(typed("uint32", 4))) == std::vector<std::int64_t>{0, 0x3f800000, 0x40000000, 0x40400000});
  CHECK(integers(load(typed("uint64", 2))) == std::vector<std::int64_t>{0x3f80000000000000, 0x4040000040000000});
  CHECK(std::get<Tensor>(load(typed("uint16", 8)).v).dtype == store::DType::i32);
  auto const e4m3 = floats(load(typed("float8_e4m3fn", 16))), e5m2 = floats(load(typed("float8_e5m2", 16)));
  CHECK(e4m3[6] == -0.0f);   // 0x80
  CHECK(e4m3[7] == 1.875f);  // 0x3f
  CHECK(e5m2[7] == 1.75f);
  // A buffer is read as a tensor.
  CHECK(
      floats(load(
          "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch.nn.parameter\nBuffer\n(" +
          storage(4) + integer(2) + tuple({2}) + tuple({1}) + hooks + "t}tR")) == std::vector<float>{2, 3});
  // Values other than weights become the nearest plain value.
  CHECK(std::get<std::string>(load("ctorch\ndevice\n(" + text("cuda") + integer(1) + "tR").v) == "cuda:1");
  CHECK(std::get<std::string>(load("ctorch\nbfloat16\n").v) == "torch.bfloat16");
  CHECK(std::get<store::pt::List>(load("c__builtin__\nset\n](K\x01"
                                       "e\x85R")
                                      .v)
            .size() == 1);
  CHECK(std::get<double>(load("\x8a\x09"s + std::string(8, '\0') + "\x01").v) == 0x1p64);
  CHECK(std::get<double>(load("\x8a\x09"s + std::string(8, '\0') + "\xff").v) == -0x1p64);
  auto const scalar = [&](std::string const& type, std::string const& order, std::string const& latin1) {
    return "cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(" + text(type) + "\x89\x88tR(K\x03" + text(order) +
           "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK"s + '\0' + "tbc_codecs\nencode\n(" + text(latin1) + text("latin1") +
           "tRtR";
  };
  CHECK(std::get<std::int64_t>(load(scalar("i2", "<", "\xc2\x80\x02")).v) == 0x280);
  CHECK(std::get<std::int64_t>(load(scalar("i2", ">", "\x02\xc3\xbf")).v) == 0x2ff);
  CHECK(std::get<double>(load(scalar("f4", "<", std::string("\0\0\xc2\x80\x3f", 5))).v) == 1);
  CHECK(std::get<bool>(load(scalar("b1", "|", "\x01")).v));
  // The storage as a big-endian machine writes it.
  CHECK(floats(Crafted(start + tensor(1, {1}, {1}) + ".", "big").load()) ==
        std::vector<float>{std::bit_cast<float>(0x0000803f)});
}

TEST_CASE("tensors without plain values are refused with what they are", "[archive][pt]") {
  auto const told = [](std::string const& name) { return Crafted(start + "c" + name + "\n.").refusal(); };
  CHECK_THAT(told("torch._utils\n_rebuild_sparse_tensor"), ContainsSubstring("a sparse tensor"));
  CHECK_THAT(told("torch._utils\n_rebuild_qtensor"), ContainsSubstring("a quantized tensor"));
  CHECK_THAT(told("torch._utils\n_rebuild_meta_tensor_no_storage"), ContainsSubstring("the meta device"));
  CHECK_THAT(told("torch\nComplexDoubleStorage"), ContainsSubstring("complex numbers"));
}

TEST_CASE("zip archives are read by PyTorch's rules", "[archive][pt]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.pt";
  float const first[] = {0, 1, 2, 3}, second[] = {9, 9, 9, 9};
  auto const data = [](float const(&values)[4]) {
    return std::string_view(reinterpret_cast<char const*>(values), sizeof values);
  };
  store::archive::TorchZipWriter zip(path);
  zip.add("a/data.pkl", start + tensor(0, {4}, {1}) + ".");
  zip.add("a/data/0", data(first));
  zip.add("a/data/0", data(second));
  zip.close();
  CHECK(floats(store::pt::load(path)) == std::vector<float>{0, 1, 2, 3});
  // torch.serialization.set_crc32_options(False) leaves 0 for the checksum.
  auto bytes = store::read_text(path);
  for (auto at = bytes.find("PK\x01\x02"); at != std::string::npos; at = bytes.find("PK\x01\x02", at + 1))
    bytes.replace(at + 16, 4, std::string(4, '\0'));
  for (auto at = bytes.find("PK\x07\x08"); at != std::string::npos; at = bytes.find("PK\x07\x08", at + 1))
    bytes.replace(at + 4, 4, std::string(4, '\0'));
  store::write_atomically(path, bytes);
  CHECK(floats(store::pt::load(path)) == std::vector<float>{0, 1, 2, 3});
}

TEST_CASE("globals and opcodes that checkpoints do not need are refused by name", "[archive][pt]") {
  CHECK_THAT(Crafted(start + "cos\nsystem\n" + text("true") + "\x85R.").refusal(), ContainsSubstring("'os.system'"));
  CHECK_THAT(Crafted(start + "cnumpy.core.multiarray\n_reconstruct\n.").refusal(),
             ContainsSubstring("'numpy.core.multiarray._reconstruct'"));
  CHECK_THAT(Crafted(start + "ctorch\nComplexFloatStorage\n.").refusal(),
             ContainsSubstring("'torch.ComplexFloatStorage'"));
  CHECK_THAT(Crafted(start + text("os") + text("system") + "\x93.").refusal(),
             ContainsSubstring("STACK_GLOBAL (0x93)"));
  CHECK_THAT(Crafted(start + "cos\nsystem\n)\x81.").refusal(), ContainsSubstring("'os.system'"));
  CHECK_THAT(Crafted(start + ")\x81.").refusal(), ContainsSubstring("NEWOBJ (0x81)"));
  CHECK_THAT(Crafted(start + "I1\n.").refusal(), ContainsSubstring("INT (0x49)"));
  CHECK_THAT(Crafted(start + "\xff.").refusal(), ContainsSubstring("0xff"));
  CHECK_THAT(Crafted("\x80\x04N.").refusal(), ContainsSubstring("protocol is 4"));
  CHECK_THAT(Crafted(start + "ccollections\nOrderedDict\n.").refusal(), ContainsSubstring("where a value is expected"));
  CHECK_THAT(Crafted(start + "}" + "}b.").refusal(), ContainsSubstring("not an OrderedDict"));
}

TEST_CASE("a damaged pickle is refused", "[archive][pt]") {
  CHECK_THAT(Crafted("").refusal(), ContainsSubstring("truncated"));
  CHECK_THAT(Crafted(start + ".").refusal(), ContainsSubstring("one value"));
  CHECK_THAT(Crafted(start + "NN.").refusal(), ContainsSubstring("one value"));
  CHECK_THAT(Crafted(start + "R.").refusal(), ContainsSubstring("stack is empty"));
  CHECK_THAT(Crafted(start + "N(\x85.").refusal(), ContainsSubstring("stack is empty"));
  CHECK_THAT(Crafted(start + "t.").refusal(), ContainsSubstring("mark is missing"));
  CHECK_THAT(Crafted(start + "h\x07.").refusal(), ContainsSubstring("memo"));
  CHECK_THAT(Crafted(start + "X\xff\xff\xff\xff.").refusal(), ContainsSubstring("truncated"));
  CHECK_THAT(Crafted(start + "cos").refusal(), ContainsSubstring("truncated"));
  CHECK_THAT(Crafted(start + "}(Nu.").refusal(), ContainsSubstring("not a dict"));
  CHECK_THAT(Crafted(start + "}(NNu.").refusal(), ContainsSubstring("neither text nor an integer"));
  CHECK_THAT(Crafted(start + "NNa.").refusal(), ContainsSubstring("not a list"));
  CHECK_THAT(Crafted(start + "NQ.").refusal(), ContainsSubstring("wrong type"));
  CHECK_THAT(Crafted(start + "N.", "mixed").refusal(), ContainsSubstring("byte order is 'mixed'"));
}

TEST_CASE("deep nesting, cycles and exponential growth are errors, not crashes", "[archive][pt]") {
  std::string deep = start + std::string(1'000'000, ']') + std::string(999'999, 'a') + ".";
  CHECK_THAT(Crafted(deep).refusal(), ContainsSubstring("nested more than"));
  CHECK_THAT(Crafted(start + "]q" + '\0' + "h" + '\0' + "a.").refusal(), ContainsSubstring("in a cycle"));
  // Each list holds the previous one ten times: 10^40 values in 900 bytes.
  std::string nested = start + "]q" + '\0' + "NaK" + '\0' + "\x86";
  for (char i = 0; i < 40; ++i) {
    nested += "]q"s + static_cast<char>(i + 1) + "(";
    for (int k = 0; k < 10; ++k) nested += "h"s + i;
    nested += "e\x86";
  }
  CHECK_THAT(Crafted(nested + ".").refusal(), ContainsSubstring("would not fit into memory"));
}

TEST_CASE("a long list, text or shape that is copied over and over is refused before it fills the memory",
          "[archive][pt]") {
  constexpr std::size_t length = 100'000, times = 20'000;
  auto const repeated = [](std::string const& code) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += code;
    return all;
  };
  auto const told = [](std::string const& pickle) { return Crafted(start + pickle + ".").refusal(); };
  auto const list = "](" + std::string(length, 'N') + "e\x85q"s + '\0';
  CHECK_THAT(told(list + "c__builtin__\nset\nq\x01" + repeated("h\x01h"s + '\0' + "R")),
             ContainsSubstring("would not fit into memory"));
  auto const words = text(std::string(length, 'a')) + "N\x86q"s + '\0';
  CHECK_THAT(told(words + "c_codecs\nencode\nq\x01" + repeated("h\x01h"s + '\0' + "R")),
             ContainsSubstring("would not fit into memory"));
  std::vector<std::int32_t> const ones(length / 10, 1);
  CHECK_THAT(told(tensor(0, ones, ones) + "q"s + '\0' + "]" + repeated("h"s + '\0' + "a") + "\x86"),
             ContainsSubstring("would not fit into memory"));
}

TEST_CASE("tensors that reach beyond their storage are refused", "[archive][pt]") {
  auto const told = [](std::string const& pickle) { return Crafted(start + pickle + ".").refusal(); };
  CHECK_THAT(told(tensor(0, {5}, {1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(1, {4}, {1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(-1, {1}, {1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(3, {2}, {-1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(0, {-1}, {1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(5, {0}, {1})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(0, {INT32_MAX, INT32_MAX, INT32_MAX}, {0, 0, 0})), ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(0, {0, INT32_MAX, INT32_MAX, INT32_MAX}, {0, 0, 0, 0})),
             ContainsSubstring("beyond its storage"));
  CHECK_THAT(told(tensor(0, {INT32_MAX}, {0})), ContainsSubstring("exceed the file"));
  CHECK_THAT(told(tensor(0, {2}, {1, 1})), ContainsSubstring("differ in length"));
  CHECK_THAT(told(tensor(0, {4}, {1}, 5)), ContainsSubstring("'data/0' has 16 bytes"));
  CHECK_THAT(told(tensor(0, {4}, {1}, -1)), ContainsSubstring("'data/0' has 16 bytes"));
  CHECK_THAT(told(tensor(0, {4}, {1}, 4, "DoubleStorage")), ContainsSubstring("'data/0' has 16 bytes"));
}

TEST_CASE("a file that is not a checkpoint is refused with what it is", "[archive][pt]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.pt";
  auto const told = [&] { return message_of(errors::ExitCode::input, [&] { store::pt::load(path); }); };
  CHECK_THAT(told(), ContainsSubstring("a.pt") && ContainsSubstring("No such file"));
  store::write_atomically(path, "epoch,loss\n");
  CHECK_THAT(told(), ContainsSubstring("it is a text file"));
  store::write_atomically(path, "\x80\x02}q.");
  CHECK_THAT(told(), ContainsSubstring("bare pickle"));
  {
    store::archive::TorchZipWriter zip(path);
    zip.add("x.npy", "x");
    zip.close();
  }
  CHECK_THAT(told(), ContainsSubstring("not made by torch.save"));
  {
    store::archive::TorchZipWriter zip(path);
    zip.add("a/data.pkl", start + "N.");
    zip.add("a/constants.pkl", "x");
    zip.close();
  }
  CHECK_THAT(told(), ContainsSubstring("TorchScript"));
  {
    store::archive::TorchZipWriter zip(path);
    zip.add("a/data.pkl", start + tensor(0, {4}, {1}) + ".");
    zip.close();
  }
  CHECK_THAT(told(), ContainsSubstring("the record 'a/data/0' is missing"));
}

TEST_CASE("every truncation and every damaged byte of a checkpoint is an error or harmless", "[archive][pt]") {
  Crafted const crafted(start + "}(" + text("w") + tensor(0, {2, 2}, {2, 1}) + text("n") + "K\x05u.");
  auto const bytes = store::read_text(crafted.path());
  tests::TemporaryFolder const folder;
  auto const damaged = folder.path() / "b.pt";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    tests::write_copy(damaged, std::string_view(bytes).substr(0, length));
    auto const told = message_of(errors::ExitCode::input, [&] { store::pt::load(damaged); });
    if (told.find("b.pt") == std::string::npos) FAIL("length " << length << ": " << told);
  }
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int const mask : {0xff, 0x01, 0x80}) {
      auto copy = bytes;
      copy[at] = static_cast<char>(copy[at] ^ mask);
      tests::write_copy(damaged, copy);
      try {
        store::pt::load(damaged);
      } catch (errors::Error const& error) {
        if (error.code() != errors::ExitCode::input) FAIL("byte " << at << ": " << error.what());
      }
    }
}

TEST_CASE("arbitrary pickle bytes give an error or a value", "[archive][pt]") {
  // The zip checksum hides most damage from the pickle reader, so the pickle is damaged before it is archived.
  std::string const whole =
      start + "}(" + text("w") + tensor(0, {2, 2}, {2, 1}) + text("n") + "K\x05" + text("l") + "](K\x01K\x02e" + "u.";
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int const mask : {0xff, 0x01, 0x80, 0x20}) {
      auto copy = whole;
      copy[at] = static_cast<char>(copy[at] ^ mask);
      try {
        (void)Crafted(copy).load();
      } catch (errors::Error const& error) {
        if (error.code() != errors::ExitCode::input) FAIL("byte " << at << ": " << error.what());
      }
    }
}
