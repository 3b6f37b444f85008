#include "analysis/collate/trial_record.hpp"

#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

namespace mambasynth::analysis::collate {
namespace {

class Bytes {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void add(T value) {
    add_raw(&value, sizeof value);
  }
  void add(std::string const& text) {
    add(text.size());
    add_raw(text.data(), text.size());
  }
  template <class T>
  void add(std::span<T const> values) {
    add(values.size());
    for (auto const& value : values) add(value);
  }
  void add(std::span<double const> values) {
    add(values.size());
    add_raw(values.data(), values.size_bytes());
  }
  std::string take() { return std::move(bytes_); }

 private:
  void add_raw(void const* from, std::size_t size) { bytes_.append(static_cast<char const*>(from), size); }
  std::string bytes_;
};

class Source {
 public:
  explicit Source(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void take(T& value) {
    take_raw(&value, sizeof value);
  }
  void take(std::string& text) {
    text.resize(count());
    take_raw(text.data(), text.size());
  }
  template <class T>
  void take(std::vector<T>& values) {
    values.resize(count());
    for (auto& value : values) take(value);
  }
  void take(std::vector<double>& values) {
    values.resize(count());
    take_raw(values.data(), values.size() * sizeof(double));
  }
  template <class A, class B>
  void take(std::pair<A, B>& both) {
    take(both.first);
    take(both.second);
  }

 private:
  std::size_t count() {
    std::size_t size = 0;
    take(size);
    return size;
  }
  void take_raw(void* to, std::size_t size) {
    if (size == 0) return;
    std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::string_view bytes_;
};

}  // namespace

std::string RecordWriter::write(CollatedTrial const& trial, std::vector<std::string> const& warnings) {
  Bytes bytes;
  bytes.add(trial.id);
  bytes.add(trial.outcome);
  bytes.add(trial.timed_out);
  bytes.add(trial.reason);
  bytes.add(std::span(warnings));
  bytes.add(trial.result.has_value());
  if (!trial.result) return bytes.take();
  auto const& [facts, configuration, more, measures, excess] = *trial.result;
  for (auto const* text :
       {&facts.state, &facts.trial_id, &facts.git_commit, &facts.device, &facts.data_hash, &configuration})
    bytes.add(*text);
  bytes.add(facts.git_dirty);
  bytes.add(facts.seconds);
  bytes.add(more.size());
  for (auto const& [name, value] : more) {
    bytes.add(name);
    bytes.add(value);
  }
  auto const [at, is_new] = sent_.try_emplace(measures.names().get(), sent_.size());
  bytes.add(at->second);
  if (is_new) bytes.add(std::span(measures.names()->all()));
  bytes.add(measures.values());
  bytes.add(std::span(excess.horizon));
  bytes.add(std::span(excess.blocks.first));
  bytes.add(std::span(excess.blocks.windows));
  bytes.add(std::span<double const>(excess.excess));
  return bytes.take();
}

void RecordReader::read(std::string_view record, CollatedTrial& trial, std::vector<std::string>& warnings) {
  Source source(record);
  source.take(trial.id);
  source.take(trial.outcome);
  source.take(trial.timed_out);
  source.take(trial.reason);
  std::vector<std::string> more_warnings;
  source.take(more_warnings);
  for (auto& warning : more_warnings) warnings.push_back(std::move(warning));
  bool has_result = false;
  source.take(has_result);
  if (!has_result) return;
  auto& result = trial.result.emplace();
  auto& facts = result.provenance;
  for (auto* text :
       {&facts.state, &facts.trial_id, &facts.git_commit, &facts.device, &facts.data_hash, &result.configuration})
    source.take(*text);
  source.take(facts.git_dirty);
  source.take(facts.seconds);
  source.take(result.facts);
  std::uint64_t names = 0;
  source.take(names);
  if (names == received_.size()) {
    std::vector<std::string> all;
    source.take(all);
    received_.push_back(trial_file::MeasureNames::of(std::move(all)));
  }
  std::vector<double> values;
  source.take(values);
  result.measures = {received_.at(names), std::move(values)};
  source.take(result.excess_by_block.horizon);
  source.take(result.excess_by_block.blocks.first);
  source.take(result.excess_by_block.blocks.windows);
  source.take(result.excess_by_block.excess);
}

}  // namespace mambasynth::analysis::collate
