#include "doctor/folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "doctor/hdf5_locking.hpp"
#include "doctor/inspect.hpp"
#include "errors/errors.hpp"
#include "provenance/run.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5_file.hpp"

namespace mambasynth::doctor {
namespace {

namespace fs = std::filesystem;

constexpr int lock_rounds = 20;
constexpr double written_mb = 8;  // about the size of a trial's checkpoint

std::string prefix() { return ".mambasynth-doctor." + provenance::host_name() + "."; }

/// Removes folders that an earlier doctor on this host left when it was killed.
void remove_stale_folders(fs::path const& folder) {
  std::error_code ignored;
  for (auto const& entry : fs::directory_iterator(folder, ignored)) {
    auto const name = entry.path().filename().string();
    if (!name.starts_with(prefix())) continue;
    auto const pid = std::atol(name.substr(prefix().size()).c_str());
    if (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

/// The folder for all tests; removed by the destructor.
class Scratch {
 public:
  Scratch(std::string const& base, CleanupOnSignal* cleanup)
      : path_(base + "/" + prefix() + std::to_string(::getpid())), cleanup_(cleanup) {
    if (cleanup_) cleanup_->watch(path_);
    if (::mkdir(path_.c_str(), 0755) != 0) problem_ = errors::system_reason(errno);
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    if (cleanup_) cleanup_->watch("");
  }
  [[nodiscard]] std::string const& path() const { return path_; }
  [[nodiscard]] std::string const& problem() const { return problem_; }

 private:
  std::string path_, problem_;
  CleanupOnSignal* cleanup_;
};

/// Why `work` failed, without the remedy of its error: the finding has its own.
template <class Work>
std::string reason_of(Work const& work) {
  try {
    work();
    return "";
  } catch (std::exception const& error) {
    std::string const text = error.what();
    auto const open = text.find(" ("), close = text.rfind("). ");
    return open == std::string::npos || close == std::string::npos || close < open
               ? text
               : text.substr(open + 2, close - open - 2);
  }
}

std::string try_hdf5(std::string const& file) {
  return reason_of([&] {
    store::Hdf5Writer writer(file);
    writer.scalar("/probe", 1.0);
    writer.close();
    if (store::Hdf5Reader(file).read<double>("/probe") != std::vector{1.0})
      throw std::runtime_error("it reads back different data");
  });
}

bool locks_unsupported(std::string const& file) {
  int const opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (opened < 0) return false;
  bool const refused = ::flock(opened, LOCK_EX | LOCK_NB) != 0 && errno != EWOULDBLOCK && errno != EINTR;
  ::close(opened);
  return refused;
}

bool lies_in_home(std::string const& path) {
  char const* const home = std::getenv("HOME");
  if (!home || !*home || std::string(home) == "/") return false;
  std::error_code ignored;
  auto const resolved = fs::weakly_canonical(home, ignored).string();
  return path == resolved || path.starts_with(resolved + "/");
}

}  // namespace

std::string nearest_existing(std::string const& wanted) {
  std::error_code ignored;
  auto at = fs::absolute(wanted, ignored).lexically_normal();
  while (at.has_relative_path() && !fs::exists(at, ignored)) at = at.parent_path();
  auto const resolved = fs::weakly_canonical(at, ignored);
  return resolved.has_filename() || !resolved.has_relative_path() ? resolved.string() : resolved.parent_path().string();
}

FolderFacts try_folder(std::string const& out, std::function<std::vector<Attempt>(Order const&)> const& ask,
                       CleanupOnSignal* cleanup) {
  FolderFacts facts;
  facts.asked = out;
  facts.path = nearest_existing(out);
  facts.type = file_system_type(facts.path);
  facts.space = space_at(facts.path);
  facts.in_home = lies_in_home(facts.path);
  remove_stale_folders(facts.path);
  Scratch const scratch(facts.path, cleanup);
  facts.not_writable = scratch.problem();
  if (!facts.not_writable.empty()) return facts;

  auto const file = scratch.path() + "/seen";
  facts.not_durable = reason_of([&] { store::write_atomically(file, "first"); });
  if (facts.not_durable.empty()) {
    facts.sees_new = ask({.kind = Order::Kind::read, .path = file, .text = "first", .rounds = 0});
    facts.not_durable = reason_of([&] { store::write_atomically(file, "second"); });
    facts.sees_replaced = ask({.kind = Order::Kind::read, .path = file, .text = "second", .rounds = 0});
  }
  auto const begin = std::chrono::steady_clock::now();
  facts.written_mb = written_mb;
  // A quota takes effect only when the bytes are written.
  if (facts.not_durable.empty())
    facts.not_durable = reason_of([&] {
      store::write_atomically(scratch.path() + "/large", std::string(static_cast<std::size_t>(written_mb * 1e6), 'x'));
    });
  facts.write_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!facts.not_durable.empty()) return facts;

  facts.rounds = lock_rounds;
  facts.links = ask({.kind = Order::Kind::link, .path = scratch.path(), .text = {}, .rounds = lock_rounds});
  facts.hdf5 = try_hdf5(scratch.path() + "/probe.h5");
  facts.hdf5_locking = why_hdf5_cannot_lock(scratch.path() + "/locked.h5");
  if (!facts.hdf5_locking.empty()) facts.locks_unsupported = locks_unsupported(scratch.path() + "/flock");
  return facts;
}

}  // namespace mambasynth::doctor
