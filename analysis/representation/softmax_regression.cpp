#include "analysis/representation/softmax_regression.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include "analysis/representation/softmax_kernel.hpp"

namespace mambasynth::analysis::representation {

namespace {

constexpr std::int64_t block = StandardisedRows::block;
constexpr std::size_t memory = 10;       // pairs of steps and changes of the gradient
constexpr double sufficient = 1e-4;      // Armijo's constant
constexpr double numeric_floor = 1e-15;  // relative changes of the objective below it are rounding

using Vector = Eigen::VectorXd;
using ByClass = Eigen::Map<Eigen::MatrixXd>;  // column k: w_k, b_k

/// Parameters as the kernels take them.
struct Split {
  std::vector<double> weights, intercept;
  Split(std::vector<double> const& parameters, std::int64_t dims) {
    for (std::size_t first = 0; first < parameters.size(); first += static_cast<std::size_t>(dims + 1)) {
      auto const from = parameters.begin() + static_cast<std::ptrdiff_t>(first);
      weights.insert(weights.end(), from, from + dims);
      intercept.push_back(from[dims]);
    }
  }
};

/// Inverse Hessian of L-BFGS times a vector.
class InverseHessian {
 public:
  InverseHessian(Eigen::MatrixXd const& of_class, double of_intercept, std::int64_t classes)
      : factor_(of_class), of_intercept_(of_intercept), classes_(classes) {}

  void learn(Vector step, Vector change) {
    auto const product = step.dot(change);
    if (!(product > 1e-12 * step.norm() * change.norm())) return;
    scale_ = product / change.dot(first(change));
    pairs_.push_back({std::move(step), std::move(change), 1 / product});
    if (pairs_.size() > memory) pairs_.pop_front();
  }

  [[nodiscard]] Vector times(Vector v) const {
    std::vector<double> along(pairs_.size());
    for (auto i = pairs_.size(); i-- > 0;) {
      along[i] = pairs_[i].inverse * pairs_[i].step.dot(v);
      v -= along[i] * pairs_[i].change;
    }
    v = scale_ * first(v);
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      v += (along[i] - pairs_[i].inverse * pairs_[i].change.dot(v)) * pairs_[i].step;
    return v;
  }

 private:
  [[nodiscard]] Vector first(Vector v) const {
    auto const rows = v.size() / classes_;
    ByClass classes(v.data(), rows, classes_);
    classes.topRows(rows - 1) = factor_.solve(classes.topRows(rows - 1)).eval();
    classes.bottomRows(1) /= of_intercept_;
    return v;
  }

  struct Pair {
    Vector step, change;
    double inverse;  ///< 1 / (step . change)
  };
  Eigen::LLT<Eigen::MatrixXd> factor_;
  double of_intercept_;
  Eigen::Index classes_;
  double scale_ = 1;
  std::deque<Pair> pairs_;
};

}  // namespace

SoftmaxRegression::SoftmaxRegression(StandardisedRows const& x, std::vector<double> correlation,
                                     std::span<std::int32_t const> label, std::int64_t classes)
    : x_(x),
      correlation_(std::move(correlation)),
      label_(label),
      classes_(classes),
      padded_((classes + class_tile - 1) / class_tile * class_tile),
      dims_(x.dims()),
      parameters_(static_cast<std::size_t>(padded_ * (dims_ + 1))) {
  std::vector<double> share(static_cast<std::size_t>(classes));
  for (auto const k : label) share[static_cast<std::size_t>(k)] += 1 / static_cast<double>(x.rows());
  for (std::int64_t k = 0; k < classes; ++k) {
    auto const p = share[static_cast<std::size_t>(k)];
    curvature_ += p * (1 - p) / static_cast<double>(classes);
    parameters_[static_cast<std::size_t>(k * (dims_ + 1) + dims_)] = std::log(p);
  }
}

double SoftmaxRegression::objective(std::vector<double> const& parameters, double penalty,
                                    std::vector<double>& gradient) const {
  Split const at(parameters, dims_);
  auto const rows = static_cast<double>(x_.rows());
  AlignedValues products(padded_ * block), sums(padded_ * dims_ * row_lanes);
  auto* const p = products.data();
  std::vector<double> of_intercept(static_cast<std::size_t>(padded_));
  double own[block], log_sum[block];
  double loss = 0;
  for (std::int64_t b = 0; b < x_.blocks(); ++b) {
    auto const* const x = x_.of_block(b);
    auto const count = std::min(block, x_.rows() - b * block);
    auto const* const label = label_.data() + b * block;
    logits_of_block(x, dims_, at.weights.data(), padded_, p);
    for (std::int64_t r = 0; r < count; ++r)
      own[r] = p[label[r] * block + r] + at.intercept[static_cast<std::size_t>(label[r])];
    softmax_of_block(p, at.intercept.data(), classes_, log_sum);
    for (std::int64_t k = 0; count < block && k < classes_; ++k) std::fill(p + k * block + count, p + (k + 1) * block, 0.0);
    for (std::int64_t r = 0; r < count; ++r) {
      loss += log_sum[r] - own[r];
      p[label[r] * block + r] -= 1;
    }
    std::fill(p + classes_ * block, p + padded_ * block, 0.0);
    for (std::int64_t k = 0; k < classes_; ++k)
      of_intercept[static_cast<std::size_t>(k)] =
          std::accumulate(p + k * block, p + (k + 1) * block, of_intercept[static_cast<std::size_t>(k)]);
    add_gradient(x, dims_, p, padded_, sums.data());
  }
  double squares = 0;
  for (std::int64_t k = 0; k < padded_; ++k) {
    auto* const to = gradient.data() + k * (dims_ + 1);
    for (std::int64_t i = 0; i < dims_; ++i) {
      auto const* const lanes = sums.data() + (k * dims_ + i) * row_lanes;
      auto const weight = at.weights[static_cast<std::size_t>(k * dims_ + i)];
      to[i] = std::accumulate(lanes, lanes + row_lanes, 0.0) / rows + penalty * weight;
      squares += weight * weight;
    }
    to[dims_] = of_intercept[static_cast<std::size_t>(k)] / rows;
  }
  return loss / rows + penalty / 2 * squares;
}

bool SoftmaxRegression::fit(double penalty, Limits const& limits) {
  auto const size = static_cast<Eigen::Index>(parameters_.size());
  Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(dims_, dims_);
  for (Eigen::Index j = 0; j < dims_; ++j)
    for (Eigen::Index i = 0; i < dims_; ++i)
      hessian(i, j) = curvature_ * correlation_[static_cast<std::size_t>(j * dims_ + i)];
  hessian.diagonal().array() += penalty;
  InverseHessian inverse(hessian, curvature_, padded_);

  std::vector<double> gradient(parameters_.size()), next(parameters_.size()), next_gradient(parameters_.size());
  auto const as_vector = [size](std::vector<double>& values) { return Eigen::Map<Vector>(values.data(), size); };
  auto now = objective(parameters_, penalty, gradient);
  for (int step = 0; step < limits.steps; ++step) {
    Vector const direction = -inverse.times(as_vector(gradient));
    auto const slope = direction.dot(as_vector(gradient));
    if (!(-slope / 2 > limits.decrease)) return true;  // what a quadratic with this Hessian would still lose
    double length = 1, then = 0;
    for (;; length /= 2) {
      as_vector(next) = as_vector(parameters_) + length * direction;
      then = objective(next, penalty, next_gradient);
      if (then <= now + sufficient * length * slope) break;
      if (-length * slope < numeric_floor * now) return true;
    }
    inverse.learn(length * direction, as_vector(next_gradient) - as_vector(gradient));
    parameters_.swap(next);
    gradient.swap(next_gradient);
    now = then;
  }
  return false;
}

std::vector<double> SoftmaxRegression::log_probabilities(StandardisedRows const& x) const {
  Split const at(parameters_, dims_);
  std::vector<double> result(static_cast<std::size_t>(classes_ * x.rows()));
  AlignedValues logits(padded_ * block), exponentials(padded_ * block);
  double log_sum[block];
  for (std::int64_t b = 0; b < x.blocks(); ++b) {
    logits_of_block(x.of_block(b), dims_, at.weights.data(), padded_, logits.data());
    std::copy_n(logits.data(), padded_ * block, exponentials.data());
    softmax_of_block(exponentials.data(), at.intercept.data(), classes_, log_sum);
    auto const count = std::min(block, x.rows() - b * block);
    for (std::int64_t k = 0; k < classes_; ++k) {
      auto const intercept = at.intercept[static_cast<std::size_t>(k)];
      auto* const of_class = result.data() + k * x.rows() + b * block;
      for (std::int64_t r = 0; r < count; ++r) of_class[r] = logits.data()[k * block + r] + intercept - log_sum[r];
    }
  }
  return result;
}

}  // namespace mambasynth::analysis::representation
