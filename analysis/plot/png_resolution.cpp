#include "analysis/plot/png_resolution.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mambasynth::analysis::plot {
namespace {

constexpr std::size_t signature_size = 8, length_size = 4, header_end = signature_size + length_size + 4 + 13 + 4;

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (unsigned const shift : {24u, 16u, 8u, 0u}) bytes += static_cast<char>(value >> shift & 0xffu);
  return bytes;
}

/// Of a chunk's type and data: PNG specification, annex D.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (char const byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
  }
  return ~crc;
}

}  // namespace

std::string with_resolution(std::string png, double dots_per_inch) {
  constexpr std::string_view signature = "\x89PNG\r\n\x1a\n", type = "pHYs";
  constexpr double meters_of_inch = 0.0254;
  constexpr char per_meter = 1;
  if (png.size() < header_end || !png.starts_with(signature) || png.find(type) != std::string::npos) return png;
  auto const dots = big_endian(static_cast<std::uint32_t>(std::lround(dots_per_inch / meters_of_inch)));
  auto const data = dots + dots + per_meter;
  auto const body = std::string(type) + data;
  // Directly after the header: it must come before the image.
  return png.insert(header_end,
                    big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(checksum(body)));
}

}  // namespace mambasynth::analysis::plot
