#pragma once

#include <filesystem>
#include <string>

/// Files that the program wrote into a folder of its own and later finds damaged or replaced. Never for a file that the
/// user named.
namespace mambasynth::store {

/// Moves `file`, whatever it is, to the first free name of NAME.damaged, NAME.damaged.2, ... beside it and returns that
/// path. Errors: errors::machine if it cannot be moved.
std::filesystem::path set_aside(std::filesystem::path const& file);

/// Frees the name of one of the program's files: a folder, a broken link or a pipe under that name is moved aside,
/// because no rename would replace it and no reader can use it. Returns a one-line warning, or "" if nothing was in the
/// way.
std::string make_way(std::filesystem::path const& file);

/// Moves the file aside and returns "warning: FILE is damaged (WHY). It is now FILE.damaged, REMEDY."
std::string replace_damaged(std::filesystem::path const& file, std::string const& why, std::string const& remedy);

}  // namespace mambasynth::store
