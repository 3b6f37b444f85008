#include "analysis/collate/chosen_measures.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "errors/errors.hpp"
#include "errors/printable.hpp"

namespace mambasynth::analysis::collate {
namespace {

/// The nearest name; the columns of table.csv end in _mean and the like.
std::string nearest_measure(std::string const& name, Table const& table) {
  for (std::string_view const end : {"_mean", "_sd", "_ci_low", "_ci_high", test_error_end})
    if (name.ends_with(end))
      if (auto const measure = name.substr(0, name.size() - end.size()); has_measure(table, measure)) return measure;
  return errors::nearest(name, table.measures);
}

errors::Error unknown(std::string const& name, Table const& table) {
  auto const near = nearest_measure(name, table);
  bool const pattern = name.find('*') != std::string::npos;
  return errors::usage("--measure does not know '" + errors::quotable(name) + "'",
                       pattern ? "no measure matches" : "no trial has it",
                       near.empty() || pattern ? "The columns of table.csv are its names, without _mean"
                                               : "Perhaps '" + near + "' was meant");
}

}  // namespace

bool matches(std::string const& name, std::string const& pattern) {
  std::size_t n = 0, p = 0, star = std::string::npos, from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {  // the last star takes one character more
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

std::vector<std::string> chosen_measures(Table const& table, std::vector<std::string> const& asked) {
  std::vector<std::string> chosen;
  auto const add = [&](std::string const& name) {
    if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) chosen.push_back(name);
  };
  for (auto const& pattern : asked) {
    if (table.measures.empty()) break;  // nothing has run, and that is said elsewhere
    if (has_measure(table, pattern)) {
      add(pattern);
      continue;
    }
    bool any = false;
    if (pattern.find('*') != std::string::npos)
      for (auto const& name : table.measures)
        if (matches(name, pattern)) {
          add(name);
          any = true;
        }
    if (!any) throw unknown(pattern, table);
  }
  return chosen;
}

}  // namespace mambasynth::analysis::collate
