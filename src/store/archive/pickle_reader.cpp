#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "store/archive/pickle_globals.hpp"
#include "store/archive/pickle_machine.hpp"
#include "store/archive/pickle_names.hpp"
#include "store/archive/pt_types.hpp"

namespace mambasynth::store::pt {
namespace {

/// Index into the machine's nodes. A container enters the memo before it is filled, so values form a graph, possibly
/// with cycles: nodes refer to each other by number and belong to the machine.
using Id = std::size_t;

struct Sequence {
  bool tuple = false;
  std::vector<Id> items;
};
struct Mapping {
  bool ordered = false;
  std::vector<Id> items;  ///< key, value, key, value ...
};
using Node = std::variant<std::monostate, bool, std::int64_t, double, std::string, Sequence, Mapping, Callable,
                          StorageType, TensorClass, ElementType, NumpyType, StorageReference, TensorView>;

[[noreturn]] void refuse(std::string const& why) { throw std::runtime_error(why); }
[[noreturn]] void damaged(std::string const& why) { refuse("its pickle is damaged: " + why); }

class Machine {
 public:
  explicit Machine(std::span<std::byte const> pickle) : pickle_(pickle) {}

  Id run() {
    while (true) {
      auto const code = byte();
      if (static_cast<Opcode>(code) == Opcode::stop) break;
      step(code);
    }
    if (!marks_.empty() || stack_.size() != 1) damaged("it does not end with one value");
    return stack_[0];
  }

  [[nodiscard]] Node const& node(Id id) const { return nodes_[id]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

 private:
  void step(unsigned char code) {
    switch (static_cast<Opcode>(code)) {
      case Opcode::proto:
        if (auto const version = byte(); version != 2)
          refuse("its pickle protocol is " + std::to_string(version) + ", but torch.save writes 2");
        return;
      case Opcode::mark:
        marks_.push_back(stack_.size());
        return;
      case Opcode::none:
        push(std::monostate{});
        return;
      case Opcode::new_true:
        push(true);
        return;
      case Opcode::new_false:
        push(false);
        return;
      case Opcode::bin_int:
        push(static_cast<std::int64_t>(static_cast<std::int32_t>(little_endian(4))));
        return;
      case Opcode::bin_int1:
        push(static_cast<std::int64_t>(little_endian(1)));
        return;
      case Opcode::bin_int2:
        push(static_cast<std::int64_t>(little_endian(2)));
        return;
      case Opcode::long1:
        push(long_integer());
        return;
      case Opcode::bin_float:
        push(std::bit_cast<double>(big_endian(8)));
        return;
      case Opcode::bin_unicode:
        push(std::string(text(little_endian(4))));
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
        append(pop_items(1));
        return;
      case Opcode::appends:
        append(pop_to_mark());
        return;
      case Opcode::set_item:
        set_items(pop_items(2));
        return;
      case Opcode::set_items:
        set_items(pop_to_mark());
        return;
      case Opcode::bin_put:
        put(little_endian(1));
        return;
      case Opcode::long_bin_put:
        put(little_endian(4));
        return;
      case Opcode::bin_get:
        get(little_endian(1));
        return;
      case Opcode::long_bin_get:
        get(little_endian(4));
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
    refuse("its pickle uses the opcode " + opcode_name(code) +
           ", which checkpoints do not need and which is never run");
  }

  unsigned char byte() {
    if (at_ >= pickle_.size()) damaged("it is truncated");
    return static_cast<unsigned char>(pickle_[at_++]);
  }
  std::uint64_t little_endian(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  std::uint64_t big_endian(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | byte();
    return value;
  }
  std::string_view text(std::uint64_t size) {
    if (size > pickle_.size() - at_) damaged("it is truncated");
    std::string_view const found(reinterpret_cast<char const*>(pickle_.data()) + at_, static_cast<std::size_t>(size));
    at_ += found.size();
    return found;
  }
  std::string_view line() {
    auto const rest = std::string_view(reinterpret_cast<char const*>(pickle_.data()) + at_, pickle_.size() - at_);
    auto const end = rest.find('\n');
    if (end == std::string_view::npos) damaged("it is truncated");
    at_ += end + 1;
    return rest.substr(0, end);
  }
  Node long_integer() {
    int const bytes = byte();
    if (bytes > 8) return longer_integer(bytes);
    if (bytes == 0) return std::int64_t{0};
    auto value = little_endian(bytes);
    bool const negative = value >> (8 * bytes - 1) & 1;
    if (negative && bytes < 8) value |= ~std::uint64_t{0} << (8 * bytes);
    return static_cast<std::int64_t>(value);
  }

  /// None of our integers is this large; returns the nearest double.
  double longer_integer(int bytes) {
    std::vector<unsigned char> digits(static_cast<std::size_t>(bytes));
    for (auto& digit : digits) digit = byte();
    double value = digits.back() & 0x80 ? -1 : 0;
    for (auto i = digits.size(); i-- > 0;) value = value * 256 + digits[i];
    return value;
  }

  void push(Node node) {
    nodes_.push_back(std::move(node));
    stack_.push_back(nodes_.size() - 1);
  }
  /// Only items above the innermost mark may be popped.
  std::size_t available() const { return stack_.size() - (marks_.empty() ? 0 : marks_.back()); }
  std::vector<Id> pop_items(std::size_t count) {
    if (available() < count) damaged("its stack is empty");
    std::vector<Id> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  std::vector<Id> pop_to_mark() {
    if (marks_.empty()) damaged("a mark is missing");
    auto items = pop_items(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }
  Id pop() { return pop_items(1)[0]; }
  Node& top() {
    if (available() == 0) damaged("its stack is empty");
    return nodes_[stack_.back()];
  }
  template <class T>
  T const& as(Id id, char const* what) const {
    auto const* value = std::get_if<T>(&nodes_[id]);
    if (!value) damaged(std::string(what) + " has the wrong type");
    return *value;
  }

  void append(std::vector<Id> const& items) {
    auto* list = std::get_if<Sequence>(&top());
    if (!list || list->tuple) damaged("it appends to something that is not a list");
    list->items.insert(list->items.end(), items.begin(), items.end());
  }
  void set_items(std::vector<Id> const& items) {
    auto* dict = std::get_if<Mapping>(&top());
    if (!dict || items.size() % 2 != 0) damaged("it sets items of something that is not a dict");
    dict->items.insert(dict->items.end(), items.begin(), items.end());
  }
  void put(std::uint64_t key) {
    top();
    memo_[key] = stack_.back();
  }
  void get(std::uint64_t key) {
    auto const found = memo_.find(key);
    if (found == memo_.end()) damaged("it refers to an unknown memo entry");
    stack_.push_back(found->second);
  }

  void global() {
    auto const module = std::string(line());
    auto const name = module + "." + std::string(line());
    if (auto const* callable = find(callables, name)) return push(*callable);
    if (std::find(std::begin(tensor_classes), std::end(tensor_classes), name) != std::end(tensor_classes))
      return push(TensorClass{});
    if (name == "torch.storage.UntypedStorage") return push(StorageType{DType::u8});
    if (module == "torch") {
      auto const last = std::string_view(name).substr(module.size() + 1);
      for (auto const& storage : storage_names)
        if (storage.name == last) return push(StorageType{storage.dtype});
      if (std::find(std::begin(element_types), std::end(element_types), last) != std::end(element_types))
        return push(ElementType{name});
    }
    if (auto const* what = find(valueless, name)) refuse("it holds " + std::string(*what));
    refuse("its pickle names '" + name + "', which checkpoints do not need and which is never run");
  }

  void reduce() {
    auto const arguments = as<Sequence>(pop(), "a call's argument list").items;
    call(as<Callable>(pop(), "a called object"), arguments);
  }

  void call(Callable callable, std::vector<Id> const& arguments) {
    auto const expect = [&](bool right, char const* what) {
      if (!right) damaged(std::string(what) + " has the wrong number of arguments");
    };
    switch (callable) {
      case Callable::ordered_dict:
        if (!arguments.empty()) damaged("an OrderedDict has arguments");
        return push(Mapping{true, {}});
      case Callable::size:
        expect(arguments.size() == 1, "a torch.Size");
        return push(Sequence{true, as<Sequence>(arguments[0], "a torch.Size").items});
      case Callable::rebuild_parameter:
        expect(arguments.size() == 3 || arguments.size() == 4, "a parameter");
        return push(as<TensorView>(arguments[0], "a parameter's tensor"));
      case Callable::rebuild_tensor:
        return push(tensor(arguments));
      case Callable::rebuild_typed_tensor:
        return push(typed_tensor(arguments));
      case Callable::rebuild_from_type: {
        expect(arguments.size() == 4, "a tensor of a class");
        static_cast<void>(as<TensorClass>(arguments[1], "a tensor's class"));
        auto const rebuild = as<Callable>(arguments[0], "a tensor's rebuild function");
        if (rebuild == Callable::rebuild_from_type) damaged("a class is rebuilt twice");
        return call(rebuild, std::vector(as<Sequence>(arguments[2], "a tensor's arguments").items));
      }
      // Objects other than weights become the nearest plain value.
      case Callable::device: {
        expect(arguments.size() == 1 || arguments.size() == 2, "a device");
        auto name = as<std::string>(arguments[0], "a device");
        if (arguments.size() == 2) name += ":" + std::to_string(as<std::int64_t>(arguments[1], "a device's number"));
        return push(std::move(name));
      }
      case Callable::set:
        expect(arguments.size() == 1, "a set");
        return push(Sequence{false, as<Sequence>(arguments[0], "a set").items});
      case Callable::complex:
        expect(arguments.size() == 2, "a complex number");
        return push(Sequence{true, arguments});
      case Callable::encode:
        expect(arguments.size() == 2, "encoded text");
        return push(std::string(as<std::string>(arguments[0], "encoded text")));
      case Callable::numpy_type:
        expect(arguments.size() == 3, "a numpy.dtype");
        return push(NumpyType{as<std::string>(arguments[0], "a numpy.dtype"), false});
      case Callable::numpy_scalar:
        expect(arguments.size() == 2, "a NumPy scalar");
        return push(scalar(as<NumpyType>(arguments[0], "a NumPy scalar's type"),
                           as<std::string>(arguments[1], "a NumPy scalar")));
    }
  }

  /// `text`: the bytes as Latin-1 characters, in UTF-8.
  static Node scalar(NumpyType const& type, std::string const& text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
      auto const code = static_cast<unsigned char>(text[i]);
      bool const pair = code >= 0xc0 && i + 1 < text.size();
      bytes += pair ? static_cast<char>((code & 3) << 6 | (text[++i] & 0x3f)) : text[i];
    }
    if (type.big_endian) std::reverse(bytes.begin(), bytes.end());
    auto const number = [&]<class T>(T value) {
      if (bytes.size() != sizeof value) damaged("the size of a NumPy scalar differs from that of its type");
      std::memcpy(&value, bytes.data(), sizeof value);
      return value;
    };
    if (type.name == "f8") return number(double{});
    if (type.name == "f4") return double{number(float{})};
    if (type.name == "i8") return number(std::int64_t{});
    if (type.name == "i4") return std::int64_t{number(std::int32_t{})};
    if (type.name == "i2") return std::int64_t{number(std::int16_t{})};
    if (type.name == "i1") return std::int64_t{number(std::int8_t{})};
    if (type.name == "u1") return std::int64_t{number(std::uint8_t{})};
    if (type.name == "b1") return number(std::uint8_t{}) != 0;
    refuse("it holds a NumPy scalar of type '" + type.name + "', which is not supported");
  }

  TensorView tensor(std::vector<Id> const& arguments) {
    // storage, offset, size, stride, requires_grad, backward_hooks and, rarely, metadata
    if (arguments.size() != 6 && arguments.size() != 7) damaged("a tensor does not have six arguments");
    TensorView view;
    view.storage = as<StorageReference>(arguments[0], "a tensor's storage");
    view.offset = as<std::int64_t>(arguments[1], "a tensor's offset");
    for (auto const id : as<Sequence>(arguments[2], "a tensor's size").items)
      view.shape.push_back(as<std::int64_t>(id, "a tensor's size"));
    for (auto const id : as<Sequence>(arguments[3], "a tensor's stride").items)
      view.stride.push_back(as<std::int64_t>(id, "a tensor's stride"));
    if (view.shape.size() != view.stride.size()) damaged("a tensor's size and stride differ in length");
    if (arguments.size() == 7) view.negative = marked(arguments[6], "neg");
    return view;
  }

  /// A deferred negation is a flag in a tensor's metadata.
  bool marked(Id metadata, char const* mark) const {
    auto const* marks = std::get_if<Mapping>(&nodes_[metadata]);
    for (std::size_t i = 0; marks && i < marks->items.size(); i += 2)
      if (auto const* name = std::get_if<std::string>(&nodes_[marks->items[i]]); name && *name == mark)
        if (auto const* set = std::get_if<bool>(&nodes_[marks->items[i + 1]])) return *set;
    return false;
  }

  /// Like tensor(), but over an untyped storage, with the type as an argument.
  TensorView typed_tensor(std::vector<Id> arguments) {
    if (arguments.size() != 7 && arguments.size() != 8)
      damaged("a tensor of a named type does not have seven arguments");
    auto const type = as<ElementType>(arguments[6], "a tensor's type").name;
    auto const* foreign = find(foreign_types, type);
    if (!foreign) refuse("it holds a tensor of type " + type + ", which is not supported");
    arguments.erase(arguments.begin() + 6);
    auto view = tensor(arguments);
    view.foreign = foreign->type;
    view.storage.dtype = foreign->becomes;
    return view;
  }

  void build() {
    // A state dict holds its modules' versions as an attribute, a numpy.dtype its byte order; nothing else is built.
    auto const state = pop();
    if (auto* type = std::get_if<NumpyType>(&top())) {
      auto const& parts = as<Sequence>(state, "a numpy.dtype's state").items;
      type->big_endian = parts.size() > 1 && as<std::string>(parts[1], "a numpy.dtype's byte order") == ">";
      return;
    }
    auto const* dict = std::get_if<Mapping>(&top());
    if (!dict || !dict->ordered || !std::holds_alternative<Mapping>(nodes_[state]))
      damaged("it sets attributes of something that is not an OrderedDict");
  }

  void persistent() {
    auto const parts = as<Sequence>(pop(), "a persistent id").items;
    if (parts.size() != 5 || as<std::string>(parts[0], "a persistent id") != "storage")
      damaged("a persistent id does not name a storage");
    push(StorageReference{as<StorageType>(parts[1], "a storage's type").dtype,
                          as<std::string>(parts[2], "a storage's key"),
                          as<std::int64_t>(parts[4], "a storage's length")});
  }

  std::span<std::byte const> pickle_;
  std::size_t at_ = 0;
  std::deque<Node> nodes_;
  std::vector<Id> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Id> memo_;
};

/// Copies the graph into a tree.
class TreeBuilder {
 public:
  TreeBuilder(Machine const& machine, std::function<Tensor(TensorView const&)> const& load_tensor, std::size_t budget)
      : machine_(machine), load_tensor_(load_tensor), left_(budget) {}

  Value value(Id id, int depth = 0) {
    // Deeper than any checkpoint, but shallow enough for the call stack; a cycle ends here, too.
    constexpr int most_depth = 200;
    if (depth > most_depth)
      refuse("its values are nested more than " + std::to_string(most_depth) + " deep, or in a cycle");
    spend(1);
    auto const& node = machine_.node(id);
    if (auto const* flag = std::get_if<bool>(&node)) return {*flag};
    if (auto const* number = std::get_if<std::int64_t>(&node)) return {*number};
    if (auto const* number = std::get_if<double>(&node)) return {*number};
    if (auto const* text = std::get_if<std::string>(&node)) {
      spend(text->size());
      return {*text};
    }
    if (auto const* type = std::get_if<ElementType>(&node)) return {type->name};
    if (auto const* view = std::get_if<TensorView>(&node)) return {load_tensor_(*view)};
    if (auto const* sequence = std::get_if<Sequence>(&node)) {
      List items;
      for (auto const item : sequence->items) items.push_back(value(item, depth + 1));
      if (sequence->tuple) return {Tuple{std::move(items)}};
      return {std::move(items)};
    }
    if (auto const* mapping = std::get_if<Mapping>(&node)) {
      auto items = dict(*mapping, depth);
      if (mapping->ordered) return {OrderedDict{std::move(items)}};
      return {std::move(items)};
    }
    if (std::holds_alternative<std::monostate>(node)) return {};
    refuse("it holds a class or storage where a value is expected");
  }

 private:
  Dict dict(Mapping const& mapping, int depth) {
    Dict items;
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < mapping.items.size(); i += 2) {
      auto key = value(mapping.items[i], depth + 1);
      std::string place;
      if (auto const* text = std::get_if<std::string>(&key.v)) place.append("text ").append(*text);
      else if (auto const* number = std::get_if<std::int64_t>(&key.v)) place = std::to_string(*number);
      else refuse("a dict has a key that is neither text nor an integer");
      auto entry = value(mapping.items[i + 1], depth + 1);
      auto const [found, fresh] = places.emplace(std::move(place), items.size());
      if (fresh) items.emplace_back(std::move(key), std::move(entry));
      else items[found->second].second = std::move(entry);  // the last one wins, as in Python
    }
    return items;
  }

  void spend(std::size_t amount) {
    if (amount > left_) refuse("its values refer to each other so often that they would not fit into memory");
    left_ -= amount;
  }

  Machine const& machine_;
  std::function<Tensor(TensorView const&)> const& load_tensor_;
  std::size_t left_;
};

}  // namespace

Value unpickle(std::span<std::byte const> pickle, std::function<Tensor(TensorView const&)> const& load_tensor) {
  Machine machine(pickle);
  auto const top = machine.run();
  // In genuine files each memo entry is used only a few times, so the tree is not much larger than the pickle.
  constexpr std::size_t most_growth = 64, always_allowed = std::size_t{1} << 20;
  return TreeBuilder(machine, load_tensor, pickle.size() * most_growth + always_allowed).value(top);
}

}  // namespace mambasynth::store::pt
