#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <vector>

#include "errors/errors.hpp"

namespace mambasynth::store {

/// The most memory that this process can have, in bytes: the machine's, or the process's limit (ulimit -v) if lower.
std::uint64_t most_memory();
errors::Error too_large(std::string const& what, std::uint64_t bytes);

/// An empty vector with capacity for `count` values. Does not touch the memory, because a file can claim more data than
/// fits. `name`: what is read, for the message. Errors: errors::machine if it does not fit into memory.
template <class T, class Name>
std::vector<T> room_for(std::uint64_t count, Name const& name) {
  if (count > most_memory() / sizeof(T)) throw too_large(name(), count * sizeof(T));
  std::vector<T> values;
  try {
    values.reserve(static_cast<std::size_t>(count));
  } catch (std::bad_alloc const&) {
    throw too_large(name(), count * sizeof(T));
  }
  return values;
}

}  // namespace mambasynth::store
