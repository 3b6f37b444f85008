#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "config/config.hpp"

/// The memory and disk space that a configuration needs, computed in advance.
namespace mambasynth::config {

/// A key or other name, and its value.
struct Factor {
  std::string name;
  std::int64_t value = 0;
};

/// `what` needs the product of all factors times `bytes`.
struct Need {
  std::string what;
  std::vector<Factor> factors;
  std::int64_t bytes = 1;
};

/// The bytes of a need, saturated at the largest 64-bit integer.
std::uint64_t bytes_of(Need const& need);

/// What a process may use, and how messages introduce it: "this machine has", "'runs' has room for".
struct Limit {
  std::uint64_t bytes = 0;
  std::string phrase;
};

/// More than any machine has; the limit to apply if it is not known which machine will run the trial.
Limit address_space();

/// Errors: errors::usage naming keys, values and bytes if the needs together exceed the limit.
void require_within(std::vector<Need> const& needs, Limit const& limit);

/// What the generator of a series needs, regardless of the series' length.
std::vector<Need> needs_of_process(Data const& data);
/// The minimum for a generated series, including its generator. `n_steps_key`: the key that gives its length.
std::vector<Need> needs_of_series(Data const& data, std::string const& n_steps_key, std::int64_t n_steps);
/// The minimum for training on any device: weights, their gradients and two moments; on the host also the activations
/// of one window.
std::vector<Need> needs_of_training(Trial const& trial, bool on_host);

/// "1.5 TB".
std::string in_bytes(std::uint64_t bytes);

}  // namespace mambasynth::config
