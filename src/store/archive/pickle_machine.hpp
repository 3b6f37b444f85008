#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "store/archive/pt.hpp"

/// Private to this folder: a reader of the pickles that torch.save writes. Nothing is executed: only a few
/// globals are accepted, and calling one selects a construction written here.
namespace mambasynth::store::pt {

/// What the pickle says about a storage: ('storage', torch.FloatStorage, key, location, number of elements).
struct StorageReference {
  DType dtype = DType::f32;
  std::string key;
  std::int64_t elements = 0;
};

/// Number types without a DType; their values are converted.
enum class ForeignType { none, u16, u32, u64, f8_e4m3fn, f8_e5m2 };

/// A tensor that is a view of a storage.
struct TensorView {
  StorageReference storage;
  std::int64_t offset = 0;  ///< in elements, like `stride`
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;
  bool negative = false;  ///< the storage holds the negated values (torch._neg_view)
  /// The stored type if it has no DType; values are then converted to storage.dtype.
  ForeignType foreign = ForeignType::none;
};

/// Turns the pickle of a checkpoint into a Value; `load_tensor` fetches and checks a view's data.
/// Errors: std::runtime_error with only the reason; the caller adds the file.
Value unpickle(std::span<std::byte const> pickle, std::function<Tensor(TensorView const&)> const& load_tensor);

}  // namespace mambasynth::store::pt
