#pragma once

#include <filesystem>
#include <string>

/// What the program wrote and later finds damaged or replaced, in a folder of its own. Never for a file that the user
/// named.
namespace mambasynth::store {

/// Moves `file`, whatever it is, to a free name beside it that says so: NAME.damaged, NAME.damaged.2, ... Returns that
/// path. Errors: errors::machine where it cannot be moved.
std::filesystem::path set_aside(std::filesystem::path const& file);

/// Makes the name of an own file free for one: a folder, a link to nothing, a pipe there are set aside, for no rename
/// would replace them and no reader can use them. Returns a warning of one line, or "" where nothing was in the way.
std::string make_way(std::filesystem::path const& file);

/// "warning: FILE is damaged (WHY). It is now FILE.damaged, REMEDY.", having set it aside.
std::string replace_damaged(std::filesystem::path const& file, std::string const& why, std::string const& remedy);

}  // namespace mambasynth::store
