#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mambasynth::analysis::trial_file {

/// The names of a trial's measures, in order. Trials that have the same ones share them: a sweep of 10,000 trials with
/// 1,000 measures each holds 1,000 names.
class MeasureNames {
 public:
  /// The only list of these names in this process. One thread at a time.
  static std::shared_ptr<MeasureNames const> of(std::vector<std::string> names);
  explicit MeasureNames(std::vector<std::string> names);
  MeasureNames(MeasureNames const&) = delete;
  MeasureNames& operator=(MeasureNames const&) = delete;

  [[nodiscard]] std::vector<std::string> const& all() const noexcept { return names_; }
  /// Its place among all().
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string_view, std::size_t> places_;
};

/// Names and values in a fixed order.
class Measures {
 public:
  using Entry = std::pair<std::string const&, double>;
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Entry;
    iterator() = default;
    iterator(std::string const* name, double const* value) : name_(name), value_(value) {}
    Entry operator*() const { return {*name_, *value_}; }
    iterator& operator++() {
      ++name_;
      ++value_;
      return *this;
    }
    iterator operator++(int) {
      auto const old = *this;
      ++*this;
      return old;
    }
    bool operator==(iterator const& other) const { return value_ == other.value_; }

   private:
    std::string const* name_ = nullptr;
    double const* value_ = nullptr;
  };

  Measures() : Measures(MeasureNames::of({}), {}) {}
  /// As many values as names.
  Measures(std::shared_ptr<MeasureNames const> names, std::vector<double> values)
      : names_(std::move(names)), values_(std::move(values)) {}

  [[nodiscard]] iterator begin() const { return {names_->all().data(), values_.data()}; }
  [[nodiscard]] iterator end() const {
    return {names_->all().data() + values_.size(), values_.data() + values_.size()};
  }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] Entry front() const { return *begin(); }
  [[nodiscard]] Entry back() const { return {names_->all().back(), values_.back()}; }

  /// Nothing if the trial does not have it.
  [[nodiscard]] std::optional<double> find(std::string_view name) const;
  /// Equal for trials that have the same measures.
  [[nodiscard]] std::shared_ptr<MeasureNames const> const& names() const noexcept { return names_; }
  [[nodiscard]] std::span<double const> values() const noexcept { return values_; }
  /// Overwrites a value, or adds a measure at the end.
  void set(std::string const& name, double value);

 private:
  std::shared_ptr<MeasureNames const> names_;
  std::vector<double> values_;
};

}  // namespace mambasynth::analysis::trial_file
