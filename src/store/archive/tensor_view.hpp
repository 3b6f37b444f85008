#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/archive/tensor.hpp"

/// Private to this folder: a tensor as a pickle describes it.
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

}  // namespace mambasynth::store::pt
