#include "store/damaged_file.hpp"

#include <cerrno>
#include <cstdio>

#include "errors/errors.hpp"

namespace mambasynth::store {
namespace {

namespace fs = std::filesystem;

/// Why no file can be written or read under this name, or "".
std::string obstacle(fs::path const& file) {
  std::error_code ignored;
  switch (fs::symlink_status(file, ignored).type()) {
    case fs::file_type::not_found:
    case fs::file_type::regular:
      return "";
    case fs::file_type::symlink:
      break;
    case fs::file_type::directory:
      return "it is a folder";
    default:
      return "it is not a regular file";
  }
  switch (fs::status(file, ignored).type()) {
    case fs::file_type::regular:
      return "";
    case fs::file_type::not_found:
      return "it is a broken link";
    default:
      return "it is a link to something other than a regular file";
  }
}

}  // namespace

fs::path set_aside(fs::path const& file) {
  std::error_code ignored;
  fs::path aside;
  for (int number = 1; number == 1 || fs::exists(fs::symlink_status(aside, ignored)); ++number)
    aside = file.string() + ".damaged" + (number == 1 ? "" : "." + std::to_string(number));
  if (std::rename(file.c_str(), aside.c_str()) != 0)
    throw errors::machine("cannot move " + file.string() + " aside", errors::system_reason(errno),
                          "Remove it, then run the same command again");
  return aside;
}

std::string replace_damaged(fs::path const& file, std::string const& why, std::string const& remedy) {
  auto const aside = set_aside(file);
  return "warning: " + file.string() + " is damaged (" + why + "). It is now " + aside.filename().string() + ", " +
         remedy + ".";
}

std::string make_way(fs::path const& file) {
  auto const why = obstacle(file);
  return why.empty() ? "" : replace_damaged(file, why, "and a new one is written");
}

}  // namespace mambasynth::store
