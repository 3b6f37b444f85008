#include "store/archive/tensor.hpp"

namespace mambasynth::store {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;
}

std::int64_t Tensor::size() const {
  std::int64_t product = 1;
  for (auto const extent : shape) product *= extent;
  return product;
}

}  // namespace mambasynth::store
