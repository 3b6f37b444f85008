#include "store/free_space.hpp"

#include <cerrno>
#include <system_error>

#include "errors/errors.hpp"

namespace mambasynth::store {
namespace {

std::string in_megabytes(std::uint64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

}  // namespace

void require_space(std::filesystem::path const& folder, std::uint64_t bytes, std::string const& what) {
  std::error_code unknown;
  auto const space = std::filesystem::space(folder.empty() ? "." : folder, unknown);
  if (unknown || space.available >= bytes) return;
  throw errors::machine("cannot write to '" + folder.string() + "'",
                        errors::system_reason(ENOSPC) + ": " + what + " takes " + in_megabytes(bytes) + ", but only " +
                            in_megabytes(space.available) + " are free",
                        "Free space there or choose a folder on another file system");
}

}  // namespace mambasynth::store
