#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace mambasynth::analysis::document {

enum class Style { plain, emphasis, code, link };

/// A piece of text in one style. Any bytes are allowed: renderers escape them.
struct Span {
  std::string text;
  Style style = Style::plain;
  std::string target = {};  ///< of a link
};

inline Span plain(std::string text) { return {std::move(text)}; }
inline Span emphasis(std::string text) { return {std::move(text), Style::emphasis}; }
inline Span code(std::string text) { return {std::move(text), Style::code}; }
inline Span link_to(std::string text, std::string target) { return {std::move(text), Style::link, std::move(target)}; }

/// Text within a paragraph.
class Inline {
 public:
  Inline() = default;
  Inline(std::string text) { add(plain(std::move(text))); }
  Inline(char const* text) : Inline(std::string(text)) {}
  Inline(std::initializer_list<Span> spans) : spans_(spans) {}

  Inline& add(Span span) {
    if (!span.text.empty()) spans_.push_back(std::move(span));
    return *this;
  }
  [[nodiscard]] std::vector<Span> const& spans() const { return spans_; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  /// Without styles.
  [[nodiscard]] std::string text() const {
    std::string all;
    for (auto const& span : spans_) all += span.text;
    return all;
  }

 private:
  std::vector<Span> spans_;
};

}  // namespace mambasynth::analysis::document
