#pragma once

#include <string>

#include "analysis/collate/differences.hpp"

namespace mambasynth::analysis::report {

/// What a paired difference shows. A difference is shown if its 95 % interval leaves out 0.
enum class Effect {
  lower,
  higher,
  not_shown,   ///< the interval includes 0
  one_pair,    ///< a single seed: no interval
  equal,       ///< 0 in every seed
  equal_shift  ///< the same in every seed, but not 0: no interval
};
Effect effect_of(collate::Interval const& difference);
inline Effect effect_of(collate::Difference const& difference) { return effect_of(difference.of_seeds.difference); }
inline bool is_shown(Effect effect) { return effect == Effect::lower || effect == Effect::higher; }

/// "exact sign-flip p = 0.0625, the least that 5 pairs can give; 0.375 after Holm's adjustment for 6 comparisons";
/// empty without a test.
std::string test_phrase(collate::Difference const& difference, std::string const& family);
/// Whether the interval shows a difference that the adjusted test does not confirm.
bool rests_on_interval(collate::Difference const& difference);

/// The difference with its interval and the number of pairs: "+0.0160 ± 0.0027 (95 % CI, 5 pairs of seeds)"; `more`
/// follows within the parentheses.
std::string difference_phrase(collate::Difference const& difference, std::string const& more = {});

}  // namespace mambasynth::analysis::report
