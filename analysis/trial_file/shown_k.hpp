#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mambasynth::analysis::trial_file {

/// The place of the k measured that is nearest to the usual 30, which figures show.
std::size_t shown_k(std::vector<std::int64_t> const& ks);

}  // namespace mambasynth::analysis::trial_file
