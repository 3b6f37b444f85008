#include "store/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace mambasynth::store {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;

}  // namespace

errors::Error cannot_write(std::filesystem::path const& file, int errno_value) {
  std::string remedy = "Check the folder and its file system, then run the same command again";
  if (errno_value == ENOSPC || errno_value == EDQUOT)
    remedy = "Free space there or choose a folder on another file system";
  else if (errno_value == EACCES || errno_value == EPERM || errno_value == EROFS)
    remedy = "Choose a folder that you may write to";
  return errors::machine("cannot write '" + file.string() + "'", errors::system_reason(errno_value), remedy);
}

OutputFile::OutputFile(std::filesystem::path file) : file_(std::move(file)) {
  do descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) throw cannot_write(file_, errno);
  buffer_.reserve(buffer_bytes);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(void const* bytes, std::size_t count) {
  auto const* from = static_cast<char const*>(bytes);
  position_ += count;
  if (buffer_.size() + count > buffer_bytes) flush();
  if (count >= buffer_bytes) write_through(from, count);
  else buffer_.insert(buffer_.end(), from, from + count);
}

void OutputFile::close() {
  flush();
  // Network file systems may report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) throw cannot_write(file_, errno);
}

void OutputFile::flush() {
  write_through(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void OutputFile::write_through(char const* bytes, std::size_t count) {
  while (count > 0) {
    auto const written = ::write(descriptor_, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw cannot_write(file_, errno);
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace mambasynth::store
