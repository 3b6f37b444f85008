#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/collate/numbers.hpp"
#include "analysis/collate/tidy.hpp"
#include "analysis/collate/trials_csv.hpp"
#include "store/hdf5.hpp"
#include "store/result_file.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr std::int64_t tidy_schema = 1;
constexpr char const* row_scale = "/row";
constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Numbers for words, counted from 0.
class WordNumbers {
 public:
  std::int32_t operator()(std::string const& word) {
    auto const [at, is_new] = numbers_.try_emplace(word, static_cast<std::int32_t>(words_.size()));
    if (is_new) words_.push_back(word);
    return at->second;
  }
  [[nodiscard]] std::vector<std::string> const& all() const { return words_; }

 private:
  std::unordered_map<std::string, std::int32_t> numbers_;
  std::vector<std::string> words_;
};

/// A value of each trial: the same in all of its rows.
struct TrialColumn {
  std::string name;
  bool numeric = false;
  std::vector<std::string> texts;  ///< (result)
};

TrialColumn trial_column(std::string name, std::vector<std::string> texts, bool may_be_numeric) {
  auto const numeric = [](std::string const& text) { return text.empty() || parsed_number(text); };
  bool const has_any = std::any_of(texts.begin(), texts.end(), [](auto const& text) { return !text.empty(); });
  bool const all = may_be_numeric && has_any && std::all_of(texts.begin(), texts.end(), numeric);
  return {std::move(name), all, std::move(texts)};
}

std::vector<TrialColumn> trial_columns(SweepFolder const& sweep, std::vector<CollatedTrial const*> const& results) {
  auto const collect = [&](auto const& value) {
    std::vector<std::string> texts;
    for (auto const* trial : results) texts.push_back(value(*trial));
    return texts;
  };
  std::vector<TrialColumn> columns;
  columns.push_back(trial_column("trial", collect([](auto const& trial) { return trial.id; }), false));
  for (auto const& axis : axes_of_columns(sweep))
    columns.push_back(trial_column(axis, collect([&](auto const& trial) { return axis_value(trial, axis); }), true));
  columns.push_back(trial_column("seed", collect([](auto const& trial) { return trial.seed; }), true));
  columns.push_back(
      trial_column("state", collect([](auto const& trial) { return std::string(state_of(trial)); }), false));
  return columns;
}

/// The fields of all measures of trials that have the same ones.
struct MeasureColumns {
  std::vector<std::int32_t> measure, layer, target, unit, estimator, control, better, name;
  std::vector<double> horizon, k, n1;
};

double number_or_nan(std::optional<std::int64_t> value) { return value ? static_cast<double>(*value) : undefined; }

MeasureColumns measure_columns(trial_file::MeasureNames const& names, WordNumbers& word) {
  MeasureColumns columns;
  for (auto const& name : names.all()) {
    auto const m = collate::describe(name);
    columns.measure.push_back(word(m.base));
    columns.layer.push_back(word(m.layer));
    columns.target.push_back(word(m.target));
    columns.unit.push_back(word(m.unit));
    columns.estimator.push_back(word(m.estimator));
    columns.control.push_back(word(m.control));
    columns.better.push_back(word(name_of(m.better)));
    columns.name.push_back(word(m.name));
    columns.horizon.push_back(number_or_nan(m.horizon));
    columns.k.push_back(number_or_nan(m.k));
    columns.n1.push_back(number_or_nan(m.n1));
  }
  return columns;
}

/// Whole trials, so that most columns repeat their chunks: all trials of a sweep have the same measures as a rule.
std::uint64_t chunk_rows_of(std::vector<CollatedTrial const*> const& results) {
  constexpr std::uint64_t about = 1 << 14;
  auto const rows = results.empty() ? 1 : std::max<std::uint64_t>(results.front()->result->measures.size(), 1);
  return rows * std::max<std::uint64_t>(about / rows, 1);
}

std::string path_in_tidy(std::string const& column) {
  auto name = column;
  std::replace(name.begin(), name.end(), '/', '_');  // would make a group
  return "/tidy/" + name;
}

class TidyFile {
 public:
  TidyFile(std::filesystem::path const& file, std::vector<TrialColumn> const& columns, WordNumbers const& words,
           std::uint64_t chunk_rows)
      : result_(file, tidy_schema) {
    auto& h5 = result_.h5();
    h5.words("/words", words.all(), {"the distinct words of /tidy", ""});
    h5.group("/tidy");
    auto const numbers = [&](std::string const& name, store::Compression compression) {
      return h5.stream<double>(path_in_tidy(name), {row_scale}, chunk_rows, {}, compression);
    };
    auto const texts = [&](std::string const& name) {
      return h5.word_stream(path_in_tidy(name), row_scale, chunk_rows);
    };
    using enum store::Compression;
    for (auto const& column : columns)
      of_trial_.push_back(column.numeric ? numbers(column.name, repeats) : texts(column.name));
    for (std::string const name : tidy_columns)
      of_measure_.emplace(name, name == "value"                                    ? numbers(name, none)
                                : name == "horizon" || name == "k" || name == "n1" ? numbers(name, repeats)
                                                                                   : texts(name));
    rows_ = h5.stream_scale<std::int64_t>(row_scale, chunk_rows, {"row", "1"});
  }

  void of_trial(std::size_t column, double value, std::size_t rows) {
    of_trial_[column].append(std::span<double const>(std::vector<double>(rows, value)));
  }
  void of_trial(std::size_t column, std::int32_t word, std::size_t rows) {
    of_trial_[column].append(std::span<std::int32_t const>(std::vector<std::int32_t>(rows, word)));
  }
  void of_measures(MeasureColumns const& columns, std::span<double const> values) {
    auto const append = [&](char const* name, auto const& column) {
      of_measure_.at(name).append(std::span(column.data(), column.size()));
    };
    append("measure", columns.measure);
    append("layer", columns.layer);
    append("horizon", columns.horizon);
    append("k", columns.k);
    append("target", columns.target);
    append("value", values);
    append("unit", columns.unit);
    append("estimator", columns.estimator);
    append("n1", columns.n1);
    append("control", columns.control);
    append("better", columns.better);
    append("name", columns.name);
    std::vector<std::int64_t> numbers(values.size());
    for (auto& number : numbers) number = next_++;
    rows_.append(std::span<std::int64_t const>(numbers));
  }
  void commit() { result_.commit(); }

 private:
  store::ResultFile result_;
  std::vector<store::Hdf5Stream> of_trial_;
  std::unordered_map<std::string, store::Hdf5Stream> of_measure_;
  store::Hdf5Stream rows_;
  std::int64_t next_ = 0;
};

}  // namespace

void write_tidy_hdf5(SweepFolder const& sweep, std::filesystem::path const& file) {
  std::vector<CollatedTrial const*> results;
  for (auto const& trial : sweep.trials)
    if (trial.result) results.push_back(&trial);
  auto const columns = trial_columns(sweep, results);
  WordNumbers word;
  std::unordered_map<trial_file::MeasureNames const*, MeasureColumns> known;
  for (auto const* trial : results) {
    auto const* names = trial->result->measures.names().get();
    if (!known.contains(names)) known.emplace(names, measure_columns(*names, word));
  }
  for (auto const& column : columns)
    if (!column.numeric)
      for (auto const& text : column.texts) word(text);

  TidyFile tidy(file, columns, word, chunk_rows_of(results));
  for (std::size_t t = 0; t < results.size(); ++t) {
    auto const& measures = results[t]->result->measures;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      auto const& text = columns[c].texts[t];
      if (columns[c].numeric) tidy.of_trial(c, parsed_number(text).value_or(undefined), measures.size());
      else tidy.of_trial(c, word(text), measures.size());
    }
    tidy.of_measures(known.at(measures.names().get()), measures.values());
  }
  tidy.commit();
}

}  // namespace mambasynth::analysis::collate
