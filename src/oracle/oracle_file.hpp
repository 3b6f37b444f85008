#pragma once

#include <cstdint>
#include <filesystem>

#include "config/config.hpp"
#include "oracle/hidden_process.hpp"
#include "oracle/score.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::oracle {

struct OracleSource {
  std::int64_t n_steps = 0;
  int ranks = 1;
  store::Attributes facts;  ///< of /provenance: where the numbers come from
};

/// oracle.h5: /bayes_mse, /bayes_mse_se, /bayes_mse_switch, /bayes_mse_stay, each with its _se, /switch_share,
/// /circle_entropy (horizon) and /next_circle_entropy; the settings and the size of the hidden process as attributes of
/// the root.
void write_oracle(std::filesystem::path const& file, Summary const& summary, HiddenProcess const& hidden,
                  config::Oracle const& settings, OracleSource const& source);

}  // namespace mambasynth::oracle
