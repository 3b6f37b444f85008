#include "progress/bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "progress/duration.hpp"

namespace mambasynth::progress {
namespace {

constexpr std::size_t narrowest_bar = 10;

std::string plural(std::string const& unit) {
  bool const hisses = unit.ends_with("tch") || unit.ends_with("s");  // batches, but epochs
  return unit + (hisses ? "es" : "s");
}

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  for (auto place = std::ssize(text) - 3; place > 0; place -= 3) text.insert(static_cast<std::size_t>(place), ",");
  return text;
}

/// Three digits: "3.46", "34.6", "346", "3.46k", "34.6M".
std::string rounded(double number) {
  constexpr double thousand = 1000;
  constexpr std::string_view prefixes = "kMG";
  std::string prefix;
  for (std::size_t p = 0; number >= thousand - 0.5 && p < prefixes.size(); ++p) {
    number /= thousand;
    prefix = prefixes[p];
  }
  return fmt::format("{:.{}f}{}", number, number < 9.995 ? 2 : number < 99.95 ? 1 : 0, prefix);
}

std::string rate_text(Snapshot const& snapshot) {
  auto const rate = *snapshot.rate;
  constexpr double minute = 60;
  if (rate >= 1) return rounded(rate) + " " + plural(snapshot.unit) + "/s";
  return (1 / rate < minute ? rounded(1 / rate) + " s" : duration_text(1 / rate)) + " per " + snapshot.unit;
}

/// A line that fills the last column may wrap.
std::size_t room_of(std::size_t columns) { return columns > 1 ? columns - 1 : 0; }

std::string percent(double share) { return fmt::format("{} %", static_cast<int>(std::floor(share * 100))); }

/// "stage 2 of 8: probes", or only the task if it has no stages.
std::string title(Snapshot const& snapshot, char const* between) {
  if (snapshot.stage.empty()) return snapshot.task;
  if (snapshot.stages < 2) return snapshot.stage;
  return fmt::format("stage {} of {}{}{}", snapshot.number, snapshot.stages, between, snapshot.stage);
}

std::string joined(std::vector<std::string> const& parts) {
  std::string text;
  for (auto const& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

std::string bar(double share, std::size_t width) {
  auto const full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

std::string bar_line(double share, std::vector<std::string> const& texts, std::size_t columns) {
  auto const room = room_of(columns);
  constexpr std::size_t around_bar = 3, usual_bar = 24;
  for (auto const& text : texts)
    if (text.size() + narrowest_bar + around_bar <= room)
      return bar(share, std::min(usual_bar, room - text.size() - around_bar)) + " " + text;
  return texts.back().substr(0, room);
}

std::string bar_line(Snapshot const& snapshot, std::size_t columns) {
  if (!snapshot.share) {
    auto text = joined({title(snapshot, ": "), duration_text(std::floor(snapshot.seconds))});
    text.resize(std::min(text.size(), room_of(columns)));
    return text;
  }
  auto const done = percent(*snapshot.share);
  auto const rate = snapshot.rate ? rate_text(snapshot) : std::string{};
  auto const left = snapshot.seconds_left ? duration_text(*snapshot.seconds_left) + " left" : std::string{};
  std::vector<std::string> texts;
  // In the order of what one would miss least.
  for (auto const& parts : {std::vector{done, rate, left}, std::vector{done, left}, std::vector{done}}) {
    std::vector<std::string> shown{title(snapshot, ": ")};
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(shown), [](auto const& part) { return !part.empty(); });
    texts.push_back(joined(shown));
  }
  return bar_line(*snapshot.share, texts, columns);
}

std::string log_line(Snapshot const& snapshot) {
  auto text = snapshot.stage.empty() ? snapshot.task : snapshot.task + ": " + title(snapshot, ", ");
  if (!snapshot.share) return text + ": " + duration_text(snapshot.seconds) + " so far";
  std::vector<std::string> parts{fmt::format("{} of {} {} ({})", grouped(snapshot.done), grouped(snapshot.total),
                                             snapshot.total == 1 ? snapshot.unit : plural(snapshot.unit),
                                             percent(*snapshot.share))};
  if (snapshot.rate) parts.push_back(rate_text(snapshot));
  if (snapshot.seconds_left) parts.push_back("about " + duration_text(*snapshot.seconds_left) + " left");
  return text + ": " + joined(parts);
}

}  // namespace mambasynth::progress
