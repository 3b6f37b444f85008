#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>
#include <utility>

#include "store/archive/pickle_machine.hpp"
#include "store/archive/pt_types.hpp"

/// What a pickle may name, and what calling it makes.
namespace mambasynth::store::pt {
namespace {

/// `text`: the bytes as Latin-1 characters, in UTF-8.
Node scalar(NumpyType const& type, std::string const& text) {
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

}  // namespace

void PickleMachine::global() {
  auto const module = std::string(bytes_.line());
  auto const name = module + "." + std::string(bytes_.line());
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

void PickleMachine::reduce() {
  // A deque's elements stay where they are when others are added.
  auto const& arguments = as<Sequence>(pop(), "a call's argument list").items;
  call(as<Callable>(pop(), "a called object"), arguments);
}

void PickleMachine::call(Callable callable, std::vector<Id> const& arguments) {
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
      return call(rebuild, as<Sequence>(arguments[2], "a tensor's arguments").items);
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

TensorView PickleMachine::tensor(std::vector<Id> const& arguments) const {
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
bool PickleMachine::marked(Id metadata, char const* mark) const {
  auto const* marks = std::get_if<Mapping>(&nodes_[metadata]);
  for (std::size_t i = 0; marks && i < marks->items.size(); i += 2)
    if (auto const* name = std::get_if<std::string>(&nodes_[marks->items[i]]); name && *name == mark)
      if (auto const* set = std::get_if<bool>(&nodes_[marks->items[i + 1]])) return *set;
  return false;
}

/// Like tensor(), but over an untyped storage, with the type as an argument.
TensorView PickleMachine::typed_tensor(std::vector<Id> const& arguments) const {
  if (arguments.size() != 7 && arguments.size() != 8) damaged("a tensor of a named type does not have seven arguments");
  auto const type = as<ElementType>(arguments[6], "a tensor's type").name;
  auto const* foreign = find(foreign_types, type);
  if (!foreign) refuse("it holds a tensor of type " + type + ", which is not supported");
  auto others = arguments;
  others.erase(others.begin() + 6);
  auto view = tensor(others);
  view.foreign = foreign->type;
  view.storage.dtype = foreign->becomes;
  return view;
}

void PickleMachine::build() {
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

void PickleMachine::persistent() {
  auto const parts = as<Sequence>(pop(), "a persistent id").items;
  if (parts.size() != 5 || as<std::string>(parts[0], "a persistent id") != "storage")
    damaged("a persistent id does not name a storage");
  push(StorageReference{as<StorageType>(parts[1], "a storage's type").dtype,
                        as<std::string>(parts[2], "a storage's key"),
                        as<std::int64_t>(parts[4], "a storage's length")});
}

}  // namespace mambasynth::store::pt
