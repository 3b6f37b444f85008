#pragma once

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>

namespace mambasynth::errors {

/// The exit codes of a program.
enum class ExitCode : int {
  done = 0,
  defect = 1,      ///< a bug, or the machine's fault: full disk, unwritable folder
  usage = 2,       ///< flags, configuration, a missing GPU, a folder held by another launcher
  input = 3,       ///< an input file that cannot be used
  incomplete = 4,  ///< a sweep that is complete except for failed or diverged trials
  stopped = 75,    ///< stopped on request; the same command continues
};

/// An error that the user can act on. Its text is always `problem (why). remedy.`: one line of bounded length, whatever
/// bytes a path or value in it contains (errors/printable.hpp).
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string const& problem, std::string const& why, std::string const& remedy);
  [[nodiscard]] ExitCode code() const noexcept { return code_; }
  /// The part in parentheses.
  [[nodiscard]] std::string const& why() const noexcept { return why_; }

 private:
  ExitCode code_;
  std::string why_;
};

/// Each builds an Error with that exit code, to be thrown.
Error usage(std::string const& problem, std::string const& why, std::string const& remedy);
Error input(std::string const& problem, std::string const& why, std::string const& remedy);
Error machine(std::string const& problem, std::string const& why, std::string const& remedy);

/// Converts an exception that is not an Error: out of memory, a path refused by the system, else a bug to be reported
/// with the first line of its message.
Error unforeseen(std::exception const& error);

/// Whether the exception means that host or GPU memory ran out; LibTorch has its own exceptions for it.
bool memory_ran_out(std::exception const& error);

/// The message for an errno value, e.g. "No space left on device".
std::string system_reason(int errno_value);

/// The closest of `candidates` by edit distance, or "" if none is close enough to be a misspelling.
template <class Range>
std::string nearest(std::string const& word, Range const& candidates);
std::size_t edit_distance(std::string const& a, std::string const& b);

template <class Range>
std::string nearest(std::string const& word, Range const& candidates) {
  std::string best;
  constexpr std::size_t longest_name = 100;
  if (word.size() > longest_name) return best;  // too long to be a misspelled name
  std::size_t best_distance = word.size() / 3 + 2;
  for (auto const& candidate : candidates) {
    auto const distance = edit_distance(word, std::string(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = std::string(candidate);
    }
  }
  return best;
}

}  // namespace mambasynth::errors
