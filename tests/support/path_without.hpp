#pragma once

#include <cstdlib>
#include <string>

namespace mambasynth::tests {

/// During its lifetime no program is found on PATH, as if gnuplot were not installed.
class PathWithout {
 public:
  PathWithout() : before_(std::getenv("PATH")) { setenv("PATH", "/nonexistent", 1); }
  PathWithout(PathWithout const&) = delete;
  PathWithout& operator=(PathWithout const&) = delete;
  ~PathWithout() { setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

}  // namespace mambasynth::tests
