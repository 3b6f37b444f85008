#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "errors/errors.hpp"
#include "support/reference.hpp"

namespace mambasynth::tests::fuzz {

/// Runs one way to read the input; the error that it may end with does not keep the other ways from being tried.
template <class Action>
void attempt(Action&& action) {
  try {
    action();
  } catch (errors::Error const&) {  // the input was refused
  }
}

/// A folder for files that readers open by name. The fuzzers are started with TMPDIR in memory.
class InputFolder {
 public:
  /// Overwrites the file. No fsync, which ofstream does not do either, but also no buffer.
  std::filesystem::path put(std::string const& name, std::string_view bytes) const {
    auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    auto const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    auto const written = file < 0 ? -1 : ::write(file, bytes.data(), bytes.size());
    if (file >= 0) ::close(file);
    if (written != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("cannot write " + path.string());
    return path;
  }
  [[nodiscard]] std::filesystem::path const& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace mambasynth::tests::fuzz
