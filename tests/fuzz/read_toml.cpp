#include <stdexcept>

#include "config/toml.hpp"
#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "sweep/plan.hpp"
#include "sweep/sweep_file.hpp"

namespace mambasynth::tests::fuzz {
namespace {

/// What the program writes itself must be readable.
template <class Action>
void require(Action&& action) {
  try {
    action();
  } catch (errors::Error const& error) {
    throw std::logic_error(error.what());
  }
}

bool is_small(sweep::SweepFile const& sweep) {
  constexpr std::size_t most_trials = 16;
  auto trials = sweep.keys.seeds.size();
  for (auto const& axis : sweep.axes)
    if (__builtin_mul_overflow(trials, axis.size(), &trials) || trials > most_trials) return false;
  return trials + sweep.includes.size() * sweep.keys.seeds.size() <= most_trials;
}

}  // namespace

/// The configuration of a trial, and of a sweep up to its plan.
void read_toml(std::string_view bytes) {
  std::string const text(bytes), origin = "sweep.toml";
  attempt([&] {
    config::Trial trial;
    config::apply_text(trial, text, origin);
    require([&] {
      config::Trial again;
      config::apply_text(again, config::to_toml(trial), "its own text");
    });
    config::check(trial);
  });
  attempt([&] {
    auto const sweep = sweep::parse_sweep(text, origin);
    require([&] { static_cast<void>(sweep::parse_sweep(sweep::to_toml(sweep), "its own text")); });
    if (!is_small(sweep)) return;
    auto const identify = [](config::Data const&) { return sweep::DataIdentity{"hash", 1000, 20}; };
    static_cast<void>(sweep::plan_csv(sweep::make_plan(sweep, "fp32", identify)));
  });
}

}  // namespace mambasynth::tests::fuzz
