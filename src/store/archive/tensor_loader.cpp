#include "store/archive/tensor_loader.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "store/archive/half.hpp"

namespace mambasynth::store::pt {
namespace {

// A partial view is copied; genuine files have few of them.
constexpr std::uint64_t most_copies = 8, always_allowed = std::uint64_t{1} << 20;

std::size_t stored_size(TensorView const& view) {
  switch (view.foreign) {
    case ForeignType::none:
      return size_of(view.storage.dtype);
    case ForeignType::u16:
      return 2;
    case ForeignType::u32:
      return 4;
    case ForeignType::u64:
      return 8;
    case ForeignType::f8_e4m3fn:
    case ForeignType::f8_e5m2:
      return 1;
  }
  return 0;
}

template <class From, class To, class Convert>
std::vector<std::byte> converted(std::vector<std::byte> const& bytes, Convert const& convert) {
  auto const count = bytes.size() / sizeof(From);
  std::vector<std::byte> out(count * sizeof(To));
  for (std::size_t i = 0; i < count; ++i) {
    From from;
    std::memcpy(&from, bytes.data() + i * sizeof(From), sizeof(From));
    To const to = convert(from);
    std::memcpy(out.data() + i * sizeof(To), &to, sizeof(To));
  }
  return out;
}

/// See TensorView::foreign.
std::vector<std::byte> from_foreign(std::vector<std::byte> const& bytes, ForeignType type) {
  auto const same = [](auto value) { return value; };
  switch (type) {
    case ForeignType::none:
      break;
    case ForeignType::u16:
      return converted<std::uint16_t, std::int32_t>(bytes, same);
    case ForeignType::u32:
      return converted<std::uint32_t, std::int64_t>(bytes, same);
    case ForeignType::u64:
      return converted<std::uint64_t, std::int64_t>(bytes, [](std::uint64_t value) {
        if (value > static_cast<std::uint64_t>(INT64_MAX))
          throw std::runtime_error("it holds the integer " + std::to_string(value) +
                                   ", too large for a signed 64-bit integer");
        return static_cast<std::int64_t>(value);
      });
    case ForeignType::f8_e4m3fn:
      return converted<std::uint8_t, float>(bytes, float_from_f8_e4m3fn);
    case ForeignType::f8_e5m2:
      return converted<std::uint8_t, float>(bytes, float_from_f8_e5m2);
  }
  return bytes;
}

/// Negates every number, as torch.neg does.
void negate(Tensor& tensor) {
  auto const sign = [](auto bits) {
    return static_cast<decltype(bits)>(bits ^ (decltype(bits){1} << (8 * sizeof(bits) - 1)));
  };
  auto const minus = [](auto value) { return static_cast<decltype(value)>(decltype(value){0} - value); };
  auto& bytes = *tensor.bytes;
  switch (tensor.dtype) {
    case DType::f64:
      bytes = converted<std::uint64_t, std::uint64_t>(bytes, sign);
      return;
    case DType::f32:
      bytes = converted<std::uint32_t, std::uint32_t>(bytes, sign);
      return;
    case DType::f16:
    case DType::bf16:
      bytes = converted<std::uint16_t, std::uint16_t>(bytes, sign);
      return;
    // Unsigned arithmetic gives the same bits without undefined overflow.
    case DType::i64:
      bytes = converted<std::uint64_t, std::uint64_t>(bytes, minus);
      return;
    case DType::i32:
      bytes = converted<std::uint32_t, std::uint32_t>(bytes, minus);
      return;
    case DType::i16:
      bytes = converted<std::uint16_t, std::uint16_t>(bytes, minus);
      return;
    case DType::i8:
    case DType::u8:
      bytes = converted<std::uint8_t, std::uint8_t>(bytes, minus);
      return;
    case DType::boolean:
      throw std::runtime_error("it holds negated booleans");
  }
}

/// Number of elements; refuses views that reach beyond their storage.
std::int64_t checked_size(TensorView const& view, std::int64_t available) {
  auto const bad = [] { return std::runtime_error("a tensor reaches beyond its storage"); };
  if (view.offset < 0 || view.offset > available) throw bad();
  if (std::any_of(view.shape.begin(), view.shape.end(), [](auto extent) { return extent < 0; }) ||
      std::any_of(view.stride.begin(), view.stride.end(), [](auto stride) { return stride < 0; }))
    throw bad();
  bool const empty = std::find(view.shape.begin(), view.shape.end(), 0) != view.shape.end();
  // An empty tensor reaches nothing, but readers multiply some of its extents.
  std::int64_t size = 1, last = view.offset;
  for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
    auto const extent = std::max<std::int64_t>(view.shape[axis], 1);
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(size, extent, &size)) throw bad();
    if (!empty &&
        (__builtin_mul_overflow(extent - 1, view.stride[axis], &reach) || __builtin_add_overflow(last, reach, &last)))
      throw bad();
  }
  constexpr std::int64_t most = std::int64_t{1} << 56;  // still fits when multiplied by 8 bytes
  if ((!empty && last >= available) || size > most) throw bad();
  return empty ? 0 : size;
}

bool contiguous(TensorView const& view) {
  std::int64_t step = 1;
  for (std::size_t axis = view.shape.size(); axis-- > 0;) {
    if (view.shape[axis] != 1 && view.stride[axis] != step) return false;
    step *= view.shape[axis];
  }
  return true;
}

void gather(TensorView const& view, std::size_t item, std::byte const* from, std::byte* to) {
  std::vector<std::int64_t> index(view.shape.size(), 0);
  auto element = view.offset;
  while (true) {
    std::memcpy(to, from + static_cast<std::size_t>(element) * item, item);
    to += item;
    auto axis = view.shape.size();
    while (axis-- > 0) {
      if (view.shape[axis] == 1) continue;  // its stride is arbitrary
      element += view.stride[axis];
      if (++index[axis] < view.shape[axis]) break;
      element -= view.stride[axis] * view.shape[axis];
      index[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) return;
  }
}

}  // namespace

TensorLoader::TensorLoader(archive::ZipReader const& zip, std::string folder, bool big_endian)
    : zip_(zip),
      folder_(std::move(folder)),
      big_endian_(big_endian),
      copies_left_(zip.file_size() * most_copies + always_allowed) {}

Tensor TensorLoader::operator()(TensorView const& view) {
  auto const item = stored_size(view);
  auto const bytes = storage(view.storage, item, view.foreign != ForeignType::none);
  auto const available = static_cast<std::int64_t>(bytes->size() / item);
  Tensor tensor{view.storage.dtype, view.shape, bytes};
  auto const size = checked_size(view, available);
  bool const whole = view.offset == 0 && size == available;
  bool const as_stored = !view.negative && view.foreign == ForeignType::none;
  if (whole && as_stored && contiguous(view)) return tensor;
  auto const wanted = static_cast<std::uint64_t>(size) * item;
  if (wanted > copies_left_)
    throw std::runtime_error("its tensors are views that together exceed the file's size many times over");
  copies_left_ -= wanted;
  tensor.bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(wanted));
  if (wanted > 0) gather(view, item, bytes->data(), tensor.bytes->data());
  if (view.foreign != ForeignType::none) *tensor.bytes = from_foreign(*tensor.bytes, view.foreign);
  if (view.negative) negate(tensor);
  return tensor;
}

TensorLoader::Bytes TensorLoader::storage(StorageReference const& reference, std::size_t size, bool in_bytes) {
  auto const item = static_cast<std::int64_t>(in_bytes ? 1 : size);
  auto& bytes = storages_[reference.key];
  if (!bytes) {
    auto const name = folder_ + "data/" + reference.key;
    if (!zip_.has(name)) throw std::runtime_error("the record '" + name + "' is missing");
    bytes = std::make_shared<std::vector<std::byte>>(zip_.read(name));
    if (big_endian_)
      for (std::size_t at = 0; size > 1 && at + size <= bytes->size(); at += size)
        std::reverse(bytes->data() + at, bytes->data() + at + size);
  }
  auto const stored = static_cast<std::int64_t>(bytes->size());
  if (reference.elements < 0 || reference.elements > stored / item || reference.elements * item != stored)
    throw std::runtime_error("the record 'data/" + reference.key + "' has " + std::to_string(stored) +
                             " bytes, but its tensor needs " + std::to_string(reference.elements) + " elements of " +
                             std::to_string(item));
  return bytes;
}

}  // namespace mambasynth::store::pt
