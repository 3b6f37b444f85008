#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "analysis/document/document.hpp"

/// HTML fragments without style or script; the page around them adds both.
namespace mambasynth::analysis::document {

/// The content of a <figure> in front of its caption; by default an <img> that refers to the file.
using FigureContent = std::function<std::string(Figure const&)>;
std::string image_of(Figure const& figure);

/// Text for content and for attributes in double quotes. Control characters, which HTML cannot hold, are escaped
/// visibly.
std::string html_escaped(std::string_view text);
std::string html_text(Inline const& text);

/// A table is a <div class="table"> of <table id="tab-LABEL">: <th scope="col" data-key data-type="number|text">, cells
/// with data-value to sort by (empty: no number), data-sd, data-n, data-low and data-high of an estimate; notes are
/// <p class="note"> after it.
std::string to_html(Block const& block, FigureContent const& content = image_of);
std::string to_html(Blocks const& blocks, FigureContent const& content = image_of);
/// <section id="sec-LABEL">, its heading <hDEPTH>.
std::string to_html(Section const& section, int depth, FigureContent const& content = image_of);

/// An id for links within the page: letters, digits, and "-_." remain, anything else becomes "-".
std::string html_id(std::string_view kind, std::string const& label);

}  // namespace mambasynth::analysis::document
