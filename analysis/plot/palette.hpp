#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// Colors that color-blind readers can tell apart, also in print.
namespace mambasynth::analysis::plot {

/// "#rrggbb" of category `index` out of `count`: up to ten, Paul Tol's "muted" scheme (personal.sron.nl/~pault) with
/// his dark brown in place of its gray, which means "no category" here; above ten, evenly spaced along a scale of
/// rising lightness, since more than ten hues cannot be told apart.
inline constexpr char const* no_category = "#dddddd";
std::string category_color(std::int64_t index, std::int64_t count);

/// Of curve `index` beside others of different kinds: Okabe & Ito's scheme (jfly.uni-koeln.de/color), black last. None
/// of them is a color of ten categories, so that no curve seems to belong to one.
std::string series_color(std::size_t index);

/// Of curve `index` out of `count` that have an order: along viridis, without its end that is too light for lines.
std::string ordered_color(std::size_t index, std::size_t count);

/// Black or white, whichever is easier to read on `color` ("#rrggbb"): relative luminance of WCAG 2.
std::string readable_on(std::string const& color);

/// gnuplot's `set palette` commands.
std::string diverging_palette();   ///< blue, white at the middle, red (ColorBrewer RdBu)
std::string sequential_palette();  ///< white to dark blue (ColorBrewer Blues)
std::string ordered_palette();     ///< dark violet to yellow, rising lightness (viridis)
std::string cyclic_palette();  ///< light lilac, blue, dark violet, brick red and back: blue and red halves, equal ends

}  // namespace mambasynth::analysis::plot
