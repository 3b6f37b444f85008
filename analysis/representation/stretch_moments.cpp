#include "analysis/representation/stretch_moments.hpp"

#include <cstddef>

#include "analysis/representation/finite_rows.hpp"

namespace mambasynth::analysis::representation {

Moments::Moments(CrossMoments const& of)
    : rows(static_cast<double>(of.rows())), mean(of.dims()), scatter(of.dims(), of.dims()) {
  for (Eigen::Index j = 0; j < mean.size(); ++j) {
    mean[j] = of.mean(j);
    for (Eigen::Index i = 0; i < mean.size(); ++i) scatter(i, j) = rows * of.covariance(i, j);
  }
}

/// Chan, Golub & LeVeque 1983 (Am. Stat. 37:242), eq. 2.1.
void Moments::add(Moments const& other) {
  if (rows == 0) {  // and other.rows > 0: stretches are not empty
    *this = other;
    return;
  }
  auto const all = rows + other.rows;
  Eigen::VectorXd const apart = other.mean - mean;
  scatter += other.scatter + (rows * other.rows / all) * apart * apart.transpose();
  mean += apart * (other.rows / all);
  rows = all;
}

void Moments::remove(Moments const& other) {
  if (other.rows == 0) return;
  auto const left = rows - other.rows;
  Eigen::VectorXd const apart = other.mean - mean;  // the mean of what is left lies other.rows / left times as far away
  scatter -= other.scatter + (rows * other.rows / left) * apart * apart.transpose();
  mean -= apart * (other.rows / left);
  rows = left;
}

Moments Moments::first(Eigen::Index columns) const {
  Moments some;
  some.rows = rows;
  if (rows == 0) return some;
  some.mean = mean.head(columns);
  some.scatter = scatter.topLeftCorner(columns, columns);
  return some;
}

StretchMoments::StretchMoments(std::vector<Rows> const& parts, std::vector<std::int64_t> const& dims,
                               ChronologicalFolds const& folds, int threads)
    : folds_(folds) {
  for (auto const& stretch : folds.stretches()) {
    std::vector<Rows> rows;
    for (std::size_t p = 0; p < parts.size(); ++p)
      rows.push_back(rows_of(parts[p], dims[p], stretch.first, stretch.rows()));
    CrossMoments moments(dims, threads);
    moments.add(rows);
    moments_.emplace_back(moments);
  }
}

template <class Wanted>
Moments StretchMoments::sum(Wanted const& wanted) const {
  Moments total;
  for (std::size_t s = 0; s < moments_.size(); ++s)
    if (wanted(folds_.stretches()[s])) total.add(moments_[s]);
  return total;
}

Moments StretchMoments::training(std::int64_t b, std::int64_t c) const {
  return sum([&](auto const& s) { return folds_.apart(s, b) && folds_.apart(s, c); });
}
Moments StretchMoments::training_in_group(std::int64_t b, std::int64_t g) const {
  return sum([&](auto const& s) { return folds_.apart(s, b) && folds_.in_group(s, g); });
}
Moments StretchMoments::validation(std::int64_t b, std::int64_t c) const {
  return sum([&](auto const& s) { return folds_.in_block(s, b) && folds_.apart(s, c); });
}

}  // namespace mambasynth::analysis::representation
