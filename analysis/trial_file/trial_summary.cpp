#include "analysis/trial_file/trial_summary.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analysis/dimension/estimators.hpp"
#include "analysis/trial_file/layer_measures.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"

namespace mambasynth::analysis::trial_file {

namespace {

namespace layout = trial_layout;

errors::Error foreign(std::filesystem::path const& file, std::string const& why) {
  return errors::input(file.string() + " cannot be used as a trial", why,
                       "Remove it and run the sweep again, or give the folder that a trial wrote");
}

constexpr char const* error_end = "_se.";  ///< in the name of a standard error, before the horizon

class TrialReader {
 public:
  explicit TrialReader(std::filesystem::path const& file) : file_(file), h5_(file) {
    if (!h5_.exists(layout::provenance)) throw foreign(file, "it is an HDF5 file without /provenance");
    auto const schema = h5_.integer_attribute("/", "schema_version");
    if (schema > layout::schema_version) {
      throw foreign(file, fmt::format("its schema version is {}, and this program reads up to {}", schema,
                                      layout::schema_version));
    }
  }

  TrialSummary read() {
    TrialSummary trial{.provenance = provenance(),
                       .configuration = text_or_nothing("configuration"),
                       .environment = environment(),
                       .measures = {}};
    measures_ = &trial.measures;
    for (auto const* name : layout::final_measures) read_final(name);
    read_horizons();
    trial.excess_by_block = read_excess_by_block(file_);
    read_layers();
    add("seconds", trial.provenance.seconds);
    return trial;
  }

 private:
  Provenance provenance() const {
    auto const text = [&](char const* name) { return h5_.text_attribute(layout::provenance, name); };
    Provenance found{.state = text("state"),
                     .trial_id = text("trial_id"),
                     .git_commit = text("git_commit"),
                     .git_dirty = h5_.integer_attribute(layout::provenance, "git_dirty") != 0,
                     .device = text("device"),
                     .data_hash = text("data_hash"),
                     .seconds = h5_.number_attribute(layout::provenance, "seconds"),
                     .more = {}};
    if (found.state != "done" && found.state != "diverged") {
      throw foreign(file_, "its state is '" + found.state + "', but a committed trial is done or diverged");
    }
    return found;
  }

  std::string text_or_nothing(char const* name) const {
    return h5_.has_attribute(layout::provenance, name) ? h5_.text_attribute(layout::provenance, name) : std::string();
  }
  std::vector<std::pair<std::string, std::string>> environment() const {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto const* name : {"version", "build_type", "libtorch", "cuda", "gpu_name", "instruction_set"})
      if (auto const text = text_or_nothing(name); !text.empty()) found.emplace_back(name, text);
    return found;
  }

  void add(std::string name, double value) {
    if (std::isnan(value) && name.find(error_end) != std::string::npos) return;
    measures_->emplace_back(std::move(name), value);
  }
  void add_defined(std::string name, double value) {
    if (!std::isnan(value)) add(std::move(name), value);
  }

  std::vector<double> values(std::string const& path, std::size_t count) const {
    auto found = h5_.read<double>(path);
    if (found.size() != count) {
      throw foreign(file_, fmt::format("{} holds {} values instead of {}", path, found.size(), count));
    }
    return found;
  }

  void read_final(std::string const& name) {
    auto const path = layout::final_group + name;
    // A NaN mean is not written; the values by horizon show that it was measured.
    auto const parts = layout::horizon_group + (name == "train_mse" ? "val_mse" : name);
    if (h5_.exists(path)) add(name, values(path, 1)[0]);
    else if (h5_.exists(parts)) add(name, std::nan(""));
  }

  void read_horizons() {
    if (!h5_.exists(layout::horizon)) return;
    auto const horizons = h5_.read<std::int64_t>(layout::horizon);
    for (std::string const name : layout::horizon_measures) {
      auto const path = layout::horizon_group + name;
      if (!h5_.exists(path)) continue;
      auto const found = values(path, horizons.size());
      for (std::size_t h = 0; h < horizons.size(); ++h) add(fmt::format("{}.h{}", name, horizons[h]), found[h]);
    }
  }

  void read_layers() {
    if (!h5_.exists(layout::layer)) return;
    layers_ = h5_.read_text(layout::layer);
    read_dimension(layout::dimension, "");
    read_activation(layout::activation, "");
    for (std::string const control : layout::layer_controls) {
      read_dimension(layout::control + control + "/" + layout::dimension_name, control + ".");
      read_activation(layout::control + control + "/" + layout::activation_name, control + ".");
    }
    for (std::string const control : layout::series_controls)
      read_series_dimension(layout::control + control + "/" + layout::dimension_name, control + ".");
    read_probes();
    for (std::string const name : layout::similarity_measures) by_layer(layout::similarity + name, name);
  }

  void read_probes() {
    for (std::string const target : layout::probe_targets)
      for (std::string const score : layout::probe_scores)
        for (std::string const control : {"", layout::untrained_prefix, layout::shuffled_prefix})
          by_layer(layout::probe + target + "/" + control + score, "probe." + target + "." + control + score);
  }

  /// Data sets of `group` over layers; their measures' names begin with `prefix`.
  void read_dimension(std::string const& group, std::string const& prefix) {
    for (auto const* estimator : dimension::estimators) {
      std::string const name(estimator->name);
      if (auto const axis = layout::names_of(estimator->axis); axis.scale)
        by_layer_and(axis.scale, axis.letter, group + name, prefix + name);
      else by_layer(group + name, prefix + name);
    }
  }
  void read_activation(std::string const& group, std::string const& prefix) {
    for (auto const& measure : activation_measures)
      by_layer(group + std::string(measure.name), prefix + std::string(measure.measure), &TrialReader::add_defined);
  }
  /// Of rows that belong to no layer. The table has no room for their curves over n1.
  void read_series_dimension(std::string const& group, std::string const& prefix) {
    for (auto const* estimator : dimension::estimators) {
      std::string const name(estimator->name);
      if (estimator->axis == dimension::Axis::n1 || !h5_.exists(group + name)) continue;
      if (estimator->axis == dimension::Axis::none) {
        add(prefix + name, values(group + name, 1)[0]);
        continue;
      }
      auto const ks = h5_.read<std::int64_t>(layout::k);
      auto const found = values(group + name, ks.size());
      for (std::size_t i = 0; i < ks.size(); ++i) add(fmt::format("{}{}.k{}", prefix, name, ks[i]), found[i]);
    }
  }

  void by_layer(std::string const& path, std::string const& measure,
                void (TrialReader::*take)(std::string, double) = &TrialReader::add) {
    if (!h5_.exists(path)) return;
    auto const found = values(path, layers_.size());
    for (std::size_t l = 0; l < layers_.size(); ++l) (this->*take)(measure + "." + layers_[l], found[l]);
  }
  void by_layer_and(std::string const& scale, std::string const& letter, std::string const& path,
                    std::string const& measure) {
    if (!h5_.exists(path)) return;
    auto const positions = h5_.read<std::int64_t>(scale);
    auto const found = values(path, layers_.size() * positions.size());
    for (std::size_t l = 0; l < layers_.size(); ++l)
      for (std::size_t i = 0; i < positions.size(); ++i)
        add(fmt::format("{}.{}.{}{}", measure, layers_[l], letter, positions[i]), found[l * positions.size() + i]);
  }

  std::filesystem::path file_;
  store::Hdf5Reader h5_;
  std::vector<std::string> layers_;
  std::vector<std::pair<std::string, double>>* measures_ = nullptr;
};

}  // namespace

TrialSummary read_trial(std::filesystem::path const& file) { return TrialReader(file).read(); }

}  // namespace mambasynth::analysis::trial_file
