#pragma once

#include <cstdint>

#include "store/json_integer.hpp"
#include "store/process.hpp"

namespace mambasynth::store {

/// The process that an object of the JSON library names, as DIR/lock does; what it lacks is unknown. Errors: the
/// library's, for a value of another type.
template <class Json>
Process process_in(Json const& object) {
  return {.host = object.value("host", ""),
          .pid = integer_in(object, "pid", std::int64_t{0}),
          .process_start = integer_in(object, "process_start", std::int64_t{0}),
          .boot_id = object.value("boot_id", ""),
          .pid_namespace = object.value("pid_namespace", ""),
          .time_namespace = object.value("time_namespace", "")};
}

}  // namespace mambasynth::store
