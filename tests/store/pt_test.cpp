#include "store/archive/pt.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstring>

#include "store/atomic_file.hpp"
#include "store/raises.hpp"
#include "support/reference.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;
using store::DType;
using store::Tensor;
using store::pt::Value;
using tests::message_of;

namespace {

template <class T>
Tensor tensor(DType dtype, std::vector<std::int64_t> shape, std::vector<T> const& values) {
  auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(T));
  if (!values.empty()) std::memcpy(bytes->data(), values.data(), bytes->size());
  return {dtype, std::move(shape), std::move(bytes)};
}

template <class T>
std::vector<T> values(Tensor const& from) {
  std::vector<T> out(from.bytes->size() / sizeof(T));
  if (!out.empty()) std::memcpy(out.data(), from.bytes->data(), from.bytes->size());
  return out;
}

template <class T>
T const& get(Value const* value) {
  REQUIRE(value != nullptr);
  REQUIRE(std::holds_alternative<T>(value->v));
  return std::get<T>(value->v);
}

void require_equal(Value const& a, Value const& b) {
  REQUIRE(a.v.index() == b.v.index());
  if (a.is_dict()) {
    REQUIRE(a.items().size() == b.items().size());
    for (std::size_t i = 0; i < a.items().size(); ++i) {
      require_equal(a.items()[i].first, b.items()[i].first);
      require_equal(a.items()[i].second, b.items()[i].second);
    }
  } else if (auto const* t = std::get_if<Tensor>(&a.v)) {
    auto const& other = std::get<Tensor>(b.v);
    REQUIRE(t->dtype == other.dtype);
    REQUIRE(t->shape == other.shape);
    REQUIRE(*t->bytes == *other.bytes);
  } else if (auto const* list = std::get_if<store::pt::List>(&a.v)) {
    auto const& other = std::get<store::pt::List>(b.v);
    REQUIRE(list->size() == other.size());
    for (std::size_t i = 0; i < list->size(); ++i) require_equal((*list)[i], other[i]);
  } else if (auto const* tuple = std::get_if<store::pt::Tuple>(&a.v)) {
    auto const& other = std::get<store::pt::Tuple>(b.v);
    REQUIRE(tuple->items.size() == other.items.size());
    for (std::size_t i = 0; i < tuple->items.size(); ++i) require_equal(tuple->items[i], other.items[i]);
  } else if (auto const* text = std::get_if<std::string>(&a.v)) {
    REQUIRE(*text == std::get<std::string>(b.v));
  } else if (auto const* whole = std::get_if<std::int64_t>(&a.v)) {
    REQUIRE(*whole == std::get<std::int64_t>(b.v));
  } else if (auto const* number = std::get_if<double>(&a.v)) {
    REQUIRE(std::memcmp(number, &std::get<double>(b.v), sizeof(double)) == 0);
  } else if (auto const* flag = std::get_if<bool>(&a.v)) {
    REQUIRE(*flag == std::get<bool>(b.v));
  }
}

Value text(char const* value) { return Value{std::string(value)}; }

Value example() {
  store::pt::OrderedDict state;
  auto const weight = tensor<float>(DType::f32, {2, 3}, {1, 2, 3, 4, 5, 6});
  state.items.emplace_back(text("weight"), Value{weight});
  state.items.emplace_back(text("tied"), Value{weight});
  state.items.emplace_back(text("scalar"), Value{tensor<float>(DType::f32, {}, {7})});
  state.items.emplace_back(text("empty"), Value{tensor<double>(DType::f64, {0, 4}, {})});
  state.items.emplace_back(text("rng"), Value{tensor<std::uint8_t>(DType::u8, {3}, {1, 2, 255})});
  state.items.emplace_back(text("flags"), Value{tensor<std::uint8_t>(DType::boolean, {2}, {1, 0})});
  state.items.emplace_back(text("steps"), Value{tensor<std::int64_t>(DType::i64, {1}, {-5})});
  state.items.emplace_back(text("half"), Value{tensor<std::uint16_t>(DType::bf16, {1}, {0x3f80})});

  store::pt::Dict groups, root;
  store::pt::List numbers;
  for (std::int64_t const each : {INT64_MIN, INT64_C(-2147483649), INT64_C(-2147483648), INT64_C(-129), INT64_C(-128),
                                  INT64_C(-1), INT64_C(0), INT64_C(255), INT64_C(256), INT64_C(65535), INT64_C(65536),
                                  INT64_C(2147483647), INT64_C(2147483648), INT64_C(1) << 55, INT64_MAX})
    numbers.push_back(Value{each});
  for (std::int64_t i = 0; i < 2500; ++i) groups.emplace_back(Value{i}, Value{static_cast<double>(i) / 3});
  root.emplace_back(text("model_state_dict"), Value{state});
  root.emplace_back(text("numbers"), Value{numbers});
  root.emplace_back(text("groups"), Value{groups});
  root.emplace_back(text("none"), Value{});
  root.emplace_back(text("yes"), Value{true});
  root.emplace_back(text("no"), Value{false});
  root.emplace_back(text("name"), text("dwell ≥ 3"));
  for (std::size_t size = 0; size < 6; ++size)
    root.emplace_back(Value{static_cast<std::int64_t>(size)},
                      Value{store::pt::Tuple{std::vector<Value>(size, Value{std::int64_t{9}})}});
  return Value{root};
}

}  // namespace

TEST_CASE("a checkpoint reads back as saved and has the same bytes each time", "[archive][pt]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.pt";
  store::pt::save(path, example(), "a");
  store::pt::save(folder.path() / "b.pt", example(), "a");
  CHECK(store::read_text(path) == store::read_text(folder.path() / "b.pt"));
  auto const back = store::pt::load(path);
  require_equal(example(), back);
  auto const* state = back.find("model_state_dict");
  REQUIRE(state != nullptr);
  CHECK(get<Tensor>(state->find("weight")).bytes == get<Tensor>(state->find("tied")).bytes);
  CHECK(values<std::int64_t>(get<Tensor>(state->find("steps"))) == std::vector<std::int64_t>{-5});
  CHECK(back.find("absent") == nullptr);
  CHECK(state->find(std::int64_t{3}) == nullptr);
  CHECK(get<bool>(back.find("yes")));
  CHECK(back.find("yes")->find("inside") == nullptr);
}

TEST_CASE("tensor data start at multiples of 64 bytes, so torch can map them", "[archive][pt]") {
  tests::TemporaryFolder const folder;
  auto const path = folder.path() / "a.pt";
  store::pt::save(path, example(), "stem");
  auto const bytes = store::read_text(path);
  std::size_t members = 0;
  for (auto at = bytes.find("PK\x03\x04"); at != std::string::npos; at = bytes.find("PK\x03\x04", at + 1)) {
    auto const u16 = [&](std::size_t offset) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + offset])) |
             static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + offset + 1])) << 8;
    };
    CHECK((at + 30 + u16(26) + u16(28)) % 64 == 0);
    CHECK(bytes.compare(at + 30, 5, "stem/") == 0);
    ++members;
  }
  CHECK(members == 6 + 7);  // seven storages: two tensors share one
}

TEST_CASE("the original program's checkpoint loads completely", "[archive][pt]") {
  auto const path = tests::reference_file("model_next.pt");
  if (path.empty()) SKIP("model_next.pt is missing");
  auto const all = store::pt::load(path);
  CHECK(get<std::int64_t>(all.find("epoch")) == 492);
  CHECK(get<double>(all.find("train_loss")) == 7.844128131866455);
  CHECK(get<double>(all.find("val_loss")) == 7.871720314025879);
  auto const* model = all.find("model_state_dict");
  REQUIRE(get<store::pt::OrderedDict>(model).items.size() == 85);
  std::int64_t numbers = 0;
  for (auto const& [name, value] : model->items()) numbers += get<Tensor>(&value).size();
  CHECK(numbers == 982'420);
  CHECK(get<Tensor>(model->find("input_proj.weight")).shape == std::vector<std::int64_t>{128, 20});
  auto const* optimizer = all.find("optimizer_state_dict");
  auto const* states = optimizer->find("state");
  REQUIRE(states != nullptr);
  CHECK(states->items().size() == 85);
  CHECK(values<float>(get<Tensor>(states->find(std::int64_t{0})->find("step"))) == std::vector<float>{1476});
  CHECK(get<Tensor>(states->find(std::int64_t{0})->find("exp_avg_sq")).dtype == DType::f32);
  CHECK(get<store::pt::List>(optimizer->find("param_groups")).size() >= 1);
  CHECK(get<std::int64_t>(all.find("args")->find("d_state")) == 32);
  CHECK(get<bool>(all.find("args")->find("no_compile")));

  tests::TemporaryFolder const folder;
  store::pt::save(folder.path() / "again.pt", all, "model_next");
  require_equal(all, store::pt::load(folder.path() / "again.pt"));
}

TEST_CASE("invalid values are not saved", "[archive][pt]") {
  tests::TemporaryFolder const folder;
  auto const told = [&](Value const& value) {
    return message_of(errors::ExitCode::defect, [&] { store::pt::save(folder.path() / "a.pt", value, "a"); });
  };
  auto broken = tensor<float>(DType::f32, {2}, {1, 2});
  broken.shape = {3};
  CHECK_THAT(told(Value{broken}), ContainsSubstring("number of bytes"));
  store::pt::Dict odd;
  odd.emplace_back(Value{1.5}, Value{});
  CHECK_THAT(told(Value{odd}), ContainsSubstring("neither text nor an integer"));
}
