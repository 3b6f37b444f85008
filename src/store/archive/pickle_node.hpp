#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "store/archive/pickle_globals.hpp"
#include "store/archive/tensor_view.hpp"

/// Private to this folder: the values that a pickle builds.
namespace mambasynth::store::pt {

/// Index into the machine's nodes. A container enters the memo before it is filled, so values form a graph, possibly
/// with cycles: nodes refer to each other by number and belong to the machine.
using Id = std::size_t;

struct Sequence {
  bool tuple = false;
  std::vector<Id> items;
};
struct Mapping {
  bool ordered = false;
  std::vector<Id> items;  ///< key, value, key, value ...
};
using Node = std::variant<std::monostate, bool, std::int64_t, double, std::string, Sequence, Mapping, Callable,
                          StorageType, TensorClass, ElementType, NumpyType, StorageReference, TensorView>;

[[noreturn]] inline void refuse(std::string const& why) { throw std::runtime_error(why); }
[[noreturn]] inline void damaged(std::string const& why) { refuse("its pickle is damaged: " + why); }

}  // namespace mambasynth::store::pt
