#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/archive/pt.hpp"
#include "store/archive/pt_types.hpp"

namespace mambasynth::store::pt {

/// Private to this folder: pickles a Value as torch.save does (protocol 2) and collects the storages it refers to.
/// Errors: std::runtime_error with only the reason; the caller adds the file.
class PickleWriter {
 public:
  std::string pickle(Value const& value);
  /// Data of the records data/0, data/1, ... Tensors that share their bytes share a storage.
  [[nodiscard]] std::vector<std::shared_ptr<std::vector<std::byte>>> const& storages() const { return storages_; }

 private:
  void write(Value const& value, int depth);
  void code(Opcode opcode);
  void little_endian(std::uint64_t value, int bytes);
  void integer(std::int64_t value);
  void number(double value);
  void text(std::string const& value);
  void global(std::string const& module, std::string const& name);
  bool recall(std::string const& key);
  void remember(std::string const& key);
  void list(List const& values, int depth);
  void begin_tuple(std::size_t size);
  void end_tuple(std::size_t size);
  void tuple(std::vector<Value> const& values, int depth);
  void integers(std::vector<std::int64_t> const& values);
  void items(Dict const& entries, int depth);
  void ordered_dict();
  void tensor(Tensor const& tensor);
  void storage(Tensor const& tensor);

  std::string out_;
  std::unordered_map<std::string, std::uint32_t> memo_;
  std::map<std::pair<std::vector<std::byte> const*, DType>, std::size_t> keys_;
  std::vector<std::shared_ptr<std::vector<std::byte>>> storages_;
};

}  // namespace mambasynth::store::pt
