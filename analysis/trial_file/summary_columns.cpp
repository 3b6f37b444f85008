#include "analysis/trial_file/summary_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "analysis/dimension/estimators.hpp"
#include "analysis/trial_file/layer_measures.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {
namespace {

namespace layout = trial_layout;

class Finder {
 public:
  explicit Finder(store::Hdf5Reader const& h5) : h5_(h5) {}

  SummaryColumns find() {
    for (auto const* name : layout::final_measures) final_loss(name);
    horizons();
    layers();
    return std::move(found_);
  }

 private:
  /// Names take more memory than their numbers do in the file, and those of a product of two scales much more.
  void require_few(std::size_t names, std::size_t times) {
    constexpr std::size_t most = 1'000'000;
    if (times > 0 && names > (most - std::min(most, found_.names.size())) / times)
      throw errors::input("the measures of a trial cannot be read", fmt::format("there are more than {}", most),
                          "Give a trial.h5 that this program wrote");
  }

  void add(std::string const& path, std::vector<std::string> names, bool may_lack = false) {
    require_few(names.size(), 1);
    found_.columns.push_back({path, names.size(), may_lack});
    for (auto& name : names) found_.names.push_back(std::move(name));
  }

  void final_loss(std::string const& name) {
    auto const path = layout::final_group + name;
    // A NaN mean is not written; the values by horizon show that it was measured.
    auto const parts = layout::horizon_group + (name == "train_mse" ? "val_mse" : name);
    if (h5_.exists(path)) add(path, {name});
    else if (h5_.exists(parts)) add("", {name});
  }

  void horizons() {
    if (!h5_.exists(layout::horizon)) return;
    auto const horizons = h5_.read<std::int64_t>(layout::horizon);
    for (std::string const name : layout::horizon_measures) {
      auto const path = layout::horizon_group + name;
      if (!h5_.exists(path)) continue;
      std::vector<std::string> names;
      for (auto const horizon : horizons) names.push_back(fmt::format("{}.h{}", name, horizon));
      add(path, std::move(names), name.ends_with(layout::error_end));
    }
  }

  void layers() {
    if (!h5_.exists(layout::layer)) return;
    layers_ = h5_.read_text(layout::layer);
    dimension(layout::dimension, "");
    activation(layout::activation, "");
    for (std::string const control : layout::layer_controls) {
      dimension(layout::control + control + "/" + layout::dimension_name, control + ".");
      activation(layout::control + control + "/" + layout::activation_name, control + ".");
    }
    for (std::string const control : layout::series_controls)
      series_dimension(layout::control + control + "/" + layout::dimension_name, control + ".");
    probes();
    for (std::string const name : layout::similarity_measures) by_layer(layout::similarity + name, name);
  }

  void probes() {
    for (std::string const target : layout::probe_targets)
      for (std::string const score : layout::probe_scores)
        for (std::string const control : {"", layout::untrained_prefix, layout::shuffled_prefix})
          by_layer(layout::probe + target + "/" + control + score, "probe." + target + "." + control + score);
  }

  /// Data sets of `group` over layers; their measures' names begin with `prefix`.
  void dimension(std::string const& group, std::string const& prefix) {
    for (auto const* estimator : dimension::estimators) {
      std::string const name(estimator->name);
      if (auto const axis = layout::names_of(estimator->axis); axis.scale)
        by_layer_and(axis.scale, axis.letter, group + name, prefix + name);
      else by_layer(group + name, prefix + name);
    }
  }
  void activation(std::string const& group, std::string const& prefix) {
    for (auto const& measure : activation_measures)
      by_layer(group + std::string(measure.name), prefix + std::string(measure.measure), true);
  }
  /// Of rows that belong to no layer. The table has no room for their curves over n1.
  void series_dimension(std::string const& group, std::string const& prefix) {
    for (auto const* estimator : dimension::estimators) {
      std::string const name(estimator->name);
      if (estimator->axis == dimension::Axis::n1 || !h5_.exists(group + name)) continue;
      std::vector<std::string> names;
      if (estimator->axis == dimension::Axis::none) names.push_back(prefix + name);
      else
        for (auto const k : h5_.read<std::int64_t>(layout::k))
          names.push_back(fmt::format("{}{}.k{}", prefix, name, k));
      add(group + name, std::move(names));
    }
  }

  void by_layer(std::string const& path, std::string const& measure, bool may_lack = false) {
    if (!h5_.exists(path)) return;
    std::vector<std::string> names;
    for (auto const& layer : layers_) names.push_back(measure + "." + layer);
    add(path, std::move(names), may_lack);
  }
  void by_layer_and(std::string const& scale, std::string const& letter, std::string const& path,
                    std::string const& measure) {
    if (!h5_.exists(path)) return;
    auto const positions = h5_.read<std::int64_t>(scale);
    require_few(layers_.size(), positions.size());
    std::vector<std::string> names;
    for (auto const& layer : layers_)
      for (auto const position : positions)
        names.push_back(fmt::format("{}.{}.{}{}", measure, layer, letter, position));
    add(path, std::move(names));
  }

  store::Hdf5Reader const& h5_;
  std::vector<std::string> layers_;
  SummaryColumns found_;
};

}  // namespace

SummaryColumns summary_columns(store::Hdf5Reader const& h5) { return Finder(h5).find(); }

}  // namespace mambasynth::analysis::trial_file
