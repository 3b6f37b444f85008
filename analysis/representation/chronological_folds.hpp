#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mambasynth::analysis::representation {

/// Cross-validation of rows in the order of time: `blocks` contiguous blocks of about equal size are held out in turn,
/// and `guard` rows on each side of the held-out block are left out of training, since neighbors in time resemble each
/// other (h-block cross-validation: Burman, Chow & Nolan 1994, Biometrika 81:351).
///
/// Rows come in clusters, stretches whose rows depend on each other (a visit to a circle). Clusters are never split: a
/// block begins at the cluster boundary nearest to where equal blocks would begin. Blocks are divided in the same way
/// into groups of whole clusters, which are left out of training in turn to estimate errors.
class ChronologicalFolds {
 public:
  /// Rows first .. end - 1.
  struct Stretch {
    std::int64_t first, end;
    [[nodiscard]] std::int64_t rows() const { return end - first; }
  };

  /// cluster: (rows), the number of each row's cluster; its rows are consecutive. If it is empty, or clusters are so
  /// long that a block would get no rows, each row is its own cluster. A guard may be longer than a block.
  /// errors::usage for fewer than 3 blocks (the penalty is chosen by holding out one of those left), fewer rows than
  /// blocks, a cluster array whose length differs from the number of rows, or a guard that leaves some block no other
  /// block to choose the penalty with.
  ChronologicalFolds(std::int64_t rows, std::int64_t blocks, std::int64_t guard,
                     std::span<std::int64_t const> cluster = {});

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }
  [[nodiscard]] Stretch block(std::int64_t b) const { return blocks_[static_cast<std::size_t>(b)]; }
  /// At most groups_per_block in each block, as many as it has clusters.
  static constexpr std::int64_t groups_per_block = 5;
  [[nodiscard]] std::int64_t groups() const { return static_cast<std::int64_t>(groups_.size()); }
  /// In the order of time.
  [[nodiscard]] Stretch group(std::int64_t g) const { return groups_[static_cast<std::size_t>(g)]; }
  /// 0, 1, ..., ascending over the rows; if no clusters are known, the group of each row.
  [[nodiscard]] std::int64_t cluster(std::int64_t row) const { return cluster_[static_cast<std::size_t>(row)]; }
  /// All rows, cut wherever a block, its guard, or a group begins or ends, so that a stretch lies entirely inside or
  /// outside each.
  [[nodiscard]] std::vector<Stretch> const& stretches() const { return stretches_; }

  [[nodiscard]] bool in_group(Stretch const& stretch, std::int64_t g) const {
    return stretch.first >= group(g).first && stretch.end <= group(g).end;
  }
  /// Held out with block b.
  [[nodiscard]] bool in_block(Stretch const& stretch, std::int64_t b) const {
    return stretch.first >= block(b).first && stretch.end <= block(b).end;
  }
  /// Trained on while block b is held out: neither in it nor in its guard.
  [[nodiscard]] bool apart(Stretch const& stretch, std::int64_t b) const {
    return stretch.end <= block(b).first - guard_ || stretch.first >= block(b).end + guard_;
  }
  /// Rows of training while blocks b and c are held out (b == c: one of them), ascending; may be empty for b != c.
  [[nodiscard]] std::vector<std::int64_t> training(std::int64_t b, std::int64_t c) const;
  /// Rows of block b that validate the penalties while block c is held out for the test, ascending; may be empty. All
  /// of the block for b == c.
  [[nodiscard]] std::vector<std::int64_t> validation(std::int64_t b, std::int64_t c) const;

 private:
  std::int64_t rows_, guard_;
  std::vector<Stretch> blocks_, groups_, stretches_;
  std::vector<std::int64_t> cluster_;
};

}  // namespace mambasynth::analysis::representation
