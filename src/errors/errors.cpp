#include "errors/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <numeric>
#include <system_error>
#include <vector>

#include "errors/printable.hpp"

namespace mambasynth::errors {
namespace {

// Short enough for a terminal and for one line of a job's log.
constexpr std::size_t most_problem_bytes = 400, most_why_bytes = 400, most_remedy_bytes = 300;

/// LibTorch appends a stack trace after the first line.
std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
  return text;
}

/// Whether the path itself is invalid, rather than the machine failing.
bool is_bad_path(std::error_code const& code) {
  auto const value = code.value();
  return value == ENAMETOOLONG || value == ELOOP || value == ENOENT || value == ENOTDIR || value == EINVAL;
}

}  // namespace

Error::Error(ExitCode code, std::string const& problem, std::string const& why, std::string const& remedy)
    : std::runtime_error(printable(problem, most_problem_bytes) + " (" + printable(why, most_why_bytes) + "). " +
                         printable(remedy, most_remedy_bytes) + "."),
      code_(code),
      why_(why) {}

Error usage(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::usage, problem, why, remedy};
}
Error input(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::input, problem, why, remedy};
}
Error machine(std::string const& problem, std::string const& why, std::string const& remedy) {
  return {ExitCode::defect, problem, why, remedy};
}

/// LibTorch's errors are recognized by their text, also that of oneDNN, which needs memory for the kernels that it
/// makes; a size beyond the address space is a length_error.
bool memory_ran_out(std::exception const& error) {
  if (dynamic_cast<std::bad_alloc const*>(&error) != nullptr ||
      dynamic_cast<std::length_error const*>(&error) != nullptr)
    return true;
  auto const what = first_line(error.what());
  for (auto const* words : {"can't allocate memory", "out of memory", "Storage size calculation overflowed",
                            "could not create a primitive"})
    if (what.find(words) != std::string::npos) return true;
  return false;
}

Error unforeseen(std::exception const& error) {
  auto const what = first_line(error.what());
  if (memory_ran_out(error))
    return machine("out of memory", "an allocation failed", "Use smaller sizes, or a machine with more memory");
  if (auto const* file = dynamic_cast<std::filesystem::filesystem_error const*>(&error))
    return {is_bad_path(file->code()) ? ExitCode::usage : ExitCode::defect,
            "cannot use '" + file->path1().string() + "'", file->code().message(),
            "Check the path and its permissions"};
  return machine("unexpected error", what, "Please report it, including the command line");
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
