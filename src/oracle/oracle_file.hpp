#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.hpp"
#include "oracle/hidden_process.hpp"
#include "oracle/score.hpp"

namespace mambasynth::oracle {

/// Where the numbers come from: attributes of /provenance.
using Facts = std::vector<std::pair<std::string, std::variant<std::string, std::int64_t, double>>>;

struct OracleSource {
  std::int64_t n_steps = 0;
  int ranks = 1;
  Facts facts;
};

/// oracle.h5: /bayes_mse, /bayes_mse_se, /bayes_mse_switch, /bayes_mse_stay, each with its _se, /switch_share,
/// /circle_entropy (horizon) and /next_circle_entropy; the settings and the size of the hidden process as attributes of
/// the root.
void write_oracle(std::filesystem::path const& file, Summary const& summary, HiddenProcess const& hidden,
                  config::Oracle const& settings, OracleSource const& source);

}  // namespace mambasynth::oracle
