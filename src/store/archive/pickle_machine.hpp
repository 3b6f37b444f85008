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

/// Private to this folder: a reader of the pickles that torch.save writes. Nothing is executed: a global is one of a
/// few names, calling it is one of a few constructions written here.
namespace mambasynth::store::pt {

/// What the pickle says about a storage: ('storage', torch.FloatStorage, key, location, number of elements).
struct StorageReference {
  DType dtype = DType::f32;
  std::string key;
  std::int64_t elements = 0;
};

/// Types of numbers that are read but converted to another type.
enum class ForeignType { none, u16, u32, u64, f8_e4m3fn, f8_e5m2 };

/// A tensor that is a view of a storage.
struct TensorView {
  StorageReference storage;
  std::int64_t offset = 0;  ///< in elements, as `stride`
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> stride;
  bool negative = false;  ///< the storage holds the negated values (torch._neg_view)
  /// Set if the storage holds numbers of a type that we do not have: their type; they are converted to storage.dtype.
  ForeignType foreign = ForeignType::none;
};

/// Turns the pickle of a checkpoint into a Value; `load_tensor` fetches and checks a view's data.
/// Errors: std::runtime_error with the reason alone; the caller knows the file.
Value unpickle(std::span<std::byte const> pickle, std::function<Tensor(TensorView const&)> const& load_tensor);

}  // namespace mambasynth::store::pt
