#include "trial/optimum.hpp"

#include <ATen/ATen.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "oracle/run.hpp"
#include "series/process.hpp"
#include "store/archive/sha256.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::trial {
namespace {

constexpr std::int64_t schema_version = 1;
constexpr std::size_t name_digits = 12;

/// Everything that decides the numbers, a line each.
std::string description(config::Trial const& trial, config::Data data) {
  data.path.clear();
  data.path_seed = data.resolved_path_seed();
  data.test_path_seed = data.resolved_test_path_seed();
  data.test_n_steps = data.resolved_test_n_steps();
  auto const& t = trial.train;
  return config::section_to_toml(data) +
         fmt::format("seq_len = {}\nstride = {}\nval_fraction = {}\nsplit = {}{}\nhorizons = {}\n", t.seq_len, t.stride, t.val_fraction,
                     t.split, t.split == "random" ? fmt::format(" by seed {}", t.seed) : "", fmt::join(trial.model.horizons(), " "));
}

std::vector<double> error_on(oracle::HiddenProcess const& hidden, train::Windows const& windows,
                             std::vector<std::int64_t> const& horizons, int threads) {
  auto const x = windows.series.contiguous();
  return oracle::mse_of_windows(hidden, std::span(x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())), windows.starts,
                                windows.length, horizons, threads);
}

void keep(std::filesystem::path const& file, Optimum const& found, std::vector<std::int64_t> const& horizons,
          std::string const& described, std::string const& data_hash) {
  store::AtomicFile target(file);
  store::Hdf5Writer h5(target.temporary());
  h5.attribute("/", "schema_version", schema_version);
  h5.attribute("/", "title", "error of the exact filter that starts cold in each window");
  h5.attribute("/", "data_hash", data_hash);
  h5.attribute("/", "windows", described);
  h5.scale<std::int64_t>("/horizon", horizons, {"steps ahead", "step"});
  h5.dataset<double>("/bayes_mse", found.test, {"/horizon"}, {"error on the test windows", "1"});
  h5.dataset<double>("/val_bayes_mse", found.validation, {"/horizon"}, {"error on the validation windows", "1"});
  h5.close();
  target.commit();
}

/// A damaged file, or one of other data, is computed again.
std::optional<Optimum> kept(std::filesystem::path const& file, std::string const& described, std::string const& data_hash) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    store::Hdf5Reader const h5(file);
    if (h5.text_attribute("/", "windows") != described || h5.text_attribute("/", "data_hash") != data_hash) return std::nullopt;
    return Optimum{h5.read<double>("/bayes_mse"), h5.read<double>("/val_bayes_mse")};
  } catch (errors::Error const&) {
    return std::nullopt;
  }
}

}  // namespace

std::filesystem::path optimum_file(config::Trial const& trial, config::Data const& data, std::filesystem::path const& folder) {
  auto const text = description(trial, data);
  store::Sha256 hash;
  hash.add(std::as_bytes(std::span(text)));
  return folder / ("oracle_" + hash.hex().substr(0, name_digits) + ".h5");
}

Optimum optimum(config::Trial const& trial, TrialData const& data, std::filesystem::path const& cache, int threads,
                std::function<void(std::string const&)> const& say) {
  if (!data.generated) return {};
  auto const described = description(trial, data.data);
  auto const file = optimum_file(trial, data.data, cache);
  if (!cache.empty())
    if (auto found = kept(file, described, data.sha256)) return *found;
  auto const horizons = trial.model.horizons();
  oracle::HiddenProcess const hidden(series::make_process(data.data));
  Optimum const found{error_on(hidden, data.material.test, horizons, threads), error_on(hidden, data.material.val, horizons, threads)};
  if (!cache.empty()) try {
      keep(file, found, horizons, described, data.sha256);
    } catch (errors::Error const& error) {
      if (say) say(std::string("note: the oracle's figures are not kept: ") + error.what());
    }
  return found;
}

}  // namespace mambasynth::trial
