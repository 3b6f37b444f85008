#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "store/archive/pickle_node.hpp"

namespace mambasynth::store::pt {

/// Private to this folder: reads a pickle from its start. Errors: damaged() at its end.
class PickleBytes {
 public:
  explicit PickleBytes(std::span<std::byte const> pickle) : pickle_(pickle) {}

  unsigned char byte() {
    if (at_ >= pickle_.size()) damaged("it is truncated");
    return static_cast<unsigned char>(pickle_[at_++]);
  }
  std::uint64_t little_endian(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  std::uint64_t big_endian(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | byte();
    return value;
  }
  std::string_view text(std::uint64_t size) {
    if (size > pickle_.size() - at_) damaged("it is truncated");
    std::string_view const found(reinterpret_cast<char const*>(pickle_.data()) + at_, static_cast<std::size_t>(size));
    at_ += found.size();
    return found;
  }
  std::string_view line() {
    auto const rest = std::string_view(reinterpret_cast<char const*>(pickle_.data()) + at_, pickle_.size() - at_);
    auto const end = rest.find('\n');
    if (end == std::string_view::npos) damaged("it is truncated");
    at_ += end + 1;
    return rest.substr(0, end);
  }

 private:
  std::span<std::byte const> pickle_;
  std::size_t at_ = 0;
};

}  // namespace mambasynth::store::pt
