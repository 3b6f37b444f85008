#include "environment/environment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <set>
#include <system_error>

#include "environment/launcher.hpp"
#include "errors/printable.hpp"
#include "streams/streams.hpp"

namespace mambasynth::environment {
std::optional<std::string> value(char const* name) {
  char const* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return text;
}

std::optional<std::int64_t> parse_integer(std::string const& text, std::int64_t lowest, std::int64_t highest) {
  constexpr char const* blanks = " \t\n\r";
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return std::nullopt;
  auto const* const begin = text.data() + first;
  auto const* const end = text.data() + text.find_last_not_of(blanks) + 1;
  std::int64_t number = 0;
  auto const read = std::from_chars(begin, end, number);
  if (read.ec != std::errc{} || read.ptr != end || number < lowest || number > highest) return std::nullopt;
  return number;
}

std::optional<std::int64_t> number(char const* name, std::int64_t lowest, std::int64_t highest) {
  auto const text = value(name);
  if (!text) return std::nullopt;
  auto const number = parse_integer(*text, lowest, highest);
  if (!number)
    warn_ignored(name, "it is not an integer from " + std::to_string(lowest) + " to " + std::to_string(highest),
                 "Correct or unset it");
  return number;
}

std::optional<double> decimal(char const* name, double lowest, double highest) {
  auto const text = value(name);
  if (!text) return std::nullopt;
  double number = 0;
  auto const* const end = text->data() + text->size();
  auto const read = std::from_chars(text->data(), end, number);
  // Also refuses NaN.
  if (read.ec == std::errc{} && read.ptr == end && number >= lowest && number <= highest) return number;
  warn_ignored(name, fmt::format("it is not a number from {} to {}", lowest, highest), "Correct or unset it");
  return std::nullopt;
}

void warn_ignored(std::string const& name, std::string const& why, std::string const& remedy) {
  constexpr std::size_t longest = 60;  // shortens values that would fill the screen
  static std::mutex mutex;
  static std::set<std::string> warned;
  std::scoped_lock const guard(mutex);
  if (!warned.insert(name).second || launched_rank() > 0) return;
  streams::log("warning: {}={} is ignored ({}). {}.\n", name,
               errors::printable(value(name.c_str()).value_or(""), longest), why, remedy);
}

}  // namespace mambasynth::environment
