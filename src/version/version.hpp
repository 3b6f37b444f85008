#pragma once

#include <string_view>

/// The sources that this program was built from.
namespace mambasynth::version {

struct Source {
  std::string_view number;  ///< "0.1.0"; twelve commits after the tag v0.1.0: "0.1.0+12.g1643054"
  std::string_view commit;  ///< "unknown" outside a git repository
  std::string_view date;    ///< of the commit, "2026-11-30"; empty if unknown
  bool dirty = false;       ///< the checkout had uncommitted changes
};
Source const& source();

}  // namespace mambasynth::version
