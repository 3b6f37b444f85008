#include "series/linear_algebra.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <cmath>
#include <numeric>

#include "random/numpy_generator.hpp"
#include "series/householder.hpp"

using namespace mambasynth::series;
using Catch::Matchers::WithinAbs;

TEST_CASE("dot equals the plain sum on whole numbers of any length") {
  for (std::size_t n = 0; n <= 100; ++n) {
    std::vector<double> a(n), b(n, 2.0);
    std::iota(a.begin(), a.end(), 1.0);
    CHECK(dot(a, b) == static_cast<double>(n * (n + 1)));
  }
}

TEST_CASE("pairwise sum equals the plain sum on whole numbers of any length") {
  for (std::size_t n = 0; n <= 700; n += 7) {
    std::vector<double> a(n);
    std::iota(a.begin(), a.end(), 1.0);
    CHECK(pairwise_sum(a) == static_cast<double>(n * (n + 1) / 2));
  }
}

TEST_CASE("transposed product equals the plain sums on whole numbers of any shape") {
  for (std::size_t columns = 1; columns <= 9; ++columns)
    for (std::size_t rows = 1; rows <= 21; ++rows) {
      std::vector<double> matrix(columns * (rows + 2)), x(rows);
      std::iota(matrix.begin(), matrix.end(), 1.0);
      std::iota(x.begin(), x.end(), -3.0);
      auto const products = transposed_product(matrix.data(), columns, rows + 2, x);
      for (std::size_t j = 0; j < columns; ++j)
        CHECK(products[j] == std::inner_product(x.begin(), x.end(),
                                                matrix.begin() + static_cast<std::ptrdiff_t>(j * (rows + 2)), 0.0));
    }
}

TEST_CASE("the orthonormal factor spans the matrix with LAPACK's signs") {
  constexpr std::size_t rows = 20, columns = 4;
  mambasynth::random::NumpyGenerator generator(3);
  std::vector<double> matrix(rows * columns);
  generator.fill_normal(matrix);
  auto const q = orthonormal_factor(matrix, rows, columns);
  auto const column = [&](std::vector<double> const& of, std::size_t c) {
    std::vector<double> values;
    for (std::size_t row = 0; row < rows; ++row) values.push_back(of[row * columns + c]);
    return values;
  };
  for (std::size_t i = 0; i < columns; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      CHECK_THAT(dot(column(q, i), column(q, j)), WithinAbs(i == j ? 1 : 0, 1e-15));
  // R = Q^T A is upper triangular, and R[0, 0] has the sign opposite to A[0, 0].
  for (std::size_t j = 0; j < columns; ++j)
    for (std::size_t i = j + 1; i < columns; ++i) CHECK_THAT(dot(column(q, i), column(matrix, j)), WithinAbs(0, 1e-13));
  CHECK(dot(column(q, 0), column(matrix, 0)) * matrix[0] < 0);
}

TEST_CASE("a column that is already reduced does not change") {
  CHECK(orthonormal_factor(std::vector<double>{2, 1, 0, 3}, 2, 2) == std::vector<double>{1, 0, 0, 1});
}
