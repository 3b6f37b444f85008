#include "fuzz/targets.hpp"

#include <algorithm>
#include <array>

namespace mambasynth::tests::fuzz {
namespace {

constexpr std::array all{
    Target{"pickle", "data.pkl", read_pickle},
    Target{"pt", "checkpoint.pt", read_pt},
    Target{"npy", "recording.npy", read_npy},
    Target{"npz", "data.npz", read_npz},
    Target{"safetensors", "weights.safetensors", read_safetensors},
    Target{"csv", "recording.csv", read_csv},
    Target{"toml", "sweep.toml", read_toml},
    Target{"config_json", "config.json", read_config_json},
    Target{"ledger", "events.jsonl", read_ledger},
    Target{"plan", "plan.csv", read_plan},
    Target{"lock", "lock", read_lock},
    Target{"failure", "failure.json", read_failure},
    Target{"recording", "recording.h5", read_recording, true},
    Target{"trial", "trial.h5", read_trial, true},
    Target{"hdf5_bytes", "trial.h5", read_hdf5_bytes},
};

}  // namespace

std::span<Target const> targets() { return all; }

Target const* target_named(std::string_view name) {
  auto const* const found = std::ranges::find(all, name, &Target::name);
  return found == all.end() ? nullptr : found;
}

}  // namespace mambasynth::tests::fuzz
