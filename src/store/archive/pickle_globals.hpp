#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "store/archive/tensor.hpp"
#include "store/archive/tensor_view.hpp"

/// Private to this folder: the globals that a pickle may name. None is imported; each selects one of a few
/// constructions.
namespace mambasynth::store::pt {

enum class Callable {
  ordered_dict,
  rebuild_tensor,
  rebuild_typed_tensor,
  rebuild_parameter,
  rebuild_from_type,
  size,
  device,
  set,
  complex,
  encode,
  numpy_type,
  numpy_scalar
};
struct StorageType {
  DType dtype;
};
/// A class that can be ignored: a parameter or buffer is read as a tensor.
struct TensorClass {};
/// The numpy.dtype of a scalar; args often hold NumPy scalars.
struct NumpyType {
  std::string name;  ///< "f8"
  bool big_endian = false;
};
struct ElementType {
  std::string name;  ///< "torch.bfloat16"
};

template <class What>
struct Named {
  std::string_view name;
  What what;
};

inline constexpr Named<Callable> callables[] = {
    {"collections.OrderedDict", Callable::ordered_dict},
    {"torch._utils._rebuild_tensor_v2", Callable::rebuild_tensor},
    {"torch._utils._rebuild_tensor_v3", Callable::rebuild_typed_tensor},
    {"torch._utils._rebuild_parameter", Callable::rebuild_parameter},
    {"torch._utils._rebuild_parameter_with_state", Callable::rebuild_parameter},
    {"torch._tensor._rebuild_from_type_v2", Callable::rebuild_from_type},
    {"torch.Size", Callable::size},
    {"torch.device", Callable::device},
    {"__builtin__.set", Callable::set},
    {"__builtin__.complex", Callable::complex},
    {"_codecs.encode", Callable::encode},
    {"numpy.dtype", Callable::numpy_type},
    {"numpy.core.multiarray.scalar", Callable::numpy_scalar},
    {"numpy._core.multiarray.scalar", Callable::numpy_scalar}};
inline constexpr std::string_view tensor_classes[] = {"torch.Tensor", "torch.nn.parameter.Parameter",
                                                      "torch.nn.parameter.Buffer"};
inline constexpr std::string_view element_types[] = {
    "float64", "float32", "float16", "bfloat16", "int64",         "int32",       "int16",     "int8",      "uint8",
    "bool",    "uint16",  "uint32",  "uint64",   "float8_e4m3fn", "float8_e5m2", "complex64", "complex128"};

struct Foreign {
  ForeignType type;
  DType becomes;
};
inline constexpr Named<Foreign> foreign_types[] = {{"torch.uint16", {ForeignType::u16, DType::i32}},
                                                   {"torch.uint32", {ForeignType::u32, DType::i64}},
                                                   {"torch.uint64", {ForeignType::u64, DType::i64}},
                                                   {"torch.float8_e4m3fn", {ForeignType::f8_e4m3fn, DType::f32}},
                                                   {"torch.float8_e5m2", {ForeignType::f8_e5m2, DType::f32}}};

/// Tensors without plain values, by the name of the function that rebuilds them.
inline constexpr Named<std::string_view> valueless[] = {
    {"torch._utils._rebuild_sparse_tensor", "a sparse tensor; make it dense first"},
    {"torch._utils._rebuild_nested_tensor", "a nested tensor"},
    {"torch._utils._rebuild_qtensor", "a quantized tensor; dequantize it first"},
    {"torch._utils._rebuild_meta_tensor_no_storage", "a tensor on the meta device, which has no values"},
    {"torch._utils._rebuild_wrapper_subclass", "a tensor of a wrapper subclass"},
    {"torch.ComplexFloatStorage", "complex numbers ('torch.ComplexFloatStorage')"},
    {"torch.ComplexDoubleStorage", "complex numbers ('torch.ComplexDoubleStorage')"},
    {"torch.QInt8Storage", "a quantized tensor; dequantize it first"},
    {"torch.QUInt8Storage", "a quantized tensor; dequantize it first"},
    {"torch.QInt32Storage", "a quantized tensor; dequantize it first"}};

template <class What, std::size_t N>
What const* find(Named<What> const (&table)[N], std::string_view name) {
  auto const found = std::find_if(table, table + N, [&](auto const& each) { return each.name == name; });
  return found == table + N ? nullptr : &found->what;
}

}  // namespace mambasynth::store::pt
