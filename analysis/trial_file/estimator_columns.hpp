#pragma once

#include <string>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// One estimator's values under `path`, their nominal errors under path_se, their errors by stretches of time under
/// path_se_blocks (NaN where there are none). `dims` as of Hdf5Writer::dataset; empty: single numbers.
void write_estimator(store::Hdf5Writer& h5, std::string const& path, std::vector<dimension::Estimate> const& estimates,
                     std::vector<std::string> const& dims);
/// The same of an estimator of the table in `group` (which ends with '/'), its own axis behind `dims`.
void write_estimator(store::Hdf5Writer& h5, std::string const& group, dimension::Estimator const& estimator,
                     std::vector<dimension::Estimate> const& estimates, std::vector<std::string> dims);

/// All estimators of several sets of rows that were measured at the same k and n1, as data sets of `group` (which ends
/// with '/'): axes (dims..., k), (dims...) and (dims..., n1). The scales /k and /n1 must be there.
/// Errors: std::invalid_argument where k or n1 differ.
void write_estimates(store::Hdf5Writer& h5, std::string const& group,
                     std::vector<dimension::DimensionEstimates> const& sets, std::vector<std::string> const& dims);

}  // namespace mambasynth::analysis::trial_file
