#include "doctor/finding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace mambasynth::doctor {

char const* name_of(Level level) {
  switch (level) {
    case Level::note:
      return "note";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::ok:
      break;
  }
  return "ok";
}

std::string Finding::text() const {
  auto text = problem;
  if (!why.empty()) text += " (" + why + ")";
  text += ".";
  if (!remedy.empty()) text += " " + remedy + ".";
  return text;
}

Findings merged(Findings const& all) {
  Findings one_each;
  for (auto const& finding : all) {
    auto const same = std::find_if(one_each.begin(), one_each.end(), [&](Finding const& other) {
      return other.level == finding.level && other.check == finding.check && other.text() == finding.text();
    });
    if (same == one_each.end()) one_each.push_back(finding);
    else same->ranks.insert(same->ranks.end(), finding.ranks.begin(), finding.ranks.end());
  }
  for (auto& finding : one_each) {
    std::sort(finding.ranks.begin(), finding.ranks.end());
    finding.ranks.erase(std::unique(finding.ranks.begin(), finding.ranks.end()), finding.ranks.end());
  }
  std::stable_sort(one_each.begin(), one_each.end(), [](auto const& a, auto const& b) { return a.level > b.level; });
  return one_each;
}

Level worst(Findings const& findings) {
  auto level = Level::ok;
  for (auto const& finding : findings) level = std::max(level, finding.level);
  return level;
}

std::string ranges(std::vector<int> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::string text;
  for (std::size_t first = 0; first < numbers.size();) {
    auto last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] <= numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(numbers[first]);
    if (numbers[last] != numbers[first]) text += "-" + std::to_string(numbers[last]);
    first = last + 1;
  }
  return text;
}

std::string size_text(double megabytes) {
  if (megabytes < 999.5) return fmt::format("{:.0f} MB", megabytes);
  if (megabytes < 9950) return fmt::format("{:.1f} GB", megabytes / 1e3);
  if (megabytes < 999.5e3) return fmt::format("{:.0f} GB", megabytes / 1e3);
  return fmt::format("{:.1f} TB", megabytes / 1e6);
}

}  // namespace mambasynth::doctor
