#include "store/archive/pickle_machine.hpp"

#include <bit>
#include <utility>

#include "store/archive/pickle_names.hpp"
#include "store/archive/pt_types.hpp"

namespace mambasynth::store::pt {
namespace {

std::size_t content_of(Node const& node) {
  if (auto const* text = std::get_if<std::string>(&node)) return text->size();
  if (auto const* sequence = std::get_if<Sequence>(&node)) return sequence->items.size();
  if (auto const* view = std::get_if<TensorView>(&node)) return view->shape.size() + view->storage.key.size();
  if (auto const* storage = std::get_if<StorageReference>(&node)) return storage->key.size();
  if (auto const* type = std::get_if<NumpyType>(&node)) return type->name.size();
  return 0;
}

}  // namespace

Id PickleMachine::run() {
  while (true) {
    auto const code = bytes_.byte();
    if (static_cast<Opcode>(code) == Opcode::stop) break;
    step(code);
  }
  if (!marks_.empty() || stack_.size() != 1) damaged("it does not end with one value");
  return stack_[0];
}

void PickleMachine::step(unsigned char code) {
  switch (static_cast<Opcode>(code)) {
    case Opcode::proto:
      if (auto const version = bytes_.byte(); version != 2)
        refuse("its pickle protocol is " + std::to_string(version) + ", but torch.save writes 2");
      return;
    case Opcode::mark:
      marks_.push_back(stack_.size());
      return;
    case Opcode::none:
      PickleMachine::push(std::monostate{});
      return;
    case Opcode::new_true:
      push(true);
      return;
    case Opcode::new_false:
      push(false);
      return;
    case Opcode::bin_int:
      push(static_cast<std::int64_t>(static_cast<std::int32_t>(bytes_.little_endian(4))));
      return;
    case Opcode::bin_int1:
      push(static_cast<std::int64_t>(bytes_.little_endian(1)));
      return;
    case Opcode::bin_int2:
      push(static_cast<std::int64_t>(bytes_.little_endian(2)));
      return;
    case Opcode::long1:
      push(long_integer());
      return;
    case Opcode::bin_float:
      push(std::bit_cast<double>(bytes_.big_endian(8)));
      return;
    case Opcode::bin_unicode:
      push(std::string(bytes_.text(bytes_.little_endian(4))));
      return;
    case Opcode::empty_tuple:
      push(Sequence{true, {}});
      return;
    case Opcode::empty_list:
      push(Sequence{false, {}});
      return;
    case Opcode::empty_dict:
      push(Mapping{});
      return;
    case Opcode::tuple:
      push(Sequence{true, pop_to_mark()});
      return;
    case Opcode::tuple1:
      push(Sequence{true, pop_items(1)});
      return;
    case Opcode::tuple2:
      push(Sequence{true, pop_items(2)});
      return;
    case Opcode::tuple3:
      push(Sequence{true, pop_items(3)});
      return;
    case Opcode::append:
      PickleMachine::append(pop_items(1));
      return;
    case Opcode::appends:
      append(pop_to_mark());
      return;
    case Opcode::set_item:
      PickleMachine::set_items(pop_items(2));
      return;
    case Opcode::set_items:
      set_items(pop_to_mark());
      return;
    case Opcode::bin_put:
      PickleMachine::put(bytes_.little_endian(1));
      return;
    case Opcode::long_bin_put:
      put(bytes_.little_endian(4));
      return;
    case Opcode::bin_get:
      PickleMachine::get(bytes_.little_endian(1));
      return;
    case Opcode::long_bin_get:
      get(bytes_.little_endian(4));
      return;
    case Opcode::global:
      global();
      return;
    case Opcode::reduce:
      reduce();
      return;
    case Opcode::build:
      build();
      return;
    case Opcode::bin_persid:
      persistent();
      return;
    case Opcode::stop:
      break;
  }
  refuse("its pickle uses the opcode " + opcode_name(code) + ", which checkpoints do not need and which is never run");
}

Node PickleMachine::long_integer() {
  int const bytes = bytes_.byte();
  if (bytes > 8) return longer_integer(bytes);
  if (bytes == 0) return std::int64_t{0};
  auto value = bytes_.little_endian(bytes);
  bool const negative = value >> (8 * bytes - 1) & 1;
  if (negative && bytes < 8) value |= ~std::uint64_t{0} << (8 * bytes);
  return static_cast<std::int64_t>(value);
}

/// None of our integers is this large; returns the nearest double.
double PickleMachine::longer_integer(int bytes) {
  std::vector<unsigned char> digits(static_cast<std::size_t>(bytes));
  for (auto& digit : digits) digit = bytes_.byte();
  double value = digits.back() & 0x80 ? -1 : 0;
  for (auto i = digits.size(); i-- > 0;) value = value * 256 + digits[i];
  return value;
}

void PickleMachine::push(Node node) {
  auto const size = content_of(node);
  if (size > left_) refuse(too_large);
  left_ -= size;
  nodes_.push_back(std::move(node));
  stack_.push_back(nodes_.size() - 1);
}

/// Only items above the innermost mark may be popped.
std::size_t PickleMachine::available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }

std::vector<Id> PickleMachine::pop_items(std::size_t count) {
  if (available() < count) damaged("its stack is empty");
  std::vector<Id> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  return items;
}

std::vector<Id> PickleMachine::pop_to_mark() {
  if (marks_.empty()) damaged("a mark is missing");
  auto items = pop_items(stack_.size() - marks_.back());
  marks_.pop_back();
  return items;
}

Node& PickleMachine::top() {
  if (available() == 0) damaged("its stack is empty");
  return nodes_[stack_.back()];
}

void PickleMachine::append(std::vector<Id> const& items) {
  auto* list = std::get_if<Sequence>(&top());
  if (!list || list->tuple) damaged("it appends to something that is not a list");
  list->items.insert(list->items.end(), items.begin(), items.end());
}

void PickleMachine::set_items(std::vector<Id> const& items) {
  auto* dict = std::get_if<Mapping>(&top());
  if (!dict || items.size() % 2 != 0) damaged("it sets items of something that is not a dict");
  dict->items.insert(dict->items.end(), items.begin(), items.end());
}

void PickleMachine::put(std::uint64_t key) {
  top();
  memo_[key] = stack_.back();
}

void PickleMachine::get(std::uint64_t key) {
  auto const found = memo_.find(key);
  if (found == memo_.end()) damaged("it refers to an unknown memo entry");
  stack_.push_back(found->second);
}

}  // namespace mambasynth::store::pt
