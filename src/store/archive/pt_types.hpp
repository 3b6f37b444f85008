#pragma once

#include <array>
#include <string_view>

#include "store/archive/tensor.hpp"

/// Private to this folder: names that torch.save uses, for reading and writing.
namespace mambasynth::store::pt {

struct StorageName {
  std::string_view name;
  DType dtype;
};

inline constexpr std::array<StorageName, 10> storage_names{{{"DoubleStorage", DType::f64},
                                                            {"FloatStorage", DType::f32},
                                                            {"HalfStorage", DType::f16},
                                                            {"BFloat16Storage", DType::bf16},
                                                            {"LongStorage", DType::i64},
                                                            {"IntStorage", DType::i32},
                                                            {"ShortStorage", DType::i16},
                                                            {"CharStorage", DType::i8},
                                                            {"ByteStorage", DType::u8},
                                                            {"BoolStorage", DType::boolean}}};

/// Opcodes of pickle protocol 2 (Python's pickletools) that torch.save emits, and only those.
enum class Opcode : unsigned char {
  mark = '(',
  stop = '.',
  bin_int = 'J',
  bin_int1 = 'K',
  bin_int2 = 'M',
  none = 'N',
  bin_persid = 'Q',
  reduce = 'R',
  bin_unicode = 'X',
  append = 'a',
  build = 'b',
  global = 'c',
  appends = 'e',
  bin_get = 'h',
  long_bin_get = 'j',
  bin_put = 'q',
  long_bin_put = 'r',
  set_item = 's',
  tuple = 't',
  set_items = 'u',
  empty_dict = '}',
  empty_list = ']',
  empty_tuple = ')',
  bin_float = 'G',
  proto = 0x80,
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  new_true = 0x88,
  new_false = 0x89,
  long1 = 0x8a,
};

}  // namespace mambasynth::store::pt
