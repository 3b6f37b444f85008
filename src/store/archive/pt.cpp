#include "store/archive/pt.hpp"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <stdexcept>

#include "errors/errors.hpp"
#include "store/archive/half.hpp"
#include "store/archive/pickle_machine.hpp"
#include "store/archive/pickle_writer.hpp"
#include "store/archive/torch_zip_writer.hpp"
#include "store/archive/zip_reader.hpp"

namespace mambasynth::store::pt {
namespace {

static_assert(std::endian::native == std::endian::little, "records are marked little-endian");

using Bytes = std::shared_ptr<std::vector<std::byte>>;

std::string_view text_of(std::vector<std::byte> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

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

/// Reads tensors from an archive. Reads each storage once; tensors that cover all of it share it.
class TensorLoader {
 public:
  TensorLoader(archive::ZipReader const& zip, std::string folder, bool big_endian)
      : zip_(zip),
        folder_(std::move(folder)),
        big_endian_(big_endian),
        copies_left_(zip.file_size() * most_copies + always_allowed) {}

  Tensor operator()(TensorView const& view) {
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

 private:
  // A partial view is copied; genuine files have few of them.
  static constexpr std::uint64_t most_copies = 8, always_allowed = std::uint64_t{1} << 20;

  /// `in_bytes`: the reference counts bytes instead of elements of `size`.
  Bytes storage(StorageReference const& reference, std::size_t size, bool in_bytes) {
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

  /// Number of elements; refuses views that reach beyond their storage.
  static std::int64_t checked_size(TensorView const& view, std::int64_t available) {
    auto const bad = [] { return std::runtime_error("a tensor reaches beyond its storage"); };
    if (view.offset < 0 || view.offset > available) throw bad();
    if (std::any_of(view.shape.begin(), view.shape.end(), [](auto extent) { return extent < 0; }) ||
        std::any_of(view.stride.begin(), view.stride.end(), [](auto stride) { return stride < 0; }))
      throw bad();
    if (std::find(view.shape.begin(), view.shape.end(), 0) != view.shape.end()) return 0;
    std::int64_t size = 1, last = view.offset;
    for (std::size_t axis = 0; axis < view.shape.size(); ++axis) {
      auto const steps = view.shape[axis] - 1;
      std::int64_t reach = 0;
      if (__builtin_mul_overflow(steps, view.stride[axis], &reach) || __builtin_add_overflow(last, reach, &last) ||
          __builtin_mul_overflow(size, view.shape[axis], &size))
        throw bad();
    }
    constexpr std::int64_t most = std::int64_t{1} << 56;  // still fits when multiplied by 8 bytes
    if (last >= available || size > most) throw bad();
    return size;
  }

  static bool contiguous(TensorView const& view) {
    std::int64_t step = 1;
    for (std::size_t axis = view.shape.size(); axis-- > 0;) {
      if (view.shape[axis] != 1 && view.stride[axis] != step) return false;
      step *= view.shape[axis];
    }
    return true;
  }

  static void gather(TensorView const& view, std::size_t item, std::byte const* from, std::byte* to) {
    std::vector<std::int64_t> index(view.shape.size(), 0);
    auto element = view.offset;
    while (true) {
      std::memcpy(to, from + static_cast<std::size_t>(element) * item, item);
      to += item;
      auto axis = view.shape.size();
      while (axis-- > 0) {
        element += view.stride[axis];
        if (++index[axis] < view.shape[axis]) break;
        element -= view.stride[axis] * view.shape[axis];
        index[axis] = 0;
      }
      if (axis == static_cast<std::size_t>(-1)) return;
    }
  }

  archive::ZipReader const& zip_;
  std::string folder_;
  bool big_endian_;
  std::uint64_t copies_left_;
  std::map<std::string, Bytes> storages_;
};

/// "<stem>/" of an archive that torch.save made.
std::string folder_of(archive::ZipReader const& zip) {
  constexpr std::string_view record = "/data.pkl";
  std::string folder;
  for (auto const& name : zip.names()) {
    if (name.ends_with("/constants.pkl")) throw std::runtime_error("it is a TorchScript archive, not a checkpoint");
    if (name.ends_with(record) && folder.empty()) folder = name.substr(0, name.size() - record.size() + 1);
  }
  if (folder.empty()) throw std::runtime_error("the archive was not made by torch.save: it has no data.pkl");
  return folder;
}

/// 40 decimal digits, the same for the same content.
std::string serialization_id(std::vector<std::string> const& names, std::vector<std::uint32_t> const& checksums) {
  // FNV-1a, 64 bits.
  constexpr std::uint64_t start = 0xcbf29ce484222325, prime = 0x100000001b3;
  std::uint64_t of_names = start, of_data = start;
  for (auto const& name : names)
    for (char const c : name + '\n') of_names = (of_names ^ static_cast<unsigned char>(c)) * prime;
  for (auto const checksum : checksums)
    for (int shift = 0; shift < 32; shift += 8) of_data = (of_data ^ (checksum >> shift & 0xff)) * prime;
  char digits[41];
  std::snprintf(digits, sizeof digits, "%020" PRIu64 "%020" PRIu64, of_names, of_data);
  return digits;
}

template <class Key>
Value const* find_in(Value const& value, Key const& key) {
  if (!value.is_dict()) return nullptr;
  for (auto const& [name, entry] : value.items())
    if (auto const* held = std::get_if<Key>(&name.v); held && *held == key) return &entry;
  return nullptr;
}

}  // namespace

Value const* Value::find(std::string const& key) const { return find_in(*this, key); }
Value const* Value::find(std::int64_t key) const { return find_in(*this, key); }
bool Value::is_dict() const { return std::holds_alternative<Dict>(v) || std::holds_alternative<OrderedDict>(v); }
Dict const& Value::items() const {
  if (auto const* ordered = std::get_if<OrderedDict>(&v)) return ordered->items;
  return std::get<Dict>(v);
}

Value load(std::filesystem::path const& file) {
  archive::ZipReader const zip(file, "PyTorch checkpoint", archive::Dialect::torch);
  try {
    auto const folder = folder_of(zip);
    bool big_endian = false;
    if (zip.has(folder + "byteorder")) {
      auto const order = zip.read(folder + "byteorder");
      big_endian = text_of(order) == "big";
      if (!big_endian && text_of(order) != "little")
        throw std::runtime_error("its byte order is '" + std::string(text_of(order).substr(0, 16)) +
                                 "', neither little nor big");
    }
    auto const pickle = zip.read(folder + "data.pkl");
    TensorLoader loader(zip, folder, big_endian);
    return unpickle(pickle, [&](TensorView const& view) { return loader(view); });
  } catch (errors::Error const&) {
    throw;
  } catch (std::runtime_error const& why) {
    throw archive::unreadable(file, why.what(),
                              "give a complete checkpoint that holds only tensors, numbers, text, lists and dicts");
  }
}

void save(std::filesystem::path const& file, Value const& value, std::string const& stem) {
  PickleWriter writer;
  std::string pickle;
  try {
    pickle = writer.pickle(value);
  } catch (std::runtime_error const& why) {
    throw errors::machine("cannot write '" + file.string() + "'", why.what(), "report this as a defect");
  }
  archive::TorchZipWriter zip(file);
  std::vector<std::string> names;
  auto const add = [&](std::string const& name, std::string_view data) {
    names.push_back(name);
    zip.add(stem + "/" + name, data);
  };
  add("data.pkl", pickle);
  add(".format_version", "1");
  add(".storage_alignment", std::to_string(archive::TorchZipWriter::alignment));
  add("byteorder", "little");
  std::size_t key = 0;
  for (auto const& storage : writer.storages()) add("data/" + std::to_string(key++), text_of(*storage));
  add("version", "3\n");
  add(".data/serialization_id", serialization_id(names, zip.checksums()));
  zip.close();
}

}  // namespace mambasynth::store::pt
