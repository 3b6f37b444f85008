#include "analysis/plot/palette.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace mambasynth::analysis::plot {
namespace {

using Color = std::uint32_t;  // 0xrrggbb

constexpr std::array<Color, 10> muted{0x332288, 0x88ccee, 0x44aa99, 0x117733, 0x999933,
                                      0xddcc77, 0xcc6677, 0x882255, 0xaa4499, 0x661100};
constexpr std::array<Color, 7> okabe_ito{0x0072b2, 0xd55e00, 0x009e73, 0xe69f00, 0x56b4e9, 0xcc79a7, 0x000000};
constexpr std::array<Color, 9> viridis{0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c,
                                       0x28ae80, 0x5ec962, 0xaddc30, 0xfde725};
constexpr std::array<Color, 11> red_blue{0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7,
                                         0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b, 0x67001f};
constexpr std::array<Color, 9> blues{0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6,
                                     0x4292c6, 0x2171b5, 0x08519c, 0x08306b};
// Lightness varies along each half, and blue versus red tells the halves apart, which color-blind readers can see.
constexpr std::array<Color, 9> lilac_round{0xcdc3d6, 0x8fb0d0, 0x4f86c0, 0x3a4a9a, 0x2a1038,
                                           0x7a1f45, 0xb5503f, 0xd39a78, 0xcdc3d6};

std::string hex(Color color) { return fmt::format("#{:06x}", color); }

Color interpolated(std::span<Color const> anchors, double position) {
  double const scaled = std::clamp(position, 0.0, 1.0) * static_cast<double>(anchors.size() - 1);
  auto const low = std::min(static_cast<std::size_t>(scaled), anchors.size() - 2);
  double const weight = scaled - static_cast<double>(low);
  Color mixed = 0;
  for (unsigned const shift : {16u, 8u, 0u}) {
    auto const from = static_cast<double>((anchors[low] >> shift) & 0xffu),
               to = static_cast<double>((anchors[low + 1] >> shift) & 0xffu);
    mixed |= static_cast<Color>(std::lround(from + weight * (to - from))) << shift;
  }
  return mixed;
}

std::string palette_of(std::span<Color const> anchors) {
  std::string entries;
  for (std::size_t i = 0; i < anchors.size(); ++i)
    entries += fmt::format("{}{} \"{}\"", i == 0 ? "" : ", ", i, hex(anchors[i]));
  return fmt::format("set palette defined ({})\n", entries);
}

}  // namespace

std::string category_color(std::int64_t index, std::int64_t count) {
  if (count <= static_cast<std::int64_t>(muted.size()))
    return hex(muted[static_cast<std::size_t>(index) % muted.size()]);
  return hex(interpolated(viridis, static_cast<double>(index) / static_cast<double>(count - 1)));
}

std::string series_color(std::size_t index) { return hex(okabe_ito[index % okabe_ito.size()]); }

std::string ordered_color(std::size_t index, std::size_t count) {
  constexpr double lightest = 0.85;
  return hex(
      interpolated(viridis, count < 2 ? 0.25 : lightest * static_cast<double>(index) / static_cast<double>(count - 1)));
}

std::string readable_on(std::string const& color) {
  auto const rgb = static_cast<Color>(std::stoul(color.substr(1), nullptr, 16));
  auto const linear = [rgb](unsigned shift) {
    double const c = static_cast<double>((rgb >> shift) & 0xffu) / 255;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  double const luminance = 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0);
  constexpr double equal_contrast = 0.179;
  return luminance > equal_contrast ? "#000000" : "#ffffff";
}

std::string diverging_palette() { return palette_of(red_blue); }
std::string sequential_palette() { return palette_of(blues); }
std::string ordered_palette() { return palette_of(viridis); }
std::string cyclic_palette() { return palette_of(lilac_round); }

}  // namespace mambasynth::analysis::plot
