#pragma once

#include <optional>
#include <string_view>

namespace mambasynth::sweep {

/// The outcome of a trial. `done` and `diverged` are final results; trials in other states run again.
enum class State { done, diverged, failed, out_of_memory, timed_out, preempted, missing };

inline constexpr State all_states[] = {State::done,      State::diverged,  State::failed, State::out_of_memory,
                                       State::timed_out, State::preempted, State::missing};

/// The name used in files and on the terminal, e.g. "out_of_memory".
std::string_view name_of(State state);
std::optional<State> state_named(std::string_view name);
/// Whether the state means a result in trial.h5 that is never computed again.
constexpr bool is_committed(State state) { return state == State::done || state == State::diverged; }

}  // namespace mambasynth::sweep
