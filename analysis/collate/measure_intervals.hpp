#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/collate/interval.hpp"
#include "analysis/trial_file/measures.hpp"

namespace mambasynth::analysis::collate {

/// Intervals by the name of the measure, like a map, but with names that all cells share: a thousand cells with a
/// thousand measures take 40 MB instead of 200.
class MeasureIntervals {
 public:
  struct Entry {
    std::string const& first;
    Interval const& second;
    Entry const* operator->() const { return this; }
  };
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = Entry;
    using reference = Entry;
    iterator() = default;
    iterator(MeasureIntervals const* of, std::size_t at) : of_(of), at_(at) { skip(); }
    Entry operator*() const { return {of_->names_->all()[at_], of_->intervals_[at_]}; }
    Entry operator->() const { return **this; }
    iterator& operator++() {
      ++at_;
      skip();
      return *this;
    }
    iterator operator++(int) {
      auto const old = *this;
      ++*this;
      return old;
    }
    bool operator==(iterator const& other) const { return at_ == other.at_; }

   private:
    void skip() {
      while (at_ < of_->has_.size() && !of_->has_[at_]) ++at_;
    }
    MeasureIntervals const* of_ = nullptr;
    std::size_t at_ = 0;
  };

  MeasureIntervals() : MeasureIntervals(trial_file::MeasureNames::of({})) {}
  /// For these measures; it has none yet.
  explicit MeasureIntervals(std::shared_ptr<trial_file::MeasureNames const> names)
      : names_(std::move(names)), intervals_(names_->all().size()), has_(names_->all().size()) {}

  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, has_.size()}; }
  [[nodiscard]] iterator find(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != end(); }
  /// Errors: std::out_of_range.
  [[nodiscard]] Interval const& at(std::string_view name) const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return begin() == end(); }

  /// By the measure's place among the names; null if it has none.
  [[nodiscard]] Interval const* at_place(std::size_t place) const { return has_[place] ? &intervals_[place] : nullptr; }
  void set(std::size_t place, Interval const& interval);
  /// Adds the measure if it is new.
  void emplace(std::string const& name, Interval const& interval);

 private:
  std::shared_ptr<trial_file::MeasureNames const> names_;
  std::vector<Interval> intervals_;
  std::vector<bool> has_;
};

}  // namespace mambasynth::analysis::collate
