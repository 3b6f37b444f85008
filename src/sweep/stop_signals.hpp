#pragma once

#include <array>
#include <csignal>

namespace mambasynth::sweep {

/// While it lives, SIGINT, SIGTERM and SIGUSR2 set a flag instead of ending the process, so that running trials can
/// save. The second SIGINT ends it as usual, for the impatient. Behind it USR2 is ignored. (USR1 belongs to NCCL.)
class StopSignals {
 public:
  StopSignals();
  StopSignals(StopSignals const&) = delete;
  StopSignals& operator=(StopSignals const&) = delete;
  ~StopSignals();

  /// The signal that came since construction, or 0. Any thread may ask.
  [[nodiscard]] static int received() noexcept;

 private:
  std::array<struct sigaction, 3> previous_{};
};

}  // namespace mambasynth::sweep
