#include "dimension/dimension_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/trial_file/columns.hpp"
#include "analysis/trial_file/estimator_columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "config/section.hpp"
#include "store/result_file.hpp"

namespace mambasynth::dimension {
namespace {

namespace layout = analysis::trial_file::trial_layout;
using namespace analysis::dimension;
using analysis::trial_file::write_estimator;
using store::Hdf5Writer;

constexpr std::int64_t schema_version = 1;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr Estimate unknown{nan, nan};

/// Mean distances of a curve, and the same in units of the noise if that is known.
void write_distance(Hdf5Writer& h5, std::string const& path, std::vector<double> const& distance,
                    std::vector<std::string> const& dims, double noise_distance, std::string const& meaning) {
  h5.dataset<double>(path, distance, dims, {meaning, ""});
  if (noise_distance == 0) return;
  auto scaled = distance;
  for (auto& value : scaled) value /= noise_distance;
  h5.dataset<double>(path + "_in_noise", scaled, dims, {meaning, "noise * sqrt(2 dims)"});
}

/// Those along an axis.
void write_estimators(Hdf5Writer& h5, std::string const& group, Axis axis, DimensionEstimates const& estimates) {
  for (auto const* estimator : estimators)
    if (estimator->axis == axis) write_estimator(h5, group, *estimator, estimates[*estimator], {});
}

void write_all(Hdf5Writer& h5, Measured const& measured) {
  auto const& all = measured.all;
  std::string const group = layout::dimension;
  analysis::trial_file::scale(h5, layout::k, all.k, {"neighbors", "1"});
  write_estimators(h5, group, Axis::k, all);
  write_distance(h5, group + "distance_k", all.distance_k, {layout::k}, measured.noise_distance(),
                 "mean distance of neighbor k");
  write_estimators(h5, group, Axis::none, all);
  h5.scalar(group + "duplicates", all.duplicates, {"rows that equal another one", "1"});
  h5.scalar(group + "plateau", all.plateau ? all.plateau->value : nan,
            {"mean of gride over its plateau; NaN if there is none", "1"});
  if (all.n1.empty()) return;
  analysis::trial_file::scale(h5, layout::n1, all.n1, {"nearer neighbor of Gride; the farther one is 2 n1", "1"});
  write_estimators(h5, group, Axis::n1, all);
  write_distance(h5, group + "distance_n1", all.distance_n1, {layout::n1}, measured.noise_distance(),
                 "mean distance of neighbors n1 and 2 n1");
  std::vector<std::int8_t> on_plateau(all.n1.size());
  for (std::size_t i = 0; i < on_plateau.size(); ++i)
    on_plateau[i] = all.plateau && i >= all.plateau->first && i <= all.plateau->last;
  h5.dataset<std::int8_t>(group + "gride_plateau", on_plateau, {layout::n1}, {"1 on the plateau", "1"});
}

/// A group has only those of the `ks` that it has rows for.
std::vector<Estimate> of_group(DimensionEstimates const& group, Estimator const& estimator,
                               std::vector<std::int64_t> const& ks) {
  if (estimator.axis == Axis::none) return group.points > 0 ? group[estimator] : std::vector{unknown};
  std::vector<Estimate> found;
  for (auto const k : ks) {
    auto const at = static_cast<std::size_t>(std::find(group.k.begin(), group.k.end(), k) - group.k.begin());
    found.push_back(at < group.k.size() ? group[estimator][at] : unknown);
  }
  return found;
}

void write_groups(Hdf5Writer& h5, Measured const& measured) {
  if (measured.groups.empty()) return;
  auto const axis = "/" + measured.labels_name;
  std::string const group = "/by_" + std::string(measured.labels_name == "circle_id" ? "circle" : "label") + "/";
  std::vector<std::int64_t> labels, points, duplicates;
  for (auto const& one : measured.groups) {
    labels.push_back(one.label);
    points.push_back(one.points);
    duplicates.push_back(one.estimates.duplicates);
  }
  analysis::trial_file::scale(h5, axis, labels, {measured.labels_name == "circle_id" ? "circle" : "label", "1"});
  h5.dataset<std::int64_t>(group + "points", points, {axis}, {"rows measured", "1"});
  h5.dataset<std::int64_t>(group + "duplicates", duplicates, {axis}, {"rows that equal another one", "1"});
  for (auto const* estimator : estimators) {
    if (estimator->axis == Axis::n1) continue;  // groups of different sizes reach different n1
    std::vector<Estimate> all;
    for (auto const& one : measured.groups) {
      auto const found = of_group(one.estimates, *estimator, measured.all.k);
      all.insert(all.end(), found.begin(), found.end());
    }
    write_estimator(h5, group, *estimator, all, {axis});
  }
}

void write_others(Hdf5Writer& h5, Measured const& measured) {
  std::string const group = layout::dimension;
  if (!measured.radii.empty()) {
    analysis::trial_file::scale(h5, "/inner_radius", measured.radii,
                                {"inner radius in the L1 metric; the outer one is twice as large", "1"});
    write_estimator(h5, group + "binomial", measured.binomial, {"/inner_radius"});
  }
  auto const& fci = measured.correlation;
  if (fci.k.empty()) return;
  analysis::trial_file::scale(h5, "/patch", fci.k, {"neighbors around each center", "1"});
  analysis::trial_file::column(h5, group + "full_correlation", fci.dimension, fci.k.size(), {"/patch"},
                               {"intrinsic dimension, mean over centers", "1"});
  analysis::trial_file::column(h5, group + "full_correlation_se", fci.se, fci.k.size(), {"/patch"},
                               {"standard error over centers, a lower bound: their neighborhoods overlap", "1"});
  analysis::trial_file::column(h5, group + "full_correlation_se_blocks", fci.se_blocks, fci.k.size(), {"/patch"},
                               {"standard error from leaving out stretches of time", "1"});
  analysis::trial_file::column(h5, group + "full_correlation_residual", fci.residual, fci.k.size(), {"/patch"},
                               {"rms misfit of the integral, mean over centers", "1"});
}

}  // namespace

void write_dimension(std::filesystem::path const& file, Measured const& measured, config::Dimension const& config,
                     provenance::Facts const& facts) {
  store::ResultFile result(file, schema_version);
  auto& h5 = result.h5();
  h5.attribute("/", "array", measured.array);
  h5.attribute("/", "rows", measured.rows);
  h5.attribute("/", "points", measured.points);
  h5.attribute("/", "dims", measured.dims);
  h5.attribute("/", "noise", measured.noise);
  h5.attribute("/", "config", config::section_to_toml(config));
  h5.attribute("/", "duplicates_policy",
               "estimates are over distinct rows: a copy counts neither as a point nor as a neighbor; "
               "levina_bickel_original is over all rows, and one with a copy counts as 0; binomial counts all rows");
  result.provenance(facts);
  write_all(h5, measured);
  write_others(h5, measured);
  write_groups(h5, measured);
  result.commit();
}

}  // namespace mambasynth::dimension
