#include "analysis/trial_file/trial_summary.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <variant>

#include "analysis/trial_file/summary_columns.hpp"
#include "analysis/trial_file/trial_layout.hpp"
#include "errors/errors.hpp"
#include "store/hdf5.hpp"
#include "store/known_layout.hpp"

namespace mambasynth::analysis::trial_file {

namespace {

namespace layout = trial_layout;
namespace fs = std::filesystem;

errors::Error foreign(fs::path const& file, std::string const& why) {
  return errors::input(file.string() + " cannot be used as a trial", why,
                       "Remove it and run the sweep again, or give the folder that a trial wrote");
}

std::string text_of(store::AttributeValue const& value) {
  return std::visit([](auto const& held) { return fmt::format("{}", held); }, value);
}

/// Takes the named attribute out of `attributes`.
template <class T>
T taken(store::Attributes& attributes, std::string_view name, fs::path const& file) {
  auto const at = std::find_if(attributes.begin(), attributes.end(),
                               [&](auto const& attribute) { return attribute.first == name; });
  if (at == attributes.end()) throw foreign(file, fmt::format("/provenance has no attribute '{}'", name));
  auto const value = std::move(at->second);
  attributes.erase(at);
  if (auto const* held = std::get_if<T>(&value)) return *held;
  if constexpr (std::is_same_v<T, double>)
    if (auto const* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  throw foreign(file, fmt::format("attribute '{}' of /provenance is of another type", name));
}

/// All but the measures, from the attributes of /provenance.
TrialSummary trial_from(store::Attributes attributes, fs::path const& file) {
  TrialSummary trial{.provenance = {}};
  auto& facts = trial.provenance;
  facts.state = taken<std::string>(attributes, "state", file);
  if (facts.state != "done" && facts.state != "diverged") {
    throw foreign(file, "its state is '" + facts.state + "', but a committed trial is done or diverged");
  }
  facts.trial_id = taken<std::string>(attributes, "trial_id", file);
  facts.git_commit = taken<std::string>(attributes, "git_commit", file);
  facts.git_dirty = taken<std::int64_t>(attributes, "git_dirty", file) != 0;
  facts.device = taken<std::string>(attributes, "device", file);
  facts.data_hash = taken<std::string>(attributes, "data_hash", file);
  facts.seconds = taken<double>(attributes, "seconds", file);
  for (auto& [name, value] : attributes) {
    if (name == "configuration" && std::holds_alternative<std::string>(value))
      trial.configuration = std::get<std::string>(std::move(value));
    else if (auto text = text_of(value); !text.empty()) trial.facts.emplace_back(name, std::move(text));
  }
  return trial;
}

TrialSummary read_facts(store::Hdf5Reader const& h5, fs::path const& file) {
  if (!h5.exists(layout::provenance)) throw foreign(file, "it is an HDF5 file without /provenance");
  auto const schema = h5.integer_attribute("/", "schema_version");
  if (schema > layout::schema_version) {
    throw foreign(
        file, fmt::format("its schema version is {}, and this program reads up to {}", schema, layout::schema_version));
  }
  return trial_from(h5.attributes(layout::provenance), file);
}

}  // namespace

/// The measures of trials that have the same columns.
class Assembly {
 public:
  explicit Assembly(SummaryColumns columns) : columns_(std::move(columns)) {
    columns_.names.emplace_back("seconds");
    all_ = MeasureNames::of(columns_.names);
  }
  [[nodiscard]] std::vector<SummaryColumn> const& columns() const { return columns_.columns; }

  /// `numbers`: values of all columns that have a path.
  Measures of(std::vector<double> const& numbers, double seconds) {
    std::vector<double> values;
    values.reserve(columns_.names.size());
    std::vector<bool> lacks;
    auto from = numbers.begin();
    for (auto const& column : columns_.columns) {
      if (column.path.empty()) {
        values.insert(values.end(), column.count, std::nan(""));
        continue;
      }
      auto const to = from + static_cast<std::ptrdiff_t>(column.count);
      if (column.may_lack && std::any_of(from, to, [](double value) { return std::isnan(value); })) {
        lacks.resize(columns_.names.size());
        for (auto at = from; at != to; ++at)
          lacks[values.size() + static_cast<std::size_t>(at - from)] = std::isnan(*at);
      }
      values.insert(values.end(), from, to);
      from = to;
    }
    values.push_back(seconds);
    return lacks.empty() ? Measures(all_, std::move(values)) : without(lacks, values);
  }

 private:
  Measures without(std::vector<bool> const& lacks, std::vector<double> const& values) {
    std::vector<double> kept;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!lacks[i]) kept.push_back(values[i]);
    if (lacks != lacks_ || !some_) {  // mostly the same as in the trial before
      std::vector<std::string> names;
      for (std::size_t i = 0; i < lacks.size(); ++i)
        if (!lacks[i]) names.push_back(columns_.names[i]);
      some_ = MeasureNames::of(std::move(names));
      lacks_ = lacks;
    }
    return {some_, std::move(kept)};
  }

  SummaryColumns columns_;
  std::shared_ptr<MeasureNames const> all_, some_;
  std::vector<bool> lacks_;
};

namespace {

std::vector<double> read_numbers(store::Hdf5Reader const& h5, std::vector<SummaryColumn> const& columns,
                                 fs::path const& file) {
  std::vector<double> numbers;
  for (auto const& column : columns) {
    if (column.path.empty()) continue;
    auto const found = h5.read<double>(column.path);
    if (found.size() != column.count) {
      throw foreign(file, fmt::format("{} holds {} values instead of {}", column.path, found.size(), column.count));
    }
    numbers.insert(numbers.end(), found.begin(), found.end());
  }
  return numbers;
}

/// Fills measures and blocks; returns where the measures are.
Assembly read_values(TrialSummary& trial, store::Hdf5Reader const& h5, fs::path const& file) {
  Assembly assembly(summary_columns(h5));
  trial.measures = assembly.of(read_numbers(h5, assembly.columns(), file), trial.provenance.seconds);
  trial.excess_by_block = read_excess_by_block(h5, file);
  return assembly;
}

/// A file as it was when it was opened.
class OpenFile {
 public:
  explicit OpenFile(fs::path const& file) : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  OpenFile(OpenFile const&) = delete;
  OpenFile& operator=(OpenFile const&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Whether that name still means that file: a trial that is computed again replaces it.
  [[nodiscard]] bool is(fs::path const& file) const {
    struct ::stat own{}, named{};
    return ::fstat(descriptor_, &own) == 0 && ::stat(file.c_str(), &named) == 0 && own.st_dev == named.st_dev &&
           own.st_ino == named.st_ino;
  }

 private:
  int descriptor_;
};

}  // namespace

struct TrialReader::Known {
  Assembly assembly;
  ExcessByBlock excess_by_block;  ///< its axes; the values differ
  store::KnownLayout layout;
};

TrialReader::TrialReader() = default;
TrialReader::~TrialReader() = default;

TrialSummary TrialReader::read(fs::path const& file) {
  OpenFile const opened(file);
  if (opened.descriptor() >= 0)
    for (auto at = known_.begin(); at != known_.end(); ++at) {
      auto& known = **at;
      auto found = known.layout.read(opened.descriptor());
      if (!found) continue;
      auto trial = trial_from(std::move(found->facts), file);
      auto const count = static_cast<std::ptrdiff_t>(known.excess_by_block.excess.size());
      trial.excess_by_block = known.excess_by_block;
      std::copy(found->numbers.end() - count, found->numbers.end(), trial.excess_by_block.excess.begin());
      trial.measures = known.assembly.of(found->numbers, trial.provenance.seconds);
      std::rotate(known_.begin(), at, at + 1);
      unfit_ = 0;
      return trial;
    }

  store::Hdf5Reader const h5(file);
  auto trial = read_facts(h5, file);
  auto assembly = read_values(trial, h5, file);
  store::KnownLayout::Wanted wanted{
      .numbers = {},
      .scales = {layout::k, layout::n1, layout::horizon, layout::test_block, layout::windows_by_block},
      .names = {layout::layer},
      .facts = layout::provenance};
  for (auto const& column : assembly.columns())
    if (!column.path.empty()) wanted.numbers.push_back(column.path);
  if (!trial.excess_by_block.excess.empty()) wanted.numbers.emplace_back(layout::excess_by_block);
  // Learning a layout takes as long as reading five trials, and as much memory as the structure of a file, 200 kB.
  constexpr std::size_t most = 16;
  if (++unfit_ > most) return trial;
  auto known_layout = store::KnownLayout::of(file, wanted);
  if (!known_layout || !opened.is(file)) return trial;
  known_.insert(known_.begin(),
                std::make_unique<Known>(Known{std::move(assembly), trial.excess_by_block, std::move(*known_layout)}));
  if (known_.size() > most) known_.pop_back();
  return trial;
}

TrialSummary read_trial(fs::path const& file) {
  store::Hdf5Reader const h5(file);
  auto trial = read_facts(h5, file);
  read_values(trial, h5, file);
  return trial;
}

std::string TrialSummary::fact(std::string const& name) const {
  auto const at = std::find_if(facts.begin(), facts.end(), [&](auto const& fact) { return fact.first == name; });
  return at == facts.end() ? std::string() : at->second;
}

}  // namespace mambasynth::analysis::trial_file
