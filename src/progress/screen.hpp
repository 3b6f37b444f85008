#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace mambasynth::progress {

/// The terminal that shows this process's stderr: its own, or that of the mpirun on this machine that forwards our
/// stderr.
class Screen {
 public:
  Screen();
  /// Its width, at most COLUMNS if that is set; 80 if it does not know its own. Nothing if no terminal shows stderr, or
  /// one that cannot redraw a line (TERM=dumb).
  [[nodiscard]] std::optional<std::size_t> columns() const;

 private:
  bool redraws_;
  std::optional<std::size_t> most_;
  std::string forwarded_;  ///< mpirun's stderr; empty: ours
};

}  // namespace mambasynth::progress
