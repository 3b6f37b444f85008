#include "store/archive/pt.hpp"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <map>
#include <stdexcept>

#include "errors/errors.hpp"
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

/// Fetches tensors out of an archive; a storage is read once and shared by the tensors that are all of it.
class TensorLoader {
 public:
  TensorLoader(archive::ZipReader const& zip, std::string folder)
      : zip_(zip), folder_(std::move(folder)), copies_left_(zip.file_size() * most_copies + always_allowed) {}

  Tensor operator()(TensorView const& view) {
    auto const bytes = storage(view.storage);
    auto const item = size_of(view.storage.dtype);
    auto const available = static_cast<std::int64_t>(bytes->size() / item);
    Tensor tensor{view.storage.dtype, view.shape, bytes};
    auto const size = checked_size(view, available);
    bool const whole = view.offset == 0 && size == available;
    if (whole && contiguous(view)) return tensor;
    auto const wanted = static_cast<std::uint64_t>(size) * item;
    if (wanted > copies_left_) throw std::runtime_error("its tensors are views that together exceed the file many times");
    copies_left_ -= wanted;
    tensor.bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(wanted));
    if (wanted > 0) gather(view, item, bytes->data(), tensor.bytes->data());
    return tensor;
  }

 private:
  // Shared storages are copied for each view, which honest files have a few of.
  static constexpr std::uint64_t most_copies = 8, always_allowed = std::uint64_t{1} << 20;

  Bytes storage(StorageReference const& reference) {
    auto const item = static_cast<std::int64_t>(size_of(reference.dtype));
    auto& bytes = storages_[reference.key];
    if (!bytes) {
      auto const name = folder_ + "data/" + reference.key;
      if (!zip_.has(name)) throw std::runtime_error("the record '" + name + "' is missing");
      bytes = std::make_shared<std::vector<std::byte>>(zip_.read(name));
    }
    auto const size = static_cast<std::int64_t>(bytes->size());
    if (reference.elements < 0 || reference.elements > size / item || reference.elements * item != size)
      throw std::runtime_error("the record 'data/" + reference.key + "' has " + std::to_string(size) +
                               " bytes, its tensor needs " + std::to_string(reference.elements) + " elements of " +
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
    constexpr std::int64_t most = std::int64_t{1} << 56;  // times 8 bytes still fits
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
  archive::ZipReader const zip(file, "PyTorch checkpoint");
  try {
    auto const folder = folder_of(zip);
    if (zip.has(folder + "byteorder"))
      if (auto const order = zip.read(folder + "byteorder"); text_of(order) != "little")
        throw std::runtime_error("its byte order is '" + std::string(text_of(order).substr(0, 16)) +
                                 "', only little is supported");
    auto const pickle = zip.read(folder + "data.pkl");
    TensorLoader loader(zip, folder);
    return unpickle(pickle, [&](TensorView const& view) { return loader(view); });
  } catch (errors::Error const&) {
    throw;
  } catch (std::runtime_error const& why) {
    throw archive::unreadable(file, why.what(),
                              "give a whole checkpoint that holds tensors, numbers, text, lists and dicts only");
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
