#include "commands/chosen_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "commands/flags.hpp"
#include "series/series_file.hpp"

namespace mambasynth::commands {
namespace {

/// The first of the keys that describes a series to be generated; empty if none does.
std::string generator_key(std::set<std::string> const& given) {
  constexpr std::string_view prefix = "data.";
  auto const found = std::find_if(given.begin(), given.end(), [&](std::string const& key) {
    return key.starts_with(prefix) && key != "data.path" && !key.starts_with("data.test_") &&
           !config::Data::describes_recording(key.substr(prefix.size()));
  });
  return found == given.end() ? std::string() : *found;
}

/// Where a series lies that the user may mean; empty if nowhere.
std::string place_of_series() {
  constexpr std::array<char const*, 2> places{"data", "."};
  auto const found =
      std::find_if(places.begin(), places.end(), [](char const* place) { return series::holds_series(place); });
  return found == places.end() ? std::string() : *found;
}

std::string words_for(std::string const& place) { return place == "." ? "this folder" : "the folder " + place; }

std::string unused(std::string const& place, std::string const& why) {
  return fmt::format("note: the series in {} is not used ({}). --data {} uses it.", words_for(place), why, place);
}

}  // namespace

bool gives_generator(std::set<std::string> const& given) { return !generator_key(given).empty(); }

std::string use_data_here(config::Data& data, std::set<std::string> const& given) {
  if (!data.path.empty() || given.contains("data.path")) return {};
  auto const place = place_of_series();
  if (place.empty()) return {};
  if (auto const key = generator_key(given); !key.empty()) return unused(place, key + " asks for a generated one");
  data.path = place;
  return fmt::format("note: using the series in {} (--data is not given).", words_for(place));
}

std::string unused_data_here(std::string const& why) {
  auto const place = place_of_series();
  return place.empty() ? std::string() : unused(place, why);
}

}  // namespace mambasynth::commands
