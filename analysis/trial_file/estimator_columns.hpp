#pragma once

#include <string>
#include <vector>

#include "analysis/dimension/intrinsic_dimension.hpp"

namespace mambasynth::store {
class Hdf5Writer;
}

namespace mambasynth::analysis::trial_file {

/// Writes the values of one estimator to `path`, their nominal errors to path_se, and their errors by blocks of time to
/// path_se_blocks (NaN if there are none). `dims` as in Hdf5Writer::dataset; empty: scalars.
void write_estimator(store::Hdf5Writer& h5, std::string const& path, std::vector<dimension::Estimate> const& estimates,
                     std::vector<std::string> const& dims);
/// The same for an estimator of the table, in `group` (which ends with '/'), with its own axis after `dims`.
void write_estimator(store::Hdf5Writer& h5, std::string const& group, dimension::Estimator const& estimator,
                     std::vector<dimension::Estimate> const& estimates, std::vector<std::string> dims);

/// All estimators of several sets of rows that were measured at the same k and n1, as data sets of `group` (which ends
/// with '/') with axes (dims..., k), (dims...), or (dims..., n1). The scales /k and /n1 must exist. Errors:
/// std::invalid_argument if k or n1 differ.
void write_estimates(store::Hdf5Writer& h5, std::string const& group,
                     std::vector<dimension::DimensionEstimates> const& sets, std::vector<std::string> const& dims);

}  // namespace mambasynth::analysis::trial_file
