#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "errors/errors.hpp"

/// Files with arrays of numbers that any program may have written.
namespace mambasynth::arrays {

using Shape = std::vector<std::int64_t>;

errors::Error unusable(std::filesystem::path const& file, std::string const& why, std::string const& remedy);

/// An array in a file, whose values have not been read.
struct Member {
  std::string name;
  Shape shape;
  std::string unusable;  ///< what it holds instead of numbers; empty: numbers

  [[nodiscard]] bool matrix() const;  ///< rows of numbers
  /// Whether its name, in any case and without the groups around it, is that of labels: label, state or circle, also
  /// in the plural.
  [[nodiscard]] bool named_as_labels() const;
  [[nodiscard]] std::string in_words() const;
};

/// Lists as many as fit into a message.
template <class Members, class InWords>
std::string listed(Members const& members, InWords const& in_words) {
  constexpr std::size_t most = 12;
  std::vector<std::string> words;
  for (auto const& member : members)
    if (words.size() < most) words.push_back(in_words(member));
  auto text = words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
  if (members.size() > most) text += fmt::format(" and {} more", members.size() - most);
  return text;
}

/// A file of named arrays.
struct Archive {
  std::filesystem::path file;
  /// The array of this name, or nothing; does not read the others.
  std::function<std::optional<Member>(std::string const&)> find;
  std::function<std::vector<Member>()> list;
  std::function<std::vector<double>(std::string const&)> doubles;  ///< row-major
  /// The same for callers that use only differences of rows: see store::Hdf5Reader::read_columns.
  std::function<std::vector<double>(std::string const&)> values;
  std::function<std::vector<std::int64_t>(std::string const&)> integers;
  /// Whether the array holds 64-bit integers or has its axes in MATLAB's order, which the readers of series do not
  /// support.
  std::function<bool(std::string const&)> is_special;

  /// Errors: errors::input, which lists the arrays of the file or states what the array holds instead of numbers.
  [[nodiscard]] Member need(std::string const& name) const;
  /// The name of the only array that `fits` among those not named as labels; among all, if those do not fit. Errors:
  /// errors::input, which lists what the file holds. `wanted` describes what fits ("array of numbers with two axes or
  /// more"), `remedy` what to do if nothing does.
  [[nodiscard]] std::string only(std::function<bool(Member const&)> const& fits, std::string const& wanted,
                                 std::string const& remedy) const;
};

Archive open_hdf5(std::filesystem::path const& file);
Archive open_npz(std::filesystem::path const& file);

}  // namespace mambasynth::arrays
