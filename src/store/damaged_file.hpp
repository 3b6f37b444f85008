#pragma once

#include <filesystem>
#include <string>

/// For files that the program wrote to its own folder and later finds damaged or replaced. Never for a file that the
/// user named.
namespace mambasynth::store {

/// Moves `file`, whatever its type, to the first free name of NAME.damaged, NAME.damaged.2, ... in its folder and
/// returns that path. Errors: errors::machine if it cannot be moved.
std::filesystem::path set_aside(std::filesystem::path const& file);

/// Frees the name of one of the program's files: moves aside a folder, broken link or pipe under that name, which no
/// rename would replace and no reader can use. Returns a one-line warning, or "" if nothing was in the way.
std::string make_way(std::filesystem::path const& file);

/// Moves the file aside and returns "warning: FILE is damaged (WHY). It is now FILE.damaged, REMEDY."
std::string replace_damaged(std::filesystem::path const& file, std::string const& why, std::string const& remedy);

}  // namespace mambasynth::store
