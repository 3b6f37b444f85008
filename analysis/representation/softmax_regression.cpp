#include "analysis/representation/softmax_regression.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include "analysis/representation/softmax_kernel.hpp"
#include "errors/stop.hpp"

namespace mambasynth::analysis::representation {

namespace {

constexpr std::int64_t block = StandardizedRows::block;
constexpr std::size_t memory = 10;       // pairs of steps and changes of the gradient
constexpr double sufficient = 1e-4;      // Armijo's constant
constexpr double numeric_floor = 1e-15;  // relative changes of the objective below it are rounding

using Vector = Eigen::VectorXd;
using ByClass = Eigen::Map<Eigen::MatrixXd>;  // column k: w_k, b_k

}  // namespace

/// Parameters in the form the kernels take: for the standardized rows.
struct SoftmaxRegression::ForRows {
  std::vector<double> weights, intercept;  ///< (class, dims), (class)
};

/// Inverse Hessian of L-BFGS times a vector.
class SoftmaxRegression::InverseHessian {
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

SoftmaxRegression::SoftmaxRegression(StandardizedRows const& x, TrainingSet const& set,
                                     std::span<std::int32_t const> label, std::int64_t classes)
    : x_(x),
      set_(set),
      rows_(&set.rows),
      label_(label),
      classes_(classes),
      padded_((classes + class_tile - 1) / class_tile * class_tile),
      dims_(x.dims()),
      parameters_(static_cast<std::size_t>(padded_ * (dims_ + 1))) {
  count();
  for (std::int64_t k = 0; k < classes; ++k) {
    auto const p = of_class_[static_cast<std::size_t>(k)] / count_;
    curvature_ += p * (1 - p) / static_cast<double>(classes);
    parameters_[static_cast<std::size_t>(k * (dims_ + 1) + dims_)] = std::log(p);
  }
}

void SoftmaxRegression::count() {
  of_class_.assign(static_cast<std::size_t>(classes_), 0);
  for (auto const& part : rows_->parts())
    for (std::int64_t r = 0; r < block; ++r) {
      if ((part.rows >> r & 1) == 0) continue;
      auto const k = label_[static_cast<std::size_t>(part.block * block + r)];
      if (k >= 0) ++of_class_[static_cast<std::size_t>(k)];
    }
  count_ = std::accumulate(of_class_.begin(), of_class_.end(), 0.0);
}

SoftmaxRegression SoftmaxRegression::from(RowSet const& rows) const {
  auto other = *this;
  other.rows_ = &rows;
  other.count();
  return other;
}

SoftmaxRegression::ForRows SoftmaxRegression::for_rows(std::vector<double> const& parameters) const {
  ForRows at;
  for (auto own = parameters.begin(); own != parameters.end(); own += dims_ + 1) {
    auto intercept = own[dims_];
    for (std::int64_t i = 0; i < dims_; ++i) {
      auto const place = static_cast<std::size_t>(i);
      at.weights.push_back(own[i] * set_.inverse[place]);
      intercept -= at.weights.back() * set_.mean[place];
    }
    at.intercept.push_back(intercept);
  }
  return at;
}

double SoftmaxRegression::objective(std::vector<double> const& parameters, double penalty,
                                    std::vector<double>& gradient) const {
  auto const at = for_rows(parameters);
  neighbors::AlignedValues products(padded_ * block), sums(padded_ * dims_ * row_lanes);
  auto* const p = products.data();
  std::vector<double> of_intercept(static_cast<std::size_t>(padded_));
  double own[block] = {}, log_sum[block];
  double loss = 0;
  for (auto const& part : rows_->parts()) {
    auto const* const x = x_.of_block(part.block);
    auto const* const label = label_.data() + part.block * block;
    auto const trained_on = [&](std::int64_t r) { return (part.rows >> r & 1) != 0 && label[r] >= 0; };
    logits_of_block(x, dims_, at.weights.data(), padded_, p);
    for (std::int64_t r = 0; r < block; ++r)
      if (trained_on(r)) own[r] = p[label[r] * block + r] + at.intercept[static_cast<std::size_t>(label[r])];
    softmax_of_block(p, at.intercept.data(), classes_, log_sum);
    for (std::int64_t r = 0; r < block; ++r) {
      if (trained_on(r)) {
        loss += log_sum[r] - own[r];
        p[label[r] * block + r] -= 1;
      } else {
        for (std::int64_t k = 0; k < classes_; ++k) p[k * block + r] = 0;
      }
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
    auto const* const weight = parameters.data() + k * (dims_ + 1);
    auto const residual = of_intercept[static_cast<std::size_t>(k)];
    for (std::int64_t i = 0; i < dims_; ++i) {
      auto const* const lanes = sums.data() + (k * dims_ + i) * row_lanes;
      auto const place = static_cast<std::size_t>(i);
      auto const sum = std::accumulate(lanes, lanes + row_lanes, 0.0) - set_.mean[place] * residual;
      to[i] = set_.inverse[place] * sum / count_ + penalty * weight[i];
      squares += weight[i] * weight[i];
    }
    to[dims_] = residual / count_;
  }
  return loss / count_ + penalty / 2 * squares;
}

std::shared_ptr<SoftmaxRegression::InverseHessian> SoftmaxRegression::first_inverse(double penalty) const {
  Eigen::MatrixXd hessian = curvature_ * Eigen::Map<Eigen::MatrixXd const>(set_.correlation.data(), dims_, dims_);
  hessian.diagonal().array() += penalty;
  return std::make_shared<InverseHessian>(hessian, curvature_, padded_);
}

bool SoftmaxRegression::fit(double penalty, Limits const& limits) {
  auto const size = static_cast<Eigen::Index>(parameters_.size());
  auto const known = penalty == penalty_ ? std::move(learned_) : nullptr;
  auto const learned = known ? std::make_shared<InverseHessian>(*known) : first_inverse(penalty);
  learned_ = learned;
  penalty_ = penalty;
  auto& inverse = *learned;

  std::vector<double> gradient(parameters_.size()), next(parameters_.size()), next_gradient(parameters_.size());
  auto const as_vector = [size](std::vector<double>& values) { return Eigen::Map<Vector>(values.data(), size); };
  auto now = objective(parameters_, penalty, gradient);
  for (int step = 0; step < limits.steps; ++step) {
    errors::check_stop();
    Vector const direction = -inverse.times(as_vector(gradient));
    auto const slope = direction.dot(as_vector(gradient));
    if (!(-slope / 2 > limits.decrease)) return true;  // how much a quadratic with this Hessian could still decrease
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

std::vector<double> SoftmaxRegression::log_probabilities(RowSet const& rows) const {
  auto const at = for_rows(parameters_);
  std::vector<double> result;
  neighbors::AlignedValues logits(padded_ * block), exponentials(padded_ * block);
  double log_sum[block];
  for (auto const& part : rows.parts()) {
    logits_of_block(x_.of_block(part.block), dims_, at.weights.data(), padded_, logits.data());
    std::copy_n(logits.data(), padded_ * block, exponentials.data());
    softmax_of_block(exponentials.data(), at.intercept.data(), classes_, log_sum);
    for (std::int64_t r = 0; r < block; ++r)
      for (std::int64_t k = 0; k < classes_ && (part.rows >> r & 1) != 0; ++k)
        result.push_back(logits.data()[k * block + r] + at.intercept[static_cast<std::size_t>(k)] - log_sum[r]);
  }
  return result;
}

}  // namespace mambasynth::analysis::representation
