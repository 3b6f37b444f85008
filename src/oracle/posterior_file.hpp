#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "oracle/forecast.hpp"
#include "store/result_file.hpp"

namespace mambasynth::oracle {

/// posterior.h5: at each step t, the posterior of the hidden state given x_0 .. x_t. (time) unless stated otherwise:
/// /circle_probability (time, circle_id), /next_circle_probability (time, next_circle),
/// /revolutions_to_come_probability (time, revolutions_to_come), with elapsed revolutions also
/// /revolutions_elapsed_probability (time, revolutions_elapsed); /switch_hazard, /switch_probability (time, horizon);
/// /phase and /phase_concentration, angle and length of E[e^{i phase}].
class PosteriorFile {
 public:
  PosteriorFile(std::filesystem::path const& file, HiddenProcess const& hidden,
                std::vector<std::int64_t> const& horizons, bool elapsed);
  void add(std::int64_t t, Filter const& filter, Forecast const& forecast);
  void close();

 private:
  store::ResultFile result_;
  store::Hdf5Stream time_, circle_, next_circle_, to_come_, elapsed_, hazard_, switched_, phase_, concentration_;
  std::vector<double> to_come_now_, elapsed_now_, switched_now_;
};

}  // namespace mambasynth::oracle
