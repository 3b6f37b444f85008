#include "analysis/report/chapters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "config/toml_document.hpp"
#include "errors/errors.hpp"

namespace mambasynth::analysis::report {
namespace {

namespace fs = std::filesystem;

struct SweepKeys {
  std::string name;
  std::int64_t trials_per_gpu = 1;
};

/// The folder's name if sweep.toml does not have one that can be read.
SweepKeys keys_of(std::string const& toml, fs::path const& folder) {
  SweepKeys keys{.name = fs::absolute(folder).lexically_normal().filename().string()};
  try {
    auto const root = config::parse_toml_text(toml, "sweep.toml");
    if (!root.contains("sweep") || !root.at("sweep").is_table()) return keys;
    auto const& sweep = root.at("sweep");
    if (sweep.contains("name") && sweep.at("name").is_string()) keys.name = config::given(sweep.at("name")).text;
    if (sweep.contains("trials_per_gpu") && sweep.at("trials_per_gpu").is_integer())
      keys.trials_per_gpu = sweep.at("trials_per_gpu").as_integer();
  } catch (errors::Error const&) {
  }
  return keys;
}

/// Browsers rename files that begin with a dash.
std::string label_of(std::string const& name, std::set<std::string>& taken) {
  constexpr std::size_t longest = 40;
  std::string label;
  for (char const c : name) {
    if (label.size() == longest) break;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') label += c;
    else if (!label.empty() && label.back() != '-') label += '-';
  }
  if (label.ends_with('-')) label.pop_back();
  if (label.empty()) label = "sweep";
  auto unique = label;
  for (int number = 2; !taken.insert(unique).second; ++number) unique = fmt::format("{}-{}", label, number);
  return unique;
}

}  // namespace

std::vector<Chapter> chapters_of(std::vector<collate::SweepFolder> folders) {
  std::vector<Chapter> chapters;
  std::map<std::pair<std::string, std::vector<std::string>>, std::size_t> place;
  std::set<std::string> labels;
  for (auto& folder : folders) {
    auto const& where = folder.trials.front().folder;
    auto const text = folder.sweep_toml.find(where);
    auto const toml = text == folder.sweep_toml.end() ? std::string() : text->second;
    bool const single = toml.empty() && folder.axes == std::vector<std::string>{collate::trial_axis};
    auto const keys = keys_of(toml, where);
    auto const name = single ? "Single trials" : keys.name;
    auto const [at, is_new] = place.try_emplace({name, folder.axes}, chapters.size());
    if (is_new)
      chapters.push_back({.name = name,
                          .label = label_of(name, labels),
                          .folders = {},
                          .sweep_toml = toml,
                          .trials_per_gpu = keys.trials_per_gpu,
                          .read = {}});
    auto& chapter = chapters[at->second];
    chapter.folders.push_back(where);
    chapter.read.push_back(std::move(folder));
  }
  return chapters;
}

}  // namespace mambasynth::analysis::report
