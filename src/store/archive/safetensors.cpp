#include "store/archive/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <optional>
#include <string_view>

#include "errors/errors.hpp"
#include "errors/printable.hpp"
#include "store/archive/zip_reader.hpp"
#include "store/output_file.hpp"

namespace mambasynth::store::safetensors {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t most_header_bytes = 100'000'000;  // the format's own limit
constexpr std::uint64_t alignment = 8;
constexpr char const* metadata_key = "__metadata__";

struct Name {
  std::string_view name;
  DType dtype;
};
constexpr std::array<Name, 10> names{{{"F64", DType::f64},
                                      {"F32", DType::f32},
                                      {"F16", DType::f16},
                                      {"BF16", DType::bf16},
                                      {"I64", DType::i64},
                                      {"I32", DType::i32},
                                      {"I16", DType::i16},
                                      {"I8", DType::i8},
                                      {"U8", DType::u8},
                                      {"BOOL", DType::boolean}}};

struct Entry {
  std::string name;
  Tensor tensor;
  std::uint64_t begin = 0, end = 0;  ///< within the data, in bytes
};

/// Depth of nested brackets outside strings.
int depth_of(std::string_view json) {
  int depth = 0, deepest = 0;
  bool inside_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    auto const c = json[i];
    if (inside_string && c == '\\') ++i;
    else if (c == '"') inside_string = !inside_string;
    else if (!inside_string && (c == '[' || c == '{')) deepest = std::max(deepest, ++depth);
    else if (!inside_string && (c == ']' || c == '}')) --depth;
  }
  return deepest;
}

/// A header's entries; `reject` builds the error for a reason.
template <class Reject>
class HeaderParser {
 public:
  HeaderParser(std::uint64_t data_bytes, Reject reject) : data_bytes_(data_bytes), reject_(reject) {}

  std::vector<Entry> entries(Json const& header, std::vector<std::pair<std::string, std::string>>& metadata) const {
    if (!header.is_object()) throw reject_("its header is not a JSON object");
    std::vector<Entry> entries;
    for (auto const& [key, value] : header.items()) {
      if (key != metadata_key) {
        entries.push_back(entry(key, value));
        continue;
      }
      if (!value.is_object()) throw reject_("its metadata is not a JSON object");
      for (auto const& [name, text] : value.items()) {
        if (!text.is_string()) throw reject_("its metadata '" + name + "' is not text");
        metadata.emplace_back(name, text.template get<std::string>());
      }
    }
    // Tensors must neither overlap nor leave gaps.
    std::sort(entries.begin(), entries.end(),
              [](Entry const& a, Entry const& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t expected = 0;
    for (auto const& each : entries) {
      if (each.begin != expected)
        throw reject_("'" + each.name + "' starts at byte " + std::to_string(each.begin) + ", not at " +
                      std::to_string(expected) + ": tensors overlap or leave a gap");
      expected = each.end;
    }
    if (expected != data_bytes_)
      throw reject_("its tensors need " + std::to_string(expected) + " bytes, but the file has " +
                    std::to_string(data_bytes_));
    return entries;
  }

 private:
  Entry entry(std::string const& key, Json const& value) const {
    auto const bad = [&](std::string const& why) { return reject_("the entry '" + key + "' of its header " + why); };
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets"))
      throw bad("lacks dtype, shape or data_offsets");
    Entry entry;
    entry.name = key;
    if (!value["dtype"].is_string()) throw bad("has a dtype that is not text");
    auto const dtype = value["dtype"].template get<std::string>();
    auto const known = std::find_if(names.begin(), names.end(), [&](Name const& each) { return each.name == dtype; });
    if (known == names.end()) throw bad("has the unsupported dtype '" + dtype + "'");
    entry.tensor.dtype = known->dtype;
    std::uint64_t bytes = size_of(known->dtype);
    if (!value["shape"].is_array()) throw bad("has a shape that is not a list");
    bool empty = false;
    for (auto const& extent : value["shape"]) {
      if (!extent.is_number_unsigned()) throw bad("has a bad shape");
      auto const count = extent.template get<std::uint64_t>();
      empty = empty || count == 0;
      // No file can hold more. Also of an empty tensor, whose other extents are arbitrary: readers multiply some of
      // them.
      if (count > 0 && __builtin_mul_overflow(bytes, count, &bytes)) throw bad("has a bad shape");
      if (bytes > static_cast<std::uint64_t>(INT64_MAX)) throw bad("has a bad shape");
      entry.tensor.shape.push_back(static_cast<std::int64_t>(count));
    }
    if (empty) bytes = 0;
    auto const& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned())
      throw bad("has bad data_offsets");
    entry.begin = offsets[0].template get<std::uint64_t>();
    entry.end = offsets[1].template get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end > data_bytes_) throw bad("lies outside the file");
    if (entry.end - entry.begin != bytes)
      throw bad("needs " + std::to_string(bytes) + " bytes but has " + std::to_string(entry.end - entry.begin));
    return entry;
  }

  std::uint64_t data_bytes_;
  Reject reject_;
};

}  // namespace

File load(std::filesystem::path const& path) {
  auto const reject = [&](std::string const& why) { return archive::unreadable(path, why); };
  std::error_code failed;
  auto const file_bytes = static_cast<std::uint64_t>(std::filesystem::file_size(path, failed));
  if (failed) throw reject(failed.message());
  std::ifstream in(path, std::ios::binary);
  if (!in) throw reject("it cannot be opened");
  auto const read = [&](void* into, std::uint64_t count) {
    in.read(static_cast<char*>(into), static_cast<std::streamsize>(count));
    if (static_cast<std::uint64_t>(in.gcount()) != count) throw reject("it is truncated");
  };
  if (file_bytes < length_bytes) throw reject("it is not a safetensors file: " + archive::looks_like(path));
  std::uint64_t header_bytes = 0;
  read(&header_bytes, length_bytes);
  if (header_bytes > most_header_bytes || header_bytes > file_bytes - length_bytes) {
    auto const kind = archive::looks_like(path);
    bool const cut = header_bytes <= most_header_bytes;
    throw reject(cut ? "it is truncated within its header" : "it is not a safetensors file: " + kind);
  }
  std::string text(static_cast<std::size_t>(header_bytes), '\0');
  read(text.data(), header_bytes);
  constexpr int most_depth = 3;  // header, entry, shape; the JSON library takes a stack frame for each
  if (depth_of(text) > most_depth) throw reject("its header is nested too deeply");
  auto const header = Json::parse(text, nullptr, false);
  if (header.is_discarded()) throw reject("its header is not JSON");

  File content;
  auto entries = HeaderParser(file_bytes - length_bytes - header_bytes, reject).entries(header, content.metadata);
  for (auto& entry : entries) {
    entry.tensor.bytes = std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(entry.end - entry.begin));
    if (!entry.tensor.bytes->empty()) read(entry.tensor.bytes->data(), entry.tensor.bytes->size());
    content.tensors.emplace_back(std::move(entry.name), std::move(entry.tensor));
  }
  return content;
}

void save(std::filesystem::path const& path, File const& content) {
  auto const defect = [&](std::string const& why) {
    return errors::machine("cannot write '" + path.string() + "'", why, "Report this as a defect");
  };
  // Wide elements first, so each tensor starts at a multiple of its element size.
  std::vector<std::pair<std::string, Tensor> const*> ordered;
  for (auto const& tensor : content.tensors) ordered.push_back(&tensor);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](auto const* a, auto const* b) { return size_of(a->second.dtype) > size_of(b->second.dtype); });

  Json header = Json::object();
  if (!content.metadata.empty()) {
    auto& metadata = header[metadata_key] = Json::object();
    for (auto const& [name, text] : content.metadata)
      metadata[errors::valid_utf8(name)] = errors::valid_utf8(text);  // paths may hold other bytes
  }
  std::uint64_t at = 0;
  for (auto const* each : ordered) {
    auto const& name = each->first;
    auto const& tensor = each->second;
    auto const bytes = static_cast<std::uint64_t>(tensor.size()) * size_of(tensor.dtype);
    if (!tensor.bytes || tensor.bytes->size() != bytes)
      throw defect("the shape of '" + name + "' does not match its number of bytes");
    if (header.contains(name)) throw defect("'" + name + "' is given twice");
    auto const dtype = std::find_if(names.begin(), names.end(), [&](Name const& n) { return n.dtype == tensor.dtype; });
    header[name] = {{"dtype", dtype->name}, {"shape", tensor.shape}, {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (nlohmann::json::exception const& why) {
    throw defect(why.what());
  }
  text.append((alignment - text.size() % alignment) % alignment, ' ');
  if (text.size() > most_header_bytes) throw defect("the header is larger than the format allows");

  OutputFile out(path);
  auto const header_bytes = static_cast<std::uint64_t>(text.size());
  out.write(&header_bytes, length_bytes);
  out.write(text);
  for (auto const* each : ordered) out.write(each->second.bytes->data(), each->second.bytes->size());
  out.close();
}

}  // namespace mambasynth::store::safetensors
