#include "oracle/oracle_file.hpp"

#include "store/result_file.hpp"

namespace mambasynth::oracle {
namespace {

constexpr std::int64_t schema_version = 1;

}  // namespace

void write_oracle(std::filesystem::path const& file, Summary const& summary, HiddenProcess const& hidden,
                  config::Oracle const& settings, OracleSource const& source) {
  store::ResultFile result(file, schema_version);
  auto& h5 = result.h5();
  h5.attribute("/", "title", "exact Bayes filter of the series");
  h5.attribute("/", "n_steps", source.n_steps);
  h5.attribute("/", "states", hidden.states());
  h5.attribute("/", "positions", hidden.positions());
  h5.attribute("/", "block", settings.block);
  h5.attribute("/", "burn_in", settings.burn_in);
  h5.attribute("/", "ranks", std::int64_t{source.ranks});
  result.provenance(source.facts);

  h5.scale<std::int64_t>("/horizon", summary.horizon, {"steps ahead", "step"});
  auto const add = [&](char const* path, std::vector<double> const& values, char const* meaning,
                       char const* units = "1") { h5.dataset<double>(path, values, {"/horizon"}, {meaning, units}); };
  add("/bayes_mse", summary.mse, "mean squared error of the posterior predictive mean, over steps and channels");
  add("/bayes_mse_se", summary.mse_se, "its standard error, from blocks of 1024 steps");
  add("/bayes_mse_switch", summary.mse_switch, "the same where the predicted step lies in another visit");
  add("/bayes_mse_switch_se", summary.mse_switch_se,
      "its standard error, of a ratio of sums over blocks of 1024 steps");
  add("/bayes_mse_stay", summary.mse_stay, "the same where it lies in the same visit");
  add("/bayes_mse_stay_se", summary.mse_stay_se, "its standard error, of a ratio of sums over blocks of 1024 steps");
  add("/switch_share", summary.switch_share, "share of steps whose predicted step lies in another visit");
  add("/circle_entropy", summary.circle_entropy, "mean entropy of the predicted step's circle", "nat");
  h5.scalar("/next_circle_entropy", summary.next_circle_entropy,
            {"mean entropy of the circle of the next visit", "nat"});
  result.commit();
}

}  // namespace mambasynth::oracle
