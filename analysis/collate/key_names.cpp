#include "analysis/collate/key_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <set>

#include "analysis/collate/configuration.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::collate {

std::string known_name(std::string const& flag, std::string const& name, std::vector<std::string> const& known) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  std::set<std::string> ending;
  for (auto const& key : known)
    if (key.ends_with("." + name)) ending.insert(key);
  if (ending.size() == 1) return *ending.begin();
  auto const problem = fmt::format("{} does not know '{}'", flag, errors::quotable(name));
  if (!ending.empty())
    throw errors::usage(problem, fmt::format("it may be {}", fmt::join(ending, " or ")), "Write the whole name");
  auto near = errors::nearest(name, known);
  if (near.empty()) {  // of a short name
    std::vector<std::string> last_parts;
    for (auto const& key : known) last_parts.push_back(short_key(key));
    near = errors::nearest(name, last_parts);
  }
  constexpr std::size_t few = 12;
  throw errors::usage(problem, "no axis and no measure has this name",
                      !near.empty()         ? "Perhaps '" + near + "' was meant"
                      : known.size() <= few ? fmt::format("Choose among {}", fmt::join(known, ", "))
                                            : "The columns of trials.csv are the names");
}

}  // namespace mambasynth::analysis::collate
