#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "config/config.hpp"

/// What a configuration makes a process allocate or write, computed before it does.
namespace mambasynth::config {

/// A key, or what it is called, and its value.
struct Factor {
  std::string name;
  std::int64_t value = 0;
};

/// `what` takes the product of all factors, `bytes` for each.
struct Need {
  std::string what;
  std::vector<Factor> factors;
  std::int64_t bytes = 1;
};

/// The bytes of a need; the most that an integer of 64 bits holds where they are more.
std::uint64_t bytes_of(Need const& need);

/// What a process may take, and whose words that is: "this machine has", "'runs' has room for".
struct Limit {
  std::uint64_t bytes = 0;
  std::string says;
};

/// No machine has more, so that sizes can be refused where it is not known which machine will compute.
Limit address_space();

/// Errors: errors::usage naming keys, values and bytes where the needs together do not fit.
void require_within(std::vector<Need> const& needs, Limit const& limit);

/// What the process behind a series holds in memory, however long the series is.
std::vector<Need> needs_of_process(Data const& data);
/// What a generated series holds in memory at least, its process included. `n_steps_key`: which key its length stands
/// in.
std::vector<Need> needs_of_series(Data const& data, std::string const& n_steps_key, std::int64_t n_steps);
/// What training takes on any device at the least: weights, their gradients and two moments, and, where the host
/// computes, the activations of one window.
std::vector<Need> needs_of_training(Trial const& trial, bool on_host);

/// "1.5 TB".
std::string in_bytes(std::uint64_t bytes);

}  // namespace mambasynth::config
