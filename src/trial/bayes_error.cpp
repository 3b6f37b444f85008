#include "trial/bayes_error.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "config/section.hpp"
#include "errors/errors.hpp"
#include "oracle/run.hpp"
#include "series/process.hpp"
#include "store/archive/sha256.hpp"
#include "store/damaged_file.hpp"
#include "store/hdf5.hpp"
#include "store/result_file.hpp"

namespace mambasynth::trial {
namespace {

constexpr std::int64_t schema_version = 2;
constexpr std::size_t name_digits = 12;

/// Windows of the test or validation series; `described` lists everything that their errors depend on.
struct WindowSet {
  std::string described;
  std::filesystem::path file;
};

WindowSet named(std::string described, std::filesystem::path const& folder) {
  store::Sha256 hash;
  hash.add(std::as_bytes(std::span(described)));
  auto file = folder / ("oracle_" + hash.hex().substr(0, name_digits) + ".h5");
  return {std::move(described), std::move(file)};
}

/// Omits keys that were added later and have their default value, so that the files of earlier sweeps keep their names.
std::string keys_of(config::Data const& data) {
  auto text = config::section_to_toml(data, config::Data::describes_recording);
  config::for_each_field<config::Data>([&](auto const& field) {
    if (field.effect != config::Effect::result_unless_default || data.*(field.member) != config::Data{}.*(field.member))
      return;
    if constexpr (requires { config::to_toml(data.*(field.member)); }) {
      auto const line = std::string(field.key) + " = " + config::to_toml(data.*(field.member)) + "\n";
      if (auto const at = text.find(line); at != std::string::npos) text.erase(at, line.size());
    }
  });
  return text;
}

/// Test windows, validation windows.
std::array<WindowSet, 2> window_sets(config::Trial const& trial, config::Data data,
                                     std::filesystem::path const& folder) {
  data.path.clear();
  data.path_seed = data.resolved_path_seed();
  data.test_path_seed = data.resolved_test_path_seed();
  data.test_n_steps = data.resolved_test_n_steps();
  auto const& t = trial.train;
  auto const common =
      keys_of(data) + fmt::format("seq_len = {}\nhorizons = {}\n", t.seq_len, fmt::join(trial.model.horizons(), " "));
  auto const split = fmt::format("stride = {}\nval_fraction = {}\nsplit = {}{}\n", t.stride, t.val_fraction, t.split,
                                 t.split == "random" ? fmt::format(" by seed {}", t.seed) : "");
  return {named(common + "test windows\n", folder), named(common + "validation windows\n" + split, folder)};
}

void keep(WindowSet const& set, oracle::WindowErrors const& errors, train::Windows const& windows,
          std::vector<std::int64_t> const& horizons, std::string const& data_hash) {
  (void)store::make_way(set.file);
  store::ResultFile result(set.file, schema_version);
  auto& h5 = result.h5();
  h5.attribute("/", "title", "error of the exact filter that starts cold in each window");
  h5.attribute("/", "data_hash", data_hash);
  h5.attribute("/", "windows", set.described);
  h5.scale<std::int64_t>("/horizon", horizons, {"steps ahead", "step"});
  h5.dataset<double>("/bayes_mse", errors.mse, {"/horizon"},
                     {"mean squared error over windows, steps and channels", "1"});
  std::vector<double> by_window;
  for (auto const& of_window : errors.by_window) by_window.insert(by_window.end(), of_window.begin(), of_window.end());
  h5.scale<std::int64_t>("/window", windows.starts, {"first step of the window", "step"});
  h5.dataset<double>("/bayes_mse_by_window", by_window, {"/window", "/horizon"},
                     {"mean squared error over the steps and channels of each window", "1"});
  result.commit();
}

/// Empty for a file that is damaged, of other data or of an older version: the errors are then computed again.
oracle::WindowErrors kept(WindowSet const& set, std::size_t windows, std::size_t horizons,
                          std::string const& data_hash) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(set.file, ignored)) return {};
  try {
    store::Hdf5Reader const h5(set.file);
    if (h5.text_attribute("/", "windows") != set.described || h5.text_attribute("/", "data_hash") != data_hash ||
        h5.integer_attribute("/", "schema_version") != schema_version)
      return {};
    oracle::WindowErrors found{h5.read<double>("/bayes_mse"), {}};
    auto const by_window = h5.read<double>("/bayes_mse_by_window");
    if (found.mse.size() != horizons || by_window.size() != windows * horizons) return {};
    for (auto row = by_window.begin(); row != by_window.end(); row += static_cast<std::ptrdiff_t>(horizons))
      found.by_window.emplace_back(row, row + static_cast<std::ptrdiff_t>(horizons));
    return found;
  } catch (errors::Error const&) {
    // treated as missing
  }
  return {};
}

}  // namespace

std::array<std::filesystem::path, 2> bayes_error_files(config::Trial const& trial, config::Data const& data,
                                                       std::filesystem::path const& folder) {
  auto const sets = window_sets(trial, data, folder);
  return {sets[0].file, sets[1].file};
}

BayesError bayes_error(config::Trial const& trial, TrialData const& data, std::filesystem::path const& cache,
                       int threads, std::function<void(std::string const&)> const& log) {
  if (!data.generated) return {};
  auto const horizons = trial.model.horizons();
  auto const of = [&](WindowSet const& set, train::Windows const& windows) {
    if (!cache.empty())
      if (auto errors = kept(set, windows.starts.size(), horizons.size(), data.sha256); !errors.mse.empty())
        return errors;
    oracle::HiddenProcess const hidden(series::make_process(data.data));
    auto const x = windows.series.contiguous();
    auto errors =
        oracle::errors_of_windows(hidden, std::span(x.const_data_ptr<float>(), static_cast<std::size_t>(x.numel())),
                                  windows.starts, windows.length, horizons, threads);
    if (!cache.empty()) try {
        keep(set, errors, windows, horizons, data.sha256);
      } catch (errors::Error const& error) {
        if (log) log(std::string("note: the oracle's results were not saved: ") + error.what());
      }
    return errors;
  };
  auto const sets = window_sets(trial, data.data, cache);
  return {of(sets[0], data.splits.test), of(sets[1], data.splits.val)};
}

}  // namespace mambasynth::trial
