#include "store/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "errors/errors.hpp"
#include "store/output_file.hpp"
#include "store/temporaries.hpp"

namespace mambasynth::store {
namespace {

namespace fs = std::filesystem;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(fs::path const& file, int flags) {
    do fd_ = ::open(file.c_str(), flags | O_CLOEXEC, 0666);
    while (fd_ < 0 && errno == EINTR);
  }
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }
  /// Returns 0 or the error number. Network file systems may report a full disk only here.
  int close() noexcept {
    int const fd = std::exchange(fd_, -1);
    return fd >= 0 && ::close(fd) != 0 && errno != EINTR ? errno : 0;
  }

 private:
  int fd_ = -1;
};

void make_folder(fs::path const& folder) {
  if (folder.empty()) return;
  std::error_code reason;
  fs::create_directories(folder, reason);
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  int const number = reason ? reason.value() : ENOTDIR;
  if (number != ENOTDIR && number != EEXIST) throw cannot_write(folder, number);
  throw errors::machine("cannot create the folder '" + folder.string() + "'", errors::system_reason(number),
                        "A file is in the way; choose another folder");
}

}  // namespace

AtomicFile::AtomicFile(fs::path target) : target_(std::move(target)) {
  make_folder(target_.parent_path());
  remove_temporaries_of_dead_writers(target_.parent_path());
  temporary_ = temporary_name(target_);
  register_temporary(temporary_);
  Descriptor file(temporary_, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.open()) return;
  int const reason = errno;
  forget_temporary(temporary_);
  throw cannot_write(target_, reason);
}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  ::unlink(temporary_.c_str());
  forget_temporary(temporary_);
}

void AtomicFile::commit() {
  Descriptor file(temporary_, O_RDONLY);
  if (!file.open() || ::fsync(file.get()) != 0) throw cannot_write(target_, errno);
  if (int const reason = file.close()) throw cannot_write(target_, reason);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw cannot_write(target_, errno);
  committed_ = true;
  forget_temporary(temporary_);
  // Some file systems cannot flush a folder; the file itself is safe by now.
  auto const parent = target_.parent_path();
  Descriptor folder(parent.empty() ? fs::path(".") : parent, O_RDONLY | O_DIRECTORY);
  if (folder.open() && ::fsync(folder.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EBADF)
    throw cannot_write(target_, errno);
}

void write_atomically(fs::path const& target, std::string_view content) {
  AtomicFile file(target);
  OutputFile out(file.temporary());
  out.write(content);
  out.close();
  file.commit();
}

std::string read_text(fs::path const& file, std::size_t most_bytes) {
  auto const failed = [&](int reason) {
    return errors::input("cannot read '" + file.string() + "'", errors::system_reason(reason),
                         "Check the path and its permissions");
  };
  Descriptor in(file, O_RDONLY);
  if (!in.open()) throw failed(errno);
  std::string text;
  std::array<char, 1 << 16> part;
  while (true) {
    auto const got = ::read(in.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw failed(errno);
    if (got == 0 || text.size() > most_bytes) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

void require_writable_folder(fs::path const& folder) {
  make_folder(folder.empty() ? fs::path(".") : folder);
  auto const probe = temporary_name(folder / "write-test");
  Descriptor file(probe, O_WRONLY | O_CREAT | O_TRUNC);
  int reason = file.open() ? 0 : errno;
  // An empty file fits on a full disk; one byte does not.
  if (reason == 0 && ::write(file.get(), "x", 1) != 1) reason = errno;
  if (int const closing = file.close(); reason == 0) reason = closing;
  ::unlink(probe.c_str());
  if (reason != 0) throw cannot_write(folder, reason);
}

}  // namespace mambasynth::store
