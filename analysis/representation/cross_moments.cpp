#include "analysis/representation/cross_moments.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <numeric>

#include "analysis/neighbors/every_width.hpp"
#include "errors/errors.hpp"
#include "errors/stop.hpp"

namespace mambasynth::analysis::representation {

namespace {

constexpr std::int64_t block = 64;  // rows that stay in the cache while the products of all columns are formed

constexpr std::int64_t lanes = 8, tile_rows = 4, tile_columns = 2 * lanes;

/// A block of rows lies in strips of tile_columns columns, so a tile reads memory sequentially: (strip, row, column).
std::int64_t in_strips(std::int64_t row, std::int64_t column) {
  return (column / tile_columns * block + row) * tile_columns + column % tile_columns;
}

/// product[i, j] += sum over n rows of x[i] x[j], row by row, for i of one tile and all j from its strip on.
MAMBASYNTH_EVERY_WIDTH
void add_products(double const* x, std::int64_t n, std::int64_t width, std::int64_t i, double* product) {
  auto const* const left = x + in_strips(0, i);
  for (auto j = i / tile_columns * tile_columns; j < width; j += tile_columns) {
    auto const* const right = x + in_strips(0, j);
    neighbors::Eight sum[tile_rows][2];
    for (std::int64_t a = 0; a < tile_rows; ++a)
      for (std::int64_t b = 0; b < 2; ++b)
        sum[a][b] = *reinterpret_cast<neighbors::Eight const*>(product + (i + a) * width + j + b * lanes);
    for (std::int64_t r = 0; r < n; ++r) {
      auto const low = *reinterpret_cast<neighbors::Eight const*>(right + r * tile_columns);
      auto const high = *reinterpret_cast<neighbors::Eight const*>(right + r * tile_columns + lanes);
      for (std::int64_t a = 0; a < tile_rows; ++a) {
        sum[a][0] += left[r * tile_columns + a] * low;
        sum[a][1] += left[r * tile_columns + a] * high;
      }
    }
    for (std::int64_t a = 0; a < tile_rows; ++a)
      for (std::int64_t b = 0; b < 2; ++b)
        *reinterpret_cast<neighbors::Eight*>(product + (i + a) * width + j + b * lanes) = sum[a][b];
  }
}

std::int64_t values(Rows const& rows) {
  return std::visit([](auto span) { return static_cast<std::int64_t>(span.size()); }, rows);
}

double value(Rows const& rows, std::int64_t i) {
  return std::visit([i](auto span) { return static_cast<double>(span[static_cast<std::size_t>(i)]); }, rows);
}

/// Rows first .. first + n - 1 of a part, less `shift`, from `column` on; their squared lengths in column `length`.
void shifted(Rows const& rows, std::int64_t first, std::int64_t n, std::int64_t dims, double const* shift,
             std::int64_t column, std::int64_t length, double* x) {
  std::visit(
      [&](auto span) {
        for (std::int64_t r = 0; r < n; ++r) {
          auto const* const from = span.data() + (first + r) * dims;
          double squared[lanes] = {};
          for (std::int64_t c = 0; c < dims; ++c) {
            auto const difference = static_cast<double>(from[c]) - shift[c];
            squared[c % lanes] += difference * difference;
            x[in_strips(r, column + c)] = difference;
          }
          x[in_strips(r, length)] = std::accumulate(squared, squared + lanes, 0.0);
        }
      },
      rows);
}

}  // namespace

CrossMoments::CrossMoments(std::vector<std::int64_t> parts, int threads)
    : parts_(std::move(parts)), first_(parts_.size() + 1), threads_(threads > 0 ? threads : omp_get_max_threads()) {
  std::partial_sum(parts_.begin(), parts_.end(), first_.begin() + 1);
  dims_ = first_.back();
  columns_ = dims_ + this->parts();
  width_ = (columns_ + tile_columns - 1) / tile_columns * tile_columns;
  shift_.resize(at(dims_));
  sum_.resize(at(columns_));
  product_ = neighbors::AlignedValues(width_ * width_);
}

void CrossMoments::add(std::span<Rows const> rows) {
  auto const count = rows.empty() || parts_.empty() ? 0 : values(rows[0]) / std::max<std::int64_t>(parts_[0], 1);
  for (std::size_t p = 0; p < std::max(rows.size(), parts_.size()); ++p) {
    if (rows.size() != parts_.size())
      throw errors::usage(fmt::format("rows in {} parts instead of {}", rows.size(), parts_.size()),
                          "products are taken between all of them", "Pass one matrix per part");
    if (values(rows[p]) != count * parts_[p])
      throw errors::usage(fmt::format("{} values for rows of {} dimensions", values(rows[p]), parts_[p]),
                          p == 0 ? "the last row is incomplete" : fmt::format("the first part has {} rows", count),
                          "Pass whole rows, the same number for each part");
  }
  if (count == 0) return;
  if (rows_ == 0)
    for (std::size_t p = 0; p < rows.size(); ++p)
      for (std::int64_t c = 0; c < parts_[p]; ++c) shift_[at(first_[p] + c)] = value(rows[p], c);
  rows_ += count;

  // Each thread owns every threads-th tile (the rows of the triangle differ in length) and goes over all rows on its
  // own: no barriers between blocks, and each sum is accumulated by one thread in the order of the rows.
  errors::StopFlag stop;
#pragma omp parallel num_threads(threads_)
  {
    auto const stride = static_cast<std::int64_t>(omp_get_num_threads()) * tile_rows;
    neighbors::AlignedValues strips(block * width_);
    double* const x = strips.data();
    for (std::int64_t start = 0; start < count && !stop.requested(); start += block) {
      auto const n = std::min(block, count - start);
      for (std::size_t p = 0; p < rows.size(); ++p)
        shifted(rows[p], start, n, parts_[p], shift_.data() + first_[p], first_[p],
                dims_ + static_cast<std::int64_t>(p), x);
      for (std::int64_t i = omp_get_thread_num() * tile_rows; i < columns_; i += stride) {
        add_products(x, n, width_, i, product_.data());
        for (auto a = i; a < std::min(i + tile_rows, columns_); ++a)
          for (std::int64_t r = 0; r < n; ++r) sum_[at(a)] += x[in_strips(r, a)];
      }
    }
  }
  stop.throw_if_requested();
}

double CrossMoments::variance(std::int64_t part) const {
  double trace = 0;
  for (auto i = first(part); i < first(part + 1); ++i) trace += covariance(i, i);
  return trace;
}

double CrossMoments::product_of_squared_lengths(std::int64_t p, std::int64_t q) const {
  // With u = x - shift, a = |u|^2, delta = mean of u, c = |delta|^2 and likewise v, b, epsilon, g for the other part:
  // sum (a - 2 u.delta + c)(b - 2 v.epsilon + g), expanded into sums that are kept.
  double c = 0, g = 0, across = 0, lengths_by_v = 0, u_by_lengths = 0;
  for (auto i = first(p); i < first(p + 1); ++i) {
    c += average(i) * average(i);
    u_by_lengths += average(i) * product(i, dims_ + q);
    for (auto j = first(q); j < first(q + 1); ++j) across += average(i) * product(i, j) * average(j);
  }
  for (auto j = first(q); j < first(q + 1); ++j) {
    g += average(j) * average(j);
    lengths_by_v += product(j, dims_ + p) * average(j);
  }
  return product(dims_ + p, dims_ + q) - 2 * lengths_by_v - 2 * u_by_lengths + g * sum_[at(dims_ + p)] +
         c * sum_[at(dims_ + q)] + 4 * across - 3 * static_cast<double>(rows_) * c * g;
}

}  // namespace mambasynth::analysis::representation
