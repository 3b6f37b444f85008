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

/// Of constant length, so that a heartbeat overwrites the file in place. If a new holder has replaced the file, the old
/// one is updated harmlessly, whereas renaming a file over DIR/lock would destroy the new holder's lock.
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
                         "Free space, or choose a writable --out");
}

errors::Error held(std::filesystem::path const& folder, Holder const& holder) {
  return errors::usage(folder.string() + " is held by another launcher", holder.describe() + " is running this sweep",
                       "Wait for it or end it; if you are sure that it is gone, use --take-over");
}

/// Whether anything has this name, including a dangling symbolic link.
bool name_exists(std::filesystem::path const& name) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(name, ignored));
}

/// Waits until the counter changes (false: the holder is alive) or has not changed for `time` (true: it is gone).
/// A lock that changes hands counts as alive, one that disappears as gone; the caller checks again.
bool heartbeat_stopped(std::filesystem::path const& file, Holder const& holder, LockRules const& rules,
                       std::chrono::milliseconds time) {
  auto const begin = Clock::now();
  bool reported = false;
  while (Clock::now() - begin < time) {
    errors::check_stop();
    std::this_thread::sleep_for(std::min(rules.heartbeat / 4, time / 4));
    auto const seen = read_lock(file);
    if (seen && (seen->token != holder.token || seen->heartbeat != holder.heartbeat)) return false;
    if (!seen && !name_exists(file)) return true;
    if (!reported && rules.waiting && Clock::now() - begin > 3 * rules.heartbeat) {
      rules.waiting(holder);
      reported = true;
    }
  }
  return true;
}

/// Whether the holder is gone; may wait to find out.
bool is_stale(std::filesystem::path const& file, std::optional<Holder> const& seen, Holder const& self,
              LockRules const& rules) {
  auto const holder = seen.value_or(Holder{});
  if (seen && is_gone(holder, self, rules)) {
    bool const certain = store::shares_process_ids(holder, self) || holder.slurm_job == self.slurm_job;
    // The recorded job ID may come from a shell that outlived that job, so check the counter too.
    if (certain || heartbeat_stopped(file, holder, rules, 3 * rules.heartbeat)) return true;
  }
  return heartbeat_stopped(file, holder, rules, rules.stale_after);
}

/// Removes the temporary lock files of launchers that were killed while waiting.
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

struct Lock::Heartbeat {
  std::filesystem::path file;
  std::filesystem::path own;  ///< our lock under a temporary name, until it becomes `file`
  Holder self;
  int descriptor = -1;
  std::atomic<bool> lost{false};
  std::mutex mutex;
  std::condition_variable_any wake;
  std::jthread thread;

  explicit Heartbeat(std::filesystem::path const& folder) : file(folder / "lock"), self(this_process()) {
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
    remove_own();
    throw error;
  }
  Heartbeat(Heartbeat const&) = delete;
  Heartbeat& operator=(Heartbeat const&) = delete;
  ~Heartbeat() {
    if (thread.joinable()) {
      thread.request_stop();
      thread.join();
    }
    if (is_ours()) ::unlink(file.c_str());
    store::forget_temporary(file);
    remove_own();
    ::close(descriptor);
  }
  void remove_own() const {
    ::unlink(own.c_str());
    store::forget_temporary(own);
  }

  /// Links our lock to `name`; false if that name exists. Atomic on NFS too.
  bool link_as(std::filesystem::path const& name) const {
    struct stat before{};
    ::fstat(descriptor, &before);
    if (::link(own.c_str(), name.c_str()) == 0) return true;
    auto const reason = errno;
    struct stat after{};
    // The NFS server may have created the link but lost the reply; the link count tells.
    if (::fstat(descriptor, &after) == 0 && after.st_nlink > before.st_nlink) return true;
    errno = reason;
    if (reason != EEXIST) throw lock_error("create", file);
    return false;
  }

  /// Replaces the lock `stale`. Claimants compete for a name derived from its token, which only one can link; the claim
  /// of a claimant that died is replaced the same way. Returns false if another claimant was first.
  bool replace(Holder const& stale, LockRules const& rules) {
    std::vector<std::filesystem::path> claims{file.string() + ".after." + stale.token};
    while (!link_as(claims.back())) {
      auto const begin = Clock::now();
      auto const claimant = read_lock(claims.back());
      while (claimant && !is_gone(*claimant, self, rules)) {
        errors::check_stop();
        if (Clock::now() - begin > rules.stale_after) break;
        std::this_thread::sleep_for(rules.heartbeat / 4);
        if (!name_exists(claims.back())) return false;
      }
      if (!claimant && !name_exists(claims.back())) return false;
      claims.push_back(file.string() + ".after." + (claimant ? claimant->token : "unreadable"));
    }
    // An earlier claimant may have finished before this claim began.
    auto const now = read_lock(file);
    bool const still = now ? now->token == stale.token : stale.token.empty() || !name_exists(file);
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
      // A lock that is briefly unreadable (network file system) is not lost; one that is gone or another's is.
      auto const seen = read_lock(file);
      if (seen ? seen->token != self.token : !name_exists(file)) {
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
    : heartbeat_(std::make_unique<Heartbeat>(folder)) {
  auto& heartbeat = *heartbeat_;
  for (bool taken = false; !taken;) {
    errors::check_stop();
    if (heartbeat.link_as(heartbeat.file)) break;
    if (auto const warning = store::make_way(heartbeat.file); !warning.empty()) {
      if (rules.warn) rules.warn(warning);
      continue;
    }
    auto const seen = read_lock(heartbeat.file);
    auto const holder = seen.value_or(Holder{});
    if (!seen && !name_exists(heartbeat.file)) continue;  // released just now
    bool const gone = take_over || is_stale(heartbeat.file, seen, heartbeat.self, rules);
    auto const still = read_lock(heartbeat.file);
    if (gone) taken = heartbeat.replace(holder, rules);
    else if (still && seen && still->token == holder.token) throw held(folder, holder);
    take_over = false;  // applies only to the original holder, not to another launcher that got there first
  }
  remove_waiting_locks(heartbeat.file, heartbeat.self, rules);
  heartbeat.remove_own();
  store::register_temporary(heartbeat.file);  // so that a forced exit also releases the lock
  heartbeat.thread =
      std::jthread([&heartbeat, period = rules.heartbeat](std::stop_token stop) { heartbeat.run(stop, period); });
}

Lock::~Lock() = default;

bool Lock::lost() const noexcept { return heartbeat_->lost; }

}  // namespace mambasynth::sweep
