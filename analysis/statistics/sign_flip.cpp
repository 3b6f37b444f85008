#include "analysis/statistics/sign_flip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

namespace mambasynth::analysis::statistics {
namespace {

/// All 2^n sums of +-size, in ascending order.
std::vector<double> signed_sums(std::span<double const> sizes) {
  std::vector<double> sums{0}, both;
  for (auto const size : sizes) {
    // Two copies, shifted by -size and size, are merged.
    both.clear();
    both.reserve(2 * sums.size());
    std::size_t less = 0, more = 0;
    while (less < sums.size())
      both.push_back(sums[less] - size <= sums[more] + size ? sums[less++] - size : sums[more++] + size);
    while (more < sums.size()) both.push_back(sums[more++] + size);
    std::swap(sums, both);
  }
  return sums;
}

/// The share of assignments whose sum reaches `least`. Each sum is one of the first half's plus one of the second's
/// (meet in the middle): as the former grows, the latter may fall.
double share_reaching(double least, std::span<double const> sizes) {
  auto const half = sizes.size() / 2;
  auto const first = signed_sums(sizes.first(half)), second = signed_sums(sizes.subspan(half));
  double count = 0;  // exact: below 2^53
  auto from = second.end();
  for (auto const sum : first) {
    while (from != second.begin() && sum + *std::prev(from) >= least) --from;
    count += static_cast<double>(second.end() - from);
  }
  return count / (static_cast<double>(first.size()) * static_cast<double>(second.size()));
}

constexpr int random_assignments = 20000;

/// Sums of eight sizes at a time, for each of the 256 assignments of their signs.
std::vector<std::array<double, 256>> sums_by_byte(std::span<double const> sizes) {
  std::vector<std::array<double, 256>> tables;
  for (std::size_t first = 0; first < sizes.size(); first += 8) {
    auto& table = tables.emplace_back();
    for (std::size_t signs = 0; signs < table.size(); ++signs) {
      table[signs] = 0;
      for (std::size_t i = first; i < std::min(first + 8, sizes.size()); ++i)
        table[signs] += signs >> (i - first) & 1 ? sizes[i] : -sizes[i];
    }
  }
  return tables;
}

double share_by_chance(double least, std::span<double const> sizes) {
  auto const tables = sums_by_byte(sizes);
  std::mt19937_64 random;  // default seed; the C++ standard fixes its numbers
  int reached = 0;
  for (int draw = 0; draw < random_assignments; ++draw) {
    double sum = 0;
    std::uint64_t signs = 0;
    for (std::size_t byte = 0; byte < tables.size(); ++byte, signs >>= 8) {
      if (byte % 8 == 0) signs = random();
      sum += tables[byte][signs & 255];
    }
    if (std::abs(sum) >= least) ++reached;
  }
  return (1.0 + reached) / (1.0 + random_assignments);
}

}  // namespace

SignFlip sign_flip_test(std::span<double const> differences) {
  if (differences.empty()) return {};
  std::vector<double> sizes;
  double observed = 0, largest = 0;
  for (auto const difference : differences) {
    observed += difference;
    if (difference != 0) sizes.push_back(std::abs(difference));
  }
  if (sizes.empty()) return {1, 1, true};
  for (auto const size : sizes) largest += size;
  // Sums that are equal in exact arithmetic tie, although each is rounded, and so are the differences.
  constexpr double rounding = 1e-9;
  auto const least = std::abs(observed) - rounding * largest;
  SignFlip result;
  result.exact = sizes.size() <= most_exact_pairs;
  result.p_least = std::ldexp(1.0, 1 - static_cast<int>(sizes.size()));
  if (!result.exact) result.p_least = std::max(result.p_least, 1 / (1.0 + random_assignments));
  if (least <= 0) result.p = 1;
  else result.p = result.exact ? 2 * share_reaching(least, sizes) : share_by_chance(least, sizes);
  return result;
}

}  // namespace mambasynth::analysis::statistics
