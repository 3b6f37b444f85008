#include "analysis/collate/reading_processes.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "analysis/collate/trial_lookup.hpp"
#include "analysis/collate/trial_record.hpp"
#include "cores/cores.hpp"
#include "progress/count.hpp"

namespace mambasynth::analysis::collate {
namespace {

namespace fs = std::filesystem;

bool send(int to, char const* bytes, std::size_t size) {
  while (size > 0) {
    auto const written = ::write(to, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool receive(int from, char* bytes, std::size_t size) {
  while (size > 0) {
    auto const got = ::read(from, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// Every n-th trial, read by a process of its own, which writes one record after another into a pipe.
class Share {
 public:
  Share(std::vector<CollatedTrial> const& trials, std::vector<fs::path> const& folders, std::size_t first,
        std::size_t step) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      std::signal(SIGPIPE, SIG_DFL);  // the reader is gone: so is the reason to go on
      ::_exit(run(trials, folders, first, step, ends[1]) ? 0 : 1);
    }
    ::close(ends[1]);
    if (pid_ > 0) from_ = ends[0];
    else ::close(ends[0]);
  }
  Share(Share const&) = delete;
  Share& operator=(Share const&) = delete;
  ~Share() {
    stop();
    while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  /// The next trial of the share; false if its process ended early (out of memory, no process to be had).
  bool next(CollatedTrial& trial, std::vector<std::string>& warnings) {
    std::uint64_t size = 0;
    if (from_ < 0) return false;
    if (receive(from_, reinterpret_cast<char*>(&size), sizeof size)) {
      record_.resize(size);
      if (receive(from_, record_.data(), size)) {
        reader_.read(record_, trial, warnings);
        return true;
      }
    }
    stop();
    return false;
  }

 private:
  static bool run(std::vector<CollatedTrial> const& trials, std::vector<fs::path> const& folders, std::size_t first,
                  std::size_t step, int to) {
    try {
      trial_file::TrialReader reader;
      RecordWriter writer;
      for (auto i = first; i < trials.size(); i += step) {
        CollatedTrial trial;
        trial.id = trials[i].id;
        std::vector<std::string> warnings;
        look_up(trial, folders[i], reader, warnings);
        auto const record = writer.write(trial, warnings);
        std::uint64_t const size = record.size();
        if (!send(to, reinterpret_cast<char const*>(&size), sizeof size) || !send(to, record.data(), record.size()))
          return false;
      }
      return true;
    } catch (std::exception const&) {
      return false;  // the parent reads the rest itself, and reports what is wrong
    }
  }
  void stop() {
    if (from_ >= 0) ::close(std::exchange(from_, -1));
  }

  pid_t pid_ = -1;
  int from_ = -1;
  std::string record_;
  RecordReader reader_;
};

std::size_t processes_for(std::size_t trials) {
  constexpr std::size_t worth_a_process = 100;  // 30 ms of reading, 1 ms for the process
  auto const cores = static_cast<std::size_t>(cores::usable());
  return std::min(cores, trials / worth_a_process);
}

/// One configuration for all trials that share it, in place of each trial's text. The plan's seed takes precedence.
void share_configuration(CollatedTrial& trial) {
  if (!trial.result || trial.result->configuration.empty()) return;
  auto const [configuration, seed] = shared_configuration(trial.result->configuration);
  trial.configuration = configuration;
  if (trial.seed.empty()) trial.seed = seed;
  trial.result->configuration = {};
}

}  // namespace

void look_up_all(std::vector<CollatedTrial>& trials, std::vector<fs::path> const& folders,
                 std::vector<std::string>& warnings) {
  std::vector<std::unique_ptr<Share>> shares;
  auto const count = processes_for(trials.size());
  for (std::size_t s = 0; s < count && count > 1; ++s)
    shares.push_back(std::make_unique<Share>(trials, folders, s, count));
  trial_file::TrialReader reader;
  progress::Count read(std::ssize(trials), "trial");
  for (std::size_t i = 0; i < trials.size(); ++i, read.add()) {
    auto& trial = trials[i];
    if (shares.empty() || !shares[i % shares.size()]->next(trial, warnings))
      look_up(trial, folders[i], reader, warnings);
    if (trial.result) trial.file = folders[i] / "trial.h5";
    share_configuration(trial);
  }
}

}  // namespace mambasynth::analysis::collate
