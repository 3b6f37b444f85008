#pragma once

#include <string>
#include <variant>
#include <vector>

#include "analysis/document/inline_text.hpp"
#include "analysis/document/table.hpp"

/// A document as its author thinks of it. Each renderer turns it into one format and escapes every text for it.
namespace mambasynth::analysis::document {

struct Paragraph {
  Inline text;
};
struct List {
  std::vector<Inline> items;
  bool numbered = false;
};
struct CodeBlock {
  std::string text;
  std::string language = {};
};
struct Figure {
  std::string file;  ///< as the document refers to it
  Inline caption;
  std::string alternative;  ///< describes it to those who cannot see it
  std::string label = {};
};

using Block = std::variant<Paragraph, List, CodeBlock, Figure, Table>;
using Blocks = std::vector<Block>;

struct Section {
  Inline title;
  std::string label = {};
  Blocks blocks = {};
  std::vector<Section> sections = {};
};

struct Document {
  Inline title;
  Blocks blocks = {};
  std::vector<Section> sections = {};
};

}  // namespace mambasynth::analysis::document
