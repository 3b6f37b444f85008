#pragma once

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "analysis/collate/trials.hpp"
#include "store/atomic_file.hpp"
#include "store/csv.hpp"
#include "support/reference.hpp"

/// The real program, and folders as a sweep leaves them.
namespace mambasynth::tests {

namespace fs = std::filesystem;

struct Ran {
  int code;
  std::string out, err;
};

class Program {
 public:
  explicit Program(fs::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Ran operator()(std::string const& arguments) const { return shell(MAMBASYNTH_COLLATE " " + arguments); }
  [[nodiscard]] Ran shell(std::string const& command) const {
    auto const out = folder_ / "stdout.txt";
    auto const err = folder_ / "stderr.txt";
    auto const status = std::system(("{ " + command + "; } >" + out.string() + " 2>" + err.string()).c_str());
    return {WEXITSTATUS(status), store::read_text(out), store::read_text(err)};
  }

 private:
  fs::path folder_;
};

/// table.csv as records of column -> field.
inline std::vector<std::map<std::string, std::string>> table(fs::path const& folder) {
  auto const records = store::csv::parse(store::read_text(folder / "table.csv"), "table.csv");
  std::vector<std::map<std::string, std::string>> rows;
  for (std::size_t r = 1; r < records.size(); ++r) {
    rows.emplace_back();
    for (std::size_t c = 0; c < records[r].size(); ++c) rows.back()[records[0].at(c)] = records[r][c];
  }
  return rows;
}

/// Characters of the longest line of any table.
inline std::size_t longest_table_line(std::string const& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("|"))
      longest = std::max(longest, static_cast<std::size_t>(std::count_if(line.begin(), line.end(),
                                                                         [](char c) { return (c & 0xC0) != 0x80; })));
  return longest;
}

/// Two cells of three seeds each, with the ids a1..a3 (factor 0.0) and b1..b3 (factor 1.0), all planned, none run.
class Sweep {
 public:
  explicit Sweep(fs::path folder) : folder_(std::move(folder)) {
    write_text(folder_ / "plan.csv",
               "id,train.gate_lr_factor,seed,cost\n"
               "a1,0.0,42,1\na2,0.0,43,1\na3,0.0,44,1\nb1,1.0,42,2\nb2,1.0,43,2\nb3,1.0,44,2\n");
  }
  [[nodiscard]] fs::path trial(std::string const& id) const { return folder_ / "trials" / id; }
  void commit(analysis::trial_file::TrialResult const& result) const {
    analysis::trial_file::write_trial(trial(result.provenance.trial_id) / "trial.h5", result);
  }
  void commit(std::string const& id, double test_mse) const { commit(trial_of(id, test_mse)); }
  void complete() const {
    commit("a1", 8);
    commit("a2", 9);
    commit("a3", 13);
    for (auto const* id : {"b1", "b2", "b3"}) commit(id, 7);
  }

 private:
  fs::path folder_;
};

struct Fixture {
  TemporaryFolder root;
  fs::path dir = root.path() / "sweep";
  Sweep sweep{dir};
  Program collate{root.path()};
};

}  // namespace mambasynth::tests
