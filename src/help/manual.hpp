#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "errors/errors.hpp"
#include "help/page.hpp"

/// Manual pages, made from the pages of --help.
namespace mambasynth::help {

/// An exit code and what it means.
struct ExitMeaning {
  errors::ExitCode code;
  std::string_view meaning;
};

/// What the pages of a program have in common.
struct Edition {
  std::string version;  ///< "0.1.0"
  std::string date;     ///< "2026-11-30", or empty
  std::vector<ExitMeaning> exit_codes;
};

/// A manual page of section 1 as roff, for `man -l -` or share/man/man1/NAME.1. NAME has hyphens for spaces:
/// mambasynth-train. `related`: names of other pages.
std::string to_roff(Page const& page, Edition const& edition, std::vector<std::string> const& related);
std::string to_roff(Overview const& overview, Edition const& edition, std::vector<std::string> const& related);

/// "mambasynth-train" of "mambasynth train".
std::string manual_name(std::string name);

}  // namespace mambasynth::help
