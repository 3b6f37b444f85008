#include "sweep/lock.hpp"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "errors/errors.hpp"

namespace mambasynth::sweep {
namespace {

using Clock = std::chrono::steady_clock;

/// Of constant length, so that a heartbeat overwrites the file in place: the file that was renamed away by a new
/// holder keeps beating harmlessly, where a rename over DIR/lock would destroy the new holder's lock.
std::string text_of(Holder const& holder) {
  char counter[24];
  std::snprintf(counter, sizeof counter, "%20lld", static_cast<long long>(holder.heartbeat));
  nlohmann::ordered_json object;
  object["host"] = holder.host;
  object["pid"] = holder.pid;
  object["process_start"] = holder.process_start;
  if (!holder.slurm_job.empty()) {
    object["slurm_job"] = holder.slurm_job;
    object["slurm_restarts"] = holder.slurm_restarts;
  }
  object["token"] = holder.token;
  auto text = object.dump();
  text.pop_back();
  return text + ",\"heartbeat\":" + counter + "}\n";
}

errors::Error cannot(std::string const& what, std::filesystem::path const& file) {
  return errors::machine("cannot " + what + " the lock " + file.string(), errors::system_reason(errno),
                         "Make room, or choose an --out that can be written");
}

errors::Error held(std::filesystem::path const& folder, Holder const& holder) {
  return errors::usage(folder.string() + " is held by another launcher", holder.describe() + " runs this sweep folder",
                       "Wait for it or end it; --take-over forces, if you know that it is gone");
}

/// Waits until the counter moves (false: it lives) or stood still for so long that the holder is gone (true).
/// A lock that changes hands or disappears meanwhile counts as moved resp. gone; the caller looks again.
bool stands_still(std::filesystem::path const& file, Holder const& holder, LockRules const& rules) {
  auto const begin = Clock::now();
  bool told = false;
  while (Clock::now() - begin < rules.stale_after) {
    std::this_thread::sleep_for(std::min(rules.heartbeat / 4, rules.stale_after / 4));
    auto const seen = read_lock(file);
    if (seen && (seen->token != holder.token || seen->heartbeat != holder.heartbeat)) return false;
    if (!seen && !std::filesystem::exists(file)) return true;
    if (!told && rules.waiting && Clock::now() - begin > 3 * rules.heartbeat) {
      rules.waiting(holder);
      told = true;
    }
  }
  return true;
}

}  // namespace

struct Lock::Beat {
  std::filesystem::path file;
  Holder self;
  int descriptor = -1;
  std::atomic<bool> lost{false};
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread thread;

  /// Writes the lock under a name of its own and links it to `file`, which fails when there is one: atomic on NFS too.
  bool try_take() {
    auto const own = file.string() + "." + self.token;
    descriptor = ::open(own.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0) throw cannot("create", file);
    auto const text = text_of(self);
    bool const written = ::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    if (!written) {
      auto const error = cannot("write", file);
      give_up(own);
      throw error;
    }
    int const linked = ::link(own.c_str(), file.c_str());
    auto const reason = errno;
    struct stat links {};
    // An NFS server may have linked and lost the answer; the count tells.
    if (linked == 0 || (::fstat(descriptor, &links) == 0 && links.st_nlink == 2)) {
      ::unlink(own.c_str());
      return true;
    }
    give_up(own);
    errno = reason;
    if (reason != EEXIST) throw cannot("create", file);
    return false;
  }

  void give_up(std::string const& own) {
    ::close(descriptor);
    descriptor = -1;
    auto const reason = errno;
    ::unlink(own.c_str());
    errno = reason;
  }

  /// Moves the lock `stale` out of the way. Two may try: the rename says who got the file, and who got another
  /// than was judged puts it back.
  void remove(Holder const& stale) {
    auto const aside = file.string() + ".stale." + self.token;
    if (::rename(file.c_str(), aside.c_str()) != 0) {
      if (errno == ENOENT) return;
      throw cannot("replace", file);
    }
    auto const moved = read_lock(aside);
    if (moved && moved->token != stale.token) (void)!::link(aside.c_str(), file.c_str());
    ::unlink(aside.c_str());
  }

  bool is_ours() const {
    auto const seen = read_lock(file);
    return seen && seen->token == self.token;
  }

  void run(std::stop_token stop, std::chrono::milliseconds period) {
    std::unique_lock guard(mutex);
    while (!wake.wait_for(guard, stop, period, [&] { return stop.stop_requested(); })) {
      // Unreadable for a moment (a network file system) is not lost; gone or another's is.
      auto const seen = read_lock(file);
      if (seen ? seen->token != self.token : !std::filesystem::exists(file)) {
        lost = true;
        return;
      }
      ++self.heartbeat;
      auto const text = text_of(self);
      (void)!::pwrite(descriptor, text.data(), text.size(), 0);
    }
  }
};

Lock::Lock(std::filesystem::path const& folder, bool take_over, LockRules rules) : beat_(std::make_unique<Beat>()) {
  auto& beat = *beat_;
  beat.file = folder / "lock";
  beat.self = this_process();
  while (!beat.try_take()) {
    auto const holder = read_lock(beat.file);
    if (!holder) {
      // Released in between, or no lock of ours: the former resolves by itself.
      std::error_code ignored;
      if (!std::filesystem::exists(beat.file, ignored)) continue;
      if (!take_over && !stands_still(beat.file, Holder{}, rules)) continue;
      beat.remove(Holder{});
      continue;
    }
    if (take_over || is_gone(*holder, beat.self, rules)) {
      beat.remove(*holder);
      take_over = false;  // meant the one who holds it now, not whoever else comes first
      continue;
    }
    if (!stands_still(beat.file, *holder, rules)) throw held(folder, read_lock(beat.file).value_or(*holder));
    auto const still = read_lock(beat.file);
    if (still && still->token == holder->token && still->heartbeat == holder->heartbeat) beat.remove(*holder);
  }
  beat.thread = std::jthread([&beat, period = rules.heartbeat](std::stop_token stop) { beat.run(stop, period); });
}

Lock::~Lock() {
  beat_->thread.request_stop();
  beat_->thread.join();
  if (beat_->is_ours()) ::unlink(beat_->file.c_str());
  ::close(beat_->descriptor);
}

bool Lock::lost() const noexcept { return beat_->lost; }

}  // namespace mambasynth::sweep
