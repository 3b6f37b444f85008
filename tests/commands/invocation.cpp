#include "commands/invocation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <sstream>

#include "commands/program.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"
#include "support/reference.hpp"

namespace mambasynth::tests {
namespace {

/// Sends a standard stream to a file until the end of the scope.
class Redirected {
 public:
  Redirected(int descriptor, std::filesystem::path const& file) : descriptor_(descriptor), saved_(::dup(descriptor)) {
    int const target = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(target, descriptor);
    ::close(target);
  }
  Redirected(Redirected const&) = delete;
  Redirected& operator=(Redirected const&) = delete;
  ~Redirected() {
    ::dup2(saved_, descriptor_);
    ::close(saved_);
  }

 private:
  int descriptor_, saved_;
};

}  // namespace

Invocation invoke(std::vector<std::string> const& words) {
  std::vector<std::string> all{"mambasynth"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (auto& word : all) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  TemporaryFolder const folder;
  auto const out = folder.path() / "out", err = folder.path() / "err";
  Invocation done;
  std::cout.flush();
  {
    Redirected const stdout_to(STDOUT_FILENO, out), stderr_to(STDERR_FILENO, err);
    done.code = commands::run_program(static_cast<int>(all.size()), arguments.data());
    (void)streams::flush();
  }
  done.out = store::read_text(out);
  done.err = store::read_text(err);
  return done;
}

std::string in_one_line(std::string const& text) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

}  // namespace mambasynth::tests
