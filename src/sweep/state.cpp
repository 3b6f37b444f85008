#include "sweep/state.hpp"

namespace mambasynth::sweep {

std::string_view name_of(State state) {
  switch (state) {
    case State::done:
      return "done";
    case State::diverged:
      return "diverged";
    case State::failed:
      return "failed";
    case State::out_of_memory:
      return "out_of_memory";
    case State::timed_out:
      return "timed_out";
    case State::preempted:
      return "preempted";
    case State::missing:
      break;
  }
  return "missing";
}

std::optional<State> state_named(std::string_view name) {
  for (auto const state : all_states)
    if (name_of(state) == name) return state;
  return std::nullopt;
}

}  // namespace mambasynth::sweep
