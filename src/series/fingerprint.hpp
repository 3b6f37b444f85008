#pragma once

#include <memory>
#include <span>
#include <string>

namespace mambasynth::series {

/// SHA-256 of a series' float32 values (row-major, little-endian), which identifies foreign data.
class Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  void add(std::span<float const> x);
  /// 64 hexadecimal digits; nothing can be added afterwards.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace mambasynth::series
