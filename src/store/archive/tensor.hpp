#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mambasynth::store {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::size_t size_of(DType dtype);

/// A dense array in the host's memory, contiguous, row-major.
struct Tensor {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::shared_ptr<std::vector<std::byte>> bytes;

  [[nodiscard]] std::int64_t size() const;
};

}  // namespace mambasynth::store
