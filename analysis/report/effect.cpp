#include "analysis/report/effect.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analysis/report/wording.hpp"

namespace mambasynth::analysis::report {

Effect effect_of(collate::Interval const& of) {
  switch (of.spread) {
    case statistics::Spread::one_value:
      return Effect::one_pair;
    case statistics::Spread::equal_values:
      return of.mean == 0 ? Effect::equal : Effect::equal_shift;
    case statistics::Spread::estimated:
    case statistics::Spread::no_value:
      break;
  }
  if (of.high < 0) return Effect::lower;
  return of.low > 0 ? Effect::higher : Effect::not_shown;
}

std::string test_phrase(collate::Difference const& difference, std::string const& family) {
  auto const& test = difference.of_seeds.sign_flip;
  auto const pairs = difference.of_seeds.difference.n;
  if (!difference.tested || pairs < 2 || std::isnan(test.p)) return {};
  constexpr double rounding = 1e-12;
  auto text = fmt::format("{}sign-flip {}", test.exact ? "exact " : "", p_text(test.p));
  text += test.p <= test.p_least * (1 + rounding)
              ? fmt::format(", the least that {} pairs can give", pairs)
              : fmt::format(", where {} pairs can give no less than {:.3g}", pairs, test.p_least);
  if (std::isnan(difference.p_holm) || family.starts_with("1 ")) return text;
  return text + fmt::format("; {} after Holm's adjustment for {}", p_text(difference.p_holm),
                            family.substr(0, family.find(':')));
}

bool rests_on_interval(collate::Difference const& difference) {
  return is_shown(effect_of(difference)) && difference.tested && difference.p_holm > collate::significant;
}

std::string difference_phrase(collate::Difference const& difference, std::string const& more) {
  auto const& of = difference.of_seeds.difference;
  auto const number = (of.mean > 0 ? "+" : "") + value_text(of);
  auto const rest = more.empty() ? "" : "; " + more;
  switch (effect_of(difference)) {
    case Effect::one_pair:
      return number + fmt::format(" (one pair of seeds, no interval{})", rest);
    case Effect::equal:
    case Effect::equal_shift:
      return number + fmt::format(" (in each of {} pairs of seeds, no interval{})", of.n, rest);
    case Effect::lower:
    case Effect::higher:
    case Effect::not_shown:
      break;
  }
  return number + fmt::format(" (95 % CI, {} pairs of seeds{})", of.n, rest);
}

}  // namespace mambasynth::analysis::report
