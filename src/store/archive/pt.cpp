#include "store/archive/pt.hpp"

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cstdio>
#include <stdexcept>

#include "errors/errors.hpp"
#include "store/archive/pickle_writer.hpp"
#include "store/archive/tensor_loader.hpp"
#include "store/archive/torch_zip_writer.hpp"
#include "store/archive/unpickle.hpp"
#include "store/archive/zip_reader.hpp"

namespace mambasynth::store::pt {
namespace {

static_assert(std::endian::native == std::endian::little, "records are marked little-endian");

std::string_view text_of(std::vector<std::byte> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

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
    // Each byte may become a value of a hundred bytes. torch.save compresses nothing, so the file is larger.
    constexpr std::uint64_t always_allowed = std::uint64_t{1} << 24;
    if (zip.open(folder + "data.pkl").size() > std::max(always_allowed, zip.file_size()))
      throw std::runtime_error("its pickle is larger than the file");
    auto const pickle = zip.read(folder + "data.pkl");
    TensorLoader loader(zip, folder, big_endian);
    return unpickle(pickle, [&](TensorView const& view) { return loader(view); });
  } catch (errors::Error const&) {
    throw;
  } catch (std::runtime_error const& why) {
    throw archive::unreadable(file, why.what(),
                              "Give a complete checkpoint that holds only tensors, numbers, text, lists and dicts");
  }
}

void save(std::filesystem::path const& file, Value const& value, std::string const& stem) {
  PickleWriter writer;
  std::string pickle;
  try {
    pickle = writer.pickle(value);
  } catch (std::runtime_error const& why) {
    throw errors::machine("cannot write '" + file.string() + "'", why.what(), "Report this as a defect");
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
