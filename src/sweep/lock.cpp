#include "sweep/lock.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "errors/errors.hpp"
#include "errors/stop.hpp"
#include "store/damaged_file.hpp"
#include "store/temporaries.hpp"

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
  object["boot_id"] = holder.boot_id;
  object["pid_namespace"] = holder.pid_namespace;
  object["time_namespace"] = holder.time_namespace;
  if (!holder.slurm_job.empty()) {
    object["slurm_job"] = holder.slurm_job;
    object["slurm_cluster"] = holder.slurm_cluster;
    object["slurm_restarts"] = holder.slurm_restarts;
  }
  object["token"] = holder.token;
  auto text = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.pop_back();
  return text + ",\"heartbeat\":" + counter + "}\n";
}

errors::Error lock_error(std::string const& what, std::filesystem::path const& file) {
  return errors::machine("cannot " + what + " the lock " + file.string(), errors::system_reason(errno),
                         "Make room, or choose an --out that can be written");
}

errors::Error held(std::filesystem::path const& folder, Holder const& holder) {
  return errors::usage(folder.string() + " is held by another launcher", holder.describe() + " runs this sweep folder",
                       "Wait for it or end it; --take-over forces, if you know that it is gone");
}

/// Whether anything has this name, a link to nothing among it.
bool is_taken(std::filesystem::path const& name) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(name, ignored));
}

/// Waits until the counter moves (false: it lives) or stood still for `time` (true: the holder is gone).
/// A lock that changes hands or disappears meanwhile counts as moved resp. gone; the caller looks again.
bool stands_still(std::filesystem::path const& file, Holder const& holder, LockRules const& rules,
                  std::chrono::milliseconds time) {
  auto const begin = Clock::now();
  bool told = false;
  while (Clock::now() - begin < time) {
    errors::check_stop();
    std::this_thread::sleep_for(std::min(rules.heartbeat / 4, time / 4));
    auto const seen = read_lock(file);
    if (seen && (seen->token != holder.token || seen->heartbeat != holder.heartbeat)) return false;
    if (!seen && !is_taken(file)) return true;
    if (!told && rules.waiting && Clock::now() - begin > 3 * rules.heartbeat) {
      rules.waiting(holder);
      told = true;
    }
  }
  return true;
}

/// Whether the holder is gone, after a wait where that takes one.
bool is_left_behind(std::filesystem::path const& file, std::optional<Holder> const& seen, Holder const& self,
                    LockRules const& rules) {
  auto const holder = seen.value_or(Holder{});
  if (seen && is_gone(holder, self, rules)) {
    bool const certain = store::shares_process_ids(holder, self) || holder.slurm_job == self.slurm_job;
    // A job's number may have been left in the environment of a shell that lives on: the counter has a say, too.
    if (certain || stands_still(file, holder, rules, 3 * rules.heartbeat)) return true;
  }
  return stands_still(file, holder, rules, rules.stale_after);
}

/// Launchers that were killed while they waited leave their own name of the lock.
void remove_waiting_locks(std::filesystem::path const& lock, Holder const& self, LockRules const& rules) {
  auto const prefix = lock.filename().string() + ".";
  std::error_code failed;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator entry(lock.parent_path(), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (!entry->path().filename().string().starts_with(prefix)) continue;
    auto const holder = read_lock(entry->path());
    if (holder && holder->token != self.token && store::shares_process_ids(*holder, self) &&
        !rules.process_lives(*holder))
      left.push_back(entry->path());
  }
  for (auto const& file : left) ::unlink(file.c_str());
}

}  // namespace

struct Lock::Beat {
  std::filesystem::path file;
  std::filesystem::path own;  ///< the lock's text under a name of our own, until it becomes `file`
  Holder self;
  int descriptor = -1;
  std::atomic<bool> lost{false};
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread thread;

  explicit Beat(std::filesystem::path const& folder) : file(folder / "lock"), self(this_process()) {
    own = file.string() + "." + self.token;
    descriptor = ::open(own.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0) throw lock_error("create", file);
    store::register_temporary(own);
    auto const text = text_of(self);
    if (::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
        ::fsync(descriptor) == 0)
      return;
    auto const error = lock_error("write", file);
    ::close(descriptor);
    forget_own();
    throw error;
  }
  Beat(Beat const&) = delete;
  Beat& operator=(Beat const&) = delete;
  ~Beat() {
    if (thread.joinable()) {
      thread.request_stop();
      thread.join();
    }
    if (is_ours()) ::unlink(file.c_str());
    store::forget_temporary(file);
    forget_own();
    ::close(descriptor);
  }
  void forget_own() const {
    ::unlink(own.c_str());
    store::forget_temporary(own);
  }

  /// Gives our lock a further name, unless that name is taken: atomic on NFS too.
  bool link_as(std::filesystem::path const& name) const {
    struct stat before{};
    ::fstat(descriptor, &before);
    if (::link(own.c_str(), name.c_str()) == 0) return true;
    auto const reason = errno;
    struct stat after{};
    // An NFS server may have linked and lost the answer; the count tells.
    if (::fstat(descriptor, &after) == 0 && after.st_nlink > before.st_nlink) return true;
    errno = reason;
    if (reason != EEXIST) throw lock_error("create", file);
    return false;
  }

  /// Takes the place of the lock `stale`. Who may do so is settled by a name made of its token, which only one can
  /// link; a claimant that died before it was through is outlived in the same way. False when somebody else was first.
  bool replace(Holder const& stale, LockRules const& rules) {
    std::vector<std::filesystem::path> claims{file.string() + ".after." + stale.token};
    while (!link_as(claims.back())) {
      auto const begin = Clock::now();
      auto const claimant = read_lock(claims.back());
      while (claimant && !is_gone(*claimant, self, rules)) {
        errors::check_stop();
        if (Clock::now() - begin > rules.stale_after) break;
        std::this_thread::sleep_for(rules.heartbeat / 4);
        if (!is_taken(claims.back())) return false;
      }
      if (!claimant && !is_taken(claims.back())) return false;
      claims.push_back(file.string() + ".after." + (claimant ? claimant->token : "unreadable"));
    }
    // A former claimant may have been through before this claim began.
    auto const now = read_lock(file);
    bool const still = now ? now->token == stale.token : stale.token.empty() || !is_taken(file);
    bool const taken = still && ::rename(own.c_str(), file.c_str()) == 0;
    for (auto const& claim : claims) ::unlink(claim.c_str());
    return taken;
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
      if (seen ? seen->token != self.token : !is_taken(file)) {
        lost = true;
        store::forget_temporary(file);
        return;
      }
      ++self.heartbeat;
      auto const text = text_of(self);
      (void)!::pwrite(descriptor, text.data(), text.size(), 0);
    }
  }
};

Lock::Lock(std::filesystem::path const& folder, bool take_over, LockRules rules)
    : beat_(std::make_unique<Beat>(folder)) {
  auto& beat = *beat_;
  for (bool taken = false; !taken;) {
    errors::check_stop();
    if (beat.link_as(beat.file)) break;
    if (auto const warning = store::make_way(beat.file); !warning.empty()) {
      if (rules.warn) rules.warn(warning);
      continue;
    }
    auto const seen = read_lock(beat.file);
    auto const holder = seen.value_or(Holder{});
    if (!seen && !is_taken(beat.file)) continue;  // released just now
    bool const gone = take_over || is_left_behind(beat.file, seen, beat.self, rules);
    auto const still = read_lock(beat.file);
    if (gone) taken = beat.replace(holder, rules);
    else if (still && seen && still->token == holder.token) throw held(folder, holder);
    take_over = false;  // meant the one who held it when asked, not whoever comes first meanwhile
  }
  remove_waiting_locks(beat.file, beat.self, rules);
  beat.forget_own();
  store::register_temporary(beat.file);  // a process that ends in a hurry gives its lock back, too
  beat.thread = std::jthread([&beat, period = rules.heartbeat](std::stop_token stop) { beat.run(stop, period); });
}

Lock::~Lock() = default;

bool Lock::lost() const noexcept { return beat_->lost; }

}  // namespace mambasynth::sweep
