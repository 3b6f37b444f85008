#include "config/section.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <system_error>

#include "config/text.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"

namespace mambasynth::config {
namespace {

errors::Error wrong_type(std::string const& key, Given const& given, std::string const& needed) {
  return errors::usage(given.origin + ": " + key + " = " + errors::quotable(given.shown) + " has the wrong type",
                       "it must be " + needed, "Correct the value of " + key);
}

errors::Error out_of_range(std::string const& key, Given const& given, std::string const& why) {
  return errors::usage(given.origin + ": " + key + " = " + errors::quotable(given.shown) + " is out of range", why,
                       "Choose a value in that range");
}

void check_number(double value, Allowed const& allowed, std::string const& key, Given const& given) {
  bool const low = allowed.least_excluded ? !(value > allowed.least) : !(value >= allowed.least);
  auto const shown = [](Allowed const& bounds) { return "it must be " + describe(bounds); };
  if (low && allowed.most >= most_width) {  // do not show an upper bound this far away
    auto near = allowed;
    near.most = Allowed{}.most;
    throw out_of_range(key, given, shown(near));
  }
  if (low || !(value <= allowed.most)) throw out_of_range(key, given, shown(allowed));
  if (value != 0 && std::abs(value) < allowed.smallest)
    throw out_of_range(key, given, "it is below " + shortest(allowed.smallest) + ", which would be rounded to 0");
}

/// Refuses a number that does not fit 64 bits, whichever numeric type the key has.
void require_fitting(Allowed const& allowed, std::string const& key, Given const& given) {
  if (given.unfit.empty()) return;
  auto const bounds = describe(allowed);
  throw out_of_range(key, given, given.unfit + (bounds.empty() ? "" : "; it must be " + bounds));
}

/// Skips a leading "+", which std::from_chars does not accept.
char const* number_start(std::string const& text) {
  return text.data() + (text.size() > 1 && text[0] == '+' && text[1] != '-' ? 1 : 0);
}

bool parse_integer(std::string const& text, std::int64_t& value) {
  auto const* last = text.data() + text.size();
  auto const [end, error] = std::from_chars(number_start(text), last, value);
  return error == std::errc{} && end == last;
}

bool parse_float(std::string const& text, double& value) {
  auto const* last = text.data() + text.size();
  auto const [end, error] = std::from_chars(number_start(text), last, value);
  return error == std::errc{} && end == last && std::isfinite(value);
}

template <class T, class... Format>
bool overflows(char const* first, char const* last, Format... format) {
  T value{};
  auto const [end, error] = std::from_chars(first, last, value, format...);
  return error == std::errc::result_out_of_range && end == last;
}

/// As parse_integer, but also "1e5" and "3.0".
bool parse_whole(std::string const& text, std::int64_t& value) {
  if (parse_integer(text, value)) return true;
  double number = 0;
  if (!parse_float(text, number) || !is_exact_integer(number)) return false;
  value = static_cast<std::int64_t>(number);
  return true;
}

/// Appends first, first + 1, ..., last of "first:last". Returns false for other text; sets `unfit` for a range that
/// cannot be listed.
bool parse_range(std::string const& text, Given& given) {
  constexpr std::int64_t most_values = 100'000;
  auto const colon = text.find(':');
  if (colon == std::string::npos) return false;
  std::int64_t first = 0, last = 0;
  if (!parse_whole(text.substr(0, colon), first) || !parse_whole(text.substr(colon + 1), last)) return false;
  std::int64_t length = 0;
  if (last < first) {
    given.unfit = "the first number of a range FIRST:LAST must not be above the last";
  } else if (__builtin_sub_overflow(last, first, &length) || length >= most_values) {
    given.unfit = "a range has at most " + std::to_string(most_values) + " numbers";
  } else {
    for (auto value = first; value <= last; ++value) given.integers.push_back(value);
  }
  return true;
}

/// Whether `text` is a list of integers and ranges; sets `unfit` if one of them has too many bits.
bool parse_integers(std::string text, Given& given) {
  auto& values = given.integers;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  values.clear();
  std::size_t start = 0;
  while (start <= text.size()) {
    auto const comma = std::min(text.find(',', start), text.size());
    auto item = text.substr(start, comma - start);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    std::int64_t value = 0;
    if (auto const unfit = unfit_number(item); !unfit.empty()) given.unfit = unfit;
    else if (parse_whole(item, value)) values.push_back(value);
    else if (!parse_range(item, given)) return false;
    start = comma + 1;
  }
  return true;
}

/// Powers of ten as "10^12", which is easier to read than 1e+12.
std::string bound(double value) {
  auto const power = std::round(std::log10(value));
  return value >= 1e6 && std::pow(10, power) == value ? "10^" + shortest(power) : shortest(value);
}

}  // namespace

bool is_exact_integer(double value) {
  constexpr double largest = 1LL << 53;
  return std::abs(value) < largest && value == std::floor(value);
}

std::string unfit_number(std::string const& text) {
  std::string digits;
  for (char const c : text)
    if (c != '_') digits += c;
  auto const* first = number_start(digits);
  auto const* const last = digits.data() + digits.size();
  if (first == last || (!std::isdigit(static_cast<unsigned char>(*first)) && *first != '-' && *first != '.')) return "";
  constexpr char const* too_large = "integers have 64 bits";
  if (last - first > 2 && *first == '0') {
    auto const prefix = first[1];
    int const base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
    if (base > 0) return overflows<std::int64_t>(first + 2, last, base) ? too_large : "";
  }
  if (overflows<std::int64_t>(first, last)) return too_large;
  if (!overflows<double>(first, last)) return "";
  double value = std::strtod(first, nullptr);  // std::from_chars does not tell overflow from underflow
  return std::abs(value) < 1 ? "as a 64-bit float it would be 0" : "as a 64-bit float it would be infinite";
}

Given given_text(std::string const& text, std::string const& origin) {
  Given given;
  given.origin = origin;
  given.shown = text;
  given.text = text;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    given.kind = Given::Kind::text;
    given.text = text.substr(1, text.size() - 2);
  } else if (text == "true" || text == "false") {
    given.kind = Given::Kind::boolean;
    given.boolean = text == "true";
  } else if (parse_integer(text, given.integer)) {
    given.kind = Given::Kind::integer;
  } else if (parse_float(text, given.floating)) {
    given.kind = Given::Kind::floating;
  } else if (given.unfit = unfit_number(text); !given.unfit.empty()) {
    given.kind = Given::Kind::other;
  } else if (parse_integers(text, given)) {
    given.kind = given.unfit.empty() ? Given::Kind::integers : Given::Kind::other;
  } else {
    given.kind = Given::Kind::text;
  }
  return given;
}

void assign(bool& target, Allowed const&, std::string const& key, Given const& given) {
  if (given.kind != Given::Kind::boolean) throw wrong_type(key, given, "true or false");
  target = given.boolean;
}

void assign(std::int64_t& target, Allowed const& allowed, std::string const& key, Given const& given) {
  require_fitting(allowed, key, given);
  bool const is_float = given.kind == Given::Kind::floating;
  bool const is_whole = is_float && given.floating == std::floor(given.floating);
  if (given.kind != Given::Kind::integer && !is_whole) throw wrong_type(key, given, "an integer");
  check_number(is_float ? given.floating : static_cast<double>(given.integer), allowed, key, given);
  if (is_float && !is_exact_integer(given.floating))
    throw wrong_type(key, given, "an integer with all its digits (a float this large is not exact)");
  target = is_float ? static_cast<std::int64_t>(given.floating) : given.integer;
}

void assign(double& target, Allowed const& allowed, std::string const& key, Given const& given) {
  require_fitting(allowed, key, given);
  if (given.kind != Given::Kind::floating && given.kind != Given::Kind::integer)
    throw wrong_type(key, given, "a number");
  auto const value = given.kind == Given::Kind::floating ? given.floating : static_cast<double>(given.integer);
  check_number(value, allowed, key, given);
  target = value == 0 ? 0.0 : value;  // -0 would give the same trial another ID
}

void assign(std::string& target, Allowed const& allowed, std::string const& key, Given const& given) {
  // On the command line a path or name may look like a number.
  bool const from_command_line = given.origin.starts_with("-");
  if (given.kind != Given::Kind::text && !(from_command_line && allowed.words.empty()))
    throw wrong_type(key, given, allowed.words.empty() ? "text in quotes" : describe(allowed));
  if (!allowed.words.empty()) {
    bool known = false;
    for (auto const word : allowed.words) known = known || word == given.text;
    if (!known) {
      auto const near = errors::nearest(given.text, allowed.words);
      throw errors::usage(given.origin + ": " + key + " = " + errors::quotable(given.shown) + " is not a valid choice",
                          "it must be " + describe(allowed),
                          near.empty() ? "Choose one of them" : "Did you mean '" + near + "'? Choose one of them");
    }
  }
  target = given.text;
}

void assign(Integers& target, Allowed const& allowed, std::string const& key, Given const& given) {
  require_fitting(allowed, key, given);
  Integers values = given.integers;
  if (given.kind == Given::Kind::integer || given.kind == Given::Kind::floating) {
    values = {0};
    assign(values.front(), allowed, key, given);
  } else if (given.kind != Given::Kind::integers || values.empty()) {
    throw wrong_type(
        key, given,
        given.origin.starts_with("-") ? "integers, such as 42,43 or 42:47 (both included)" : "a list of integers");
  }
  for (auto const value : values) check_number(static_cast<double>(value), allowed, key, given);
  std::set<std::int64_t> seen;
  for (auto const value : values)
    if (!seen.insert(value).second)
      throw errors::usage(
          given.origin + ": " + key + " = " + given.shown + " contains " + std::to_string(value) + " twice",
          "duplicates have no effect", "List each value once");
  target = std::move(values);
}

void assign(std::optional<std::int64_t>& target, Allowed const& allowed, std::string const& key, Given const& given) {
  std::int64_t value = 0;
  assign(value, allowed, key, given);
  target = value;
}

std::string to_toml(bool value) { return value ? "true" : "false"; }
std::string to_toml(std::int64_t value) { return std::to_string(value); }
std::string to_toml(double value) { return toml_float(value); }
std::string to_toml(std::string const& value) { return toml_string(value); }
std::string to_toml(Integers const& value) {
  std::string text = "[";
  for (auto const item : value) text += (text.size() > 1 ? ", " : "") + std::to_string(item);
  return text + "]";
}

std::string canonical(bool value) { return to_toml(value); }
std::string canonical(std::int64_t value) { return to_toml(value); }
std::string canonical(double value) { return shortest(value); }
std::string canonical(std::string const& value) { return value; }
std::string canonical(Integers const& value) { return to_toml(value); }

std::string placeholder(std::string const&, Allowed const& allowed) {
  std::string text;
  for (auto const word : allowed.words) text += (text.empty() ? "" : "|") + std::string(word);
  return text.empty() ? "NAME" : text;
}

std::string describe(Allowed const& allowed) {
  if (!allowed.words.empty()) {
    std::string text = "one of ";
    for (auto const word : allowed.words) text += (word == allowed.words.front() ? "" : ", ") + std::string(word);
    return text;
  }
  bool const low = allowed.least > -1e308;
  bool const high = allowed.most < 1e308;
  if (low && high && allowed.least_excluded)
    return "above " + shortest(allowed.least) + " and at most " + bound(allowed.most);
  if (low && high) return "from " + shortest(allowed.least) + " to " + bound(allowed.most);
  if (low) return (allowed.least_excluded ? "above " : "at least ") + shortest(allowed.least);
  return high ? "at most " + bound(allowed.most) : "";
}

}  // namespace mambasynth::config
