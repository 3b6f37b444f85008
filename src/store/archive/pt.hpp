#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "store/archive/tensor.hpp"

/// PyTorch's zip checkpoints (torch.save), read without LibTorch and without executing anything: any pickle opcode or
/// global beyond the few that such files need is refused by name.
namespace mambasynth::store::pt {

struct Value;
struct Entry;
using List = std::vector<Value>;
/// In file order. Keys are text or integers (Adam's state is keyed by parameter number).
using Dict = std::vector<Entry>;
struct Tuple {
  std::vector<Value> items;
};
/// Written as collections.OrderedDict (a state dict) rather than dict.
struct OrderedDict {
  Dict items;
};

struct Value {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Tensor, List, Tuple, Dict, OrderedDict> v;

  /// Entry of a dict by key; nullptr if it is absent or this is not a dict.
  [[nodiscard]] Value const* find(std::string const& key) const;
  [[nodiscard]] Value const* find(std::int64_t key) const;
  [[nodiscard]] bool is_dict() const;
  [[nodiscard]] Dict const& items() const;  ///< of either kind of dict
};

/// A key of a dict and its value.
struct Entry {
  Value first, second;
};

/// Errors: errors::input (not a zip, truncated, not made by torch.save, an unknown opcode or global by name).
Value load(std::filesystem::path const& file);

/// Records as torch.save makes them: <stem>/data.pkl (protocol 2), byteorder, data/<i>, version,
/// .format_version, .storage_alignment (64), .data/serialization_id; readable with weights_only=True.
/// `stem` is the name of the folder inside the archive (torch uses the file's stem). Use with AtomicFile.
void save(std::filesystem::path const& file, Value const& value, std::string const& stem);

}  // namespace mambasynth::store::pt
