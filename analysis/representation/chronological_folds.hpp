#pragma once

#include <cstdint>
#include <vector>

namespace mambasynth::analysis::representation {

/// Cross-validation of rows in the order of time: one of `blocks` contiguous blocks of equally many rows (to one) is
/// held out at a time, and `guard` rows on each side of it are left out of training, since neighbours in time resemble
/// each other (h-block cross-validation: Burman, Chow & Nolan 1994, Biometrika 81:351).
class ChronologicalFolds {
 public:
  /// Rows first .. end - 1.
  struct Stretch {
    std::int64_t first, end;
    [[nodiscard]] std::int64_t rows() const { return end - first; }
  };

  /// A guard may be longer than a block. errors::usage for fewer than 3 blocks (the penalty is chosen by holding out
  /// one of those left), fewer rows than blocks, or a guard that leaves a block no other to choose the penalty by.
  ChronologicalFolds(std::int64_t rows, std::int64_t blocks, std::int64_t guard);

  [[nodiscard]] std::int64_t rows() const { return rows_; }
  [[nodiscard]] std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }
  [[nodiscard]] Stretch block(std::int64_t b) const { return blocks_[static_cast<std::size_t>(b)]; }
  /// All rows, cut wherever a block or its guard begins or ends: a stretch is inside or outside of each as a whole.
  [[nodiscard]] std::vector<Stretch> const& stretches() const { return stretches_; }

  /// Held out with block b.
  [[nodiscard]] bool in_block(Stretch const& stretch, std::int64_t b) const {
    return stretch.first >= block(b).first && stretch.end <= block(b).end;
  }
  /// Trained on while block b is held out: neither in it nor in its guard.
  [[nodiscard]] bool apart(Stretch const& stretch, std::int64_t b) const {
    return stretch.end <= block(b).first - guard_ || stretch.first >= block(b).end + guard_;
  }
  /// Rows of training while blocks b and c are held out (b == c: one of them), ascending; maybe none for b != c.
  [[nodiscard]] std::vector<std::int64_t> training(std::int64_t b, std::int64_t c) const;
  /// Rows of block b that tell penalties apart while block c is kept for the test, ascending, maybe none; all of it for
  /// b == c.
  [[nodiscard]] std::vector<std::int64_t> validation(std::int64_t b, std::int64_t c) const;

 private:
  std::int64_t rows_, guard_;
  std::vector<Stretch> blocks_, stretches_;
};

/// At most `most` of the rows, evenly spaced.
std::vector<std::int64_t> evenly(std::vector<std::int64_t> const& rows, std::int64_t most);

}  // namespace mambasynth::analysis::representation
