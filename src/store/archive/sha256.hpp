#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits.
namespace mambasynth::store {

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void add(std::span<std::byte const> bytes);
  void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
  /// The hash of everything added so far; the hasher is empty afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::span<std::byte const> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace mambasynth::store
