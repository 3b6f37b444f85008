#include "config/toml_scan.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "errors/printable.hpp"
#include "errors/trimmed.hpp"

namespace mambasynth::config {
namespace {

bool is_bare(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '+' || c == '.' || c == ':';
}

/// Scans the text once; recognizes only strings, comments, brackets, keys and bare words.
class Scan {
 public:
  Scan(std::string const& text, std::string const& origin) : text_(text), origin_(origin) {}

  void run() {
    while (at_ < text_.size()) {
      auto const c = text_[at_];
      if (c == '\n') end_line();
      else if (c == '#') at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '"' || c == '\'') skip_string(c);
      else if (c == '[' || c == '{') open(c);
      else if (c == ']' || c == '}') close();
      else if (c == '=') take_key();
      else if (c == ',') start_key();
      else if (is_bare(c)) word();
      else ++at_;
    }
  }

 private:
  [[nodiscard]] std::string place() const { return origin_ + ":" + std::to_string(line_); }

  void end_line() {
    ++line_;
    if (depth_ == 0) start_key();
    else ++at_;
  }

  void start_key() {
    ++at_;
    dots_ = 0;
    key_start_ = at_;
  }

  void take_key() {
    key_ = errors::trimmed(std::string_view(text_).substr(key_start_, at_ - key_start_));
    ++at_;
    dots_ = 0;
  }

  void open(char bracket) {
    bool const header = bracket == '[' && depth_ == 0 &&
                        errors::trimmed(std::string_view(text_).substr(key_start_, at_ - key_start_)).empty();
    if (header) {
      auto const line = std::string_view(text_).substr(at_, text_.find('\n', at_) - at_);
      auto const first = line.find_first_not_of("[");
      section_ = first == std::string_view::npos ? std::string_view()
                                                 : errors::trimmed(line.substr(first, line.find(']') - first));
      key_.clear();
    }
    if (++depth_ > most_toml_depth) refuse_depth("brackets");
    ++at_;
    if (bracket == '{') dots_ = 0, key_start_ = at_;
  }

  void close() {
    depth_ = std::max(0, depth_ - 1);
    ++at_;
  }

  void skip_string(char quote) {
    std::string const fence(3, quote);
    bool const several_lines = text_.compare(at_, 3, fence) == 0;
    at_ += several_lines ? 3 : 1;
    while (at_ < text_.size()) {
      auto const c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
      } else if (c == '\n' && !several_lines) {
        return;  // toml11 reports this error
      } else if (several_lines ? text_.compare(at_, 3, fence) == 0 : c == quote) {
        at_ += several_lines ? 3 : 1;
        return;
      } else {
        line_ += c == '\n' ? 1 : 0;
        ++at_;
      }
    }
  }

  void word() {
    auto const first = at_;
    while (at_ < text_.size() && is_bare(text_[at_])) dots_ += text_[at_++] == '.' ? 1 : 0;
    if (dots_ > most_toml_depth) refuse_depth("parts of a key");
    auto const text = text_.substr(first, at_ - first);
    auto const next = text_.find_first_not_of(" \t", at_);
    if (next != std::string::npos && text_[next] == '=') return;  // a key may look like a number
    auto const unfit = unfit_number(text);
    if (unfit.empty()) return;
    throw errors::usage(place() + ": " + name() + " = " + errors::quotable(text) + " is out of range", unfit,
                        "Choose a value that fits");
  }

  [[nodiscard]] std::string name() const {
    if (key_.empty()) return "the value";
    return errors::quotable(section_.empty() ? key_ : section_ + "." + key_);
  }

  [[noreturn]] void refuse_depth(std::string const& what) const {
    throw errors::usage(place() + ": the nesting is too deep",
                        "more than " + std::to_string(most_toml_depth) + " " + what + " are nested",
                        "Use at most two; no key needs more");
  }

  std::string const& text_;
  std::string const& origin_;
  std::string section_, key_;
  std::size_t at_ = 0, key_start_ = 0;
  std::size_t line_ = 1;
  int depth_ = 0, dots_ = 0;
};

// An invalid byte b is encoded as U+10FE00 + b: four bytes in UTF-8, of which the first two are always the same.
constexpr std::string_view stand_in = "\xF4\x8F";
constexpr std::size_t stand_in_bytes = 4;
constexpr unsigned char stand_in_block = 0xB8;  ///< third byte for b < 0x40; increases from there

std::string stand_in_of(char byte) {
  auto const value = static_cast<unsigned char>(byte);
  return std::string(stand_in) + static_cast<char>(stand_in_block + (value >> 6)) +
         static_cast<char>(0x80 | (value & 0x3F));
}

bool is_stand_in(std::string_view text) {
  return text.size() >= stand_in_bytes && text.starts_with(stand_in) &&
         (static_cast<unsigned char>(text[2]) & 0xFC) == stand_in_block;
}

}  // namespace

void require_safe_toml(std::string const& text, std::string const& origin) {
  if (text.size() > most_toml_bytes)
    throw errors::usage(
        origin + " is too long for a configuration",
        std::to_string(text.size()) + " bytes; at most " + std::to_string(most_toml_bytes) + " are read",
        "Check that it is the right file");
  Scan(text, origin).run();
}

std::string readable_toml(std::string const& text) {
  std::string readable;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto const bytes = is_stand_in(rest) ? 0 : errors::character_bytes(rest);
    if (bytes == 0) readable += stand_in_of(rest.front());
    else readable.append(rest.substr(0, bytes));
    rest.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return readable;
}

std::string original_bytes(std::string const& text) {
  std::string original;
  std::string_view rest = text;
  while (!rest.empty()) {
    bool const stands_in = is_stand_in(rest);
    original += stands_in ? static_cast<char>(((rest[2] & 0x03) << 6) | (rest[3] & 0x3F)) : rest.front();
    rest.remove_prefix(stands_in ? stand_in_bytes : 1);
  }
  return original;
}

}  // namespace mambasynth::config
