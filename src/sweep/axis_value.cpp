#include "sweep/axis_value.hpp"

#include <algorithm>
#include <cstdint>

#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "sweep/sweep_file.hpp"

namespace mambasynth::sweep {
namespace {

/// A float that sets an integer key, such as 1e5, as that integer.
config::Given as_integer(config::Given value) {
  value.kind = config::Given::Kind::integer;
  value.integer = static_cast<std::int64_t>(value.floating);
  value.shown = std::to_string(value.integer);
  return value;
}

}  // namespace

config::Given checked(std::string const& key, config::Given value) {
  using Kind = config::Given::Kind;
  if (key == ranks_key) {
    (void)ranks_of(value);
    return value.kind == Kind::floating ? as_integer(value) : value;
  }
  config::Trial scratch;
  config::set(scratch, key, value);
  bool const becomes_integer = value.kind == Kind::floating && config::get(scratch, key).kind == Kind::integer;
  return becomes_integer ? as_integer(value) : value;
}

void require_sweepable(std::string const& key, std::string const& origin) {
  if (key == "train.seed")
    throw errors::usage(origin + ": train.seed cannot be an axis", "each cell is averaged over its seeds",
                        "List the seeds in sweep.seeds");
  auto const known = config::trial_keys();
  if (std::find(known.begin(), known.end(), key) == known.end()) {
    auto const near = errors::nearest(key, known);
    throw errors::usage(origin + ": unknown key '" + key + "'", "an axis key has the form section.key",
                        near.empty() ? "See --print-config for all names"
                                     : "Did you mean '" + near + "'? See --print-config for all names");
  }
}

}  // namespace mambasynth::sweep
