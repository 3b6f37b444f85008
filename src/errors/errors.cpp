#include "errors/errors.hpp"

#include <algorithm>
#include <numeric>
#include <system_error>
#include <vector>

namespace mambasynth::errors {

Error::Error(ExitCode code, std::string const& problem, std::string const& why, std::string const& remedy)
    : std::runtime_error(problem + " (" + why + "). " + remedy + "."), code_(code) {}

Error usage(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::usage, problem, why, remedy};
}
Error input(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::input, problem, why, remedy};
}
Error machine(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::defect, problem, why, remedy};
}

std::string system_reason(int errno_value) { return std::generic_category().message(errno_value); }

std::size_t edit_distance(std::string const& a, std::string const& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto const substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace mambasynth::errors
