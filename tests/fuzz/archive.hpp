#pragma once

#include <filesystem>

#include "arrays/archive.hpp"
#include "fuzz/input.hpp"
#include "series/load.hpp"

namespace mambasynth::tests::fuzz {

/// Every way to read a file of named arrays: each array as floating-point numbers and as integers, and all as a series.
template <class Open>
void read_archive(std::filesystem::path const& file, Open const& open) {
  attempt([&] {
    arrays::Archive const archive = open(file);
    for (auto const& member : archive.list()) {
      attempt([&] { static_cast<void>(archive.need(member.name)); });
      attempt([&] { static_cast<void>(archive.values(member.name)); });
      attempt([&] { static_cast<void>(archive.integers(member.name)); });
    }
  });
  attempt([&] { static_cast<void>(series::load(file)); });
}

}  // namespace mambasynth::tests::fuzz
