#include "store/archive/zip_reader.hpp"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>
#include <utility>

#include "errors/stop.hpp"

namespace mambasynth::store::archive {
namespace {

constexpr std::size_t bytes_between_stop_checks = std::size_t{1} << 24;

std::string text_of(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  return text;
}

}  // namespace

std::string looks_like(std::filesystem::path const& file) {
  std::array<char, 64> first{};
  std::ifstream in(file, std::ios::binary);
  in.read(first.data(), first.size());
  std::string_view const start(first.data(), static_cast<std::size_t>(in.gcount()));
  if (start.empty()) return "the file is empty";
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06"))
    return "the zip archive is truncated or damaged";
  if (start.starts_with("\x89HDF\r\n")) return "it is an HDF5 file";
  if (start.starts_with("\x93NUMPY")) return "it is a single .npy array";
  if (start.starts_with("\x80\x02") || start.starts_with("\x80\x04"))
    return "it is a bare pickle, e.g. of torch.save before 1.6";
  bool const text = std::all_of(start.begin(), start.end(), [](char c) {
    return std::isprint(static_cast<unsigned char>(c)) || std::isspace(static_cast<unsigned char>(c));
  });
  return text ? "it is a text file" : "its first bytes match no known format";
}

errors::Error unreadable(std::filesystem::path const& file, std::string const& why, std::string const& remedy) {
  return errors::input("cannot read '" + file.string() + "'", why, remedy);
}

void ZipMember::Close::operator()(zip_file* member) const noexcept { zip_fclose(member); }
void ZipReader::Discard::operator()(zip* archive) const noexcept { zip_discard(archive); }

void ZipMember::read(void* into, std::size_t count) {
  if (count > left_)
    throw unreadable(file_, "'" + name_ + "' ends after " + std::to_string(size_) + " bytes, but more were expected");
  auto* to = static_cast<char*>(into);
  while (count > 0) {
    errors::check_stop();
    auto const got = zip_fread(member_.get(), to, std::min(count, bytes_between_stop_checks));
    if (got <= 0)
      throw unreadable(file_, "'" + name_ + "' is damaged: " +
                                  (got < 0 ? text_of(zip_file_get_error(member_.get())) : "it ends too early"));
    to += got;
    count -= static_cast<std::size_t>(got);
    left_ -= static_cast<std::uint64_t>(got);
  }
  // libzip verifies the checksum when it reaches the end.
  char beyond = 0;
  if (left_ == 0 && checked_ && zip_fread(member_.get(), &beyond, 1) != 0)
    throw unreadable(file_, "'" + name_ + "' is damaged: " + text_of(zip_file_get_error(member_.get())));
}

ZipReader::ZipReader(std::filesystem::path file, std::string const& kind, Dialect dialect)
    : file_(std::move(file)), dialect_(dialect) {
  std::error_code failed;
  file_size_ = static_cast<std::uint64_t>(std::filesystem::file_size(file_, failed));
  if (failed) throw unreadable(file_, failed.message());
  int code = 0;
  archive_.reset(zip_open(file_.c_str(), ZIP_RDONLY, &code));
  if (archive_) {
    list();
    return;
  }
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  auto const text = text_of(&error);
  zip_error_fini(&error);
  bool const foreign = code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS || code == ZIP_ER_EOF;
  throw unreadable(file_, foreign ? "it is not a " + kind + ": " + looks_like(file_) : text);
}

void ZipReader::list() {
  auto const count = static_cast<std::uint64_t>(zip_get_num_entries(archive_.get(), 0));
  auto left = file_size_;
  for (std::uint64_t i = 0; i < count; ++i) {
    zip_stat_t about;
    zip_stat_init(&about);
    if (zip_stat_index(archive_.get(), i, 0, &about) != 0) continue;
    // Members that share their data expand a small file without limit.
    if (about.comp_size > left) throw unreadable(file_, "its members overlap, or claim more bytes than the file has");
    left -= about.comp_size;
    char const* const name = zip_get_name(archive_.get(), i, ZIP_FL_ENC_GUESS);
    if (!name) continue;
    auto const [place, fresh] = places_.try_emplace(name, i);
    if (fresh) names_.emplace_back(name);
    else if (dialect_ == Dialect::zipfile) place->second = i;
  }
}

bool ZipReader::has(std::string const& name) const { return places_.contains(name); }

ZipMember ZipReader::open(std::string const& name) const {
  auto const found = places_.find(name);
  if (found == places_.end()) throw unreadable(file_, "it has no member '" + name + "'");
  auto const index = found->second;
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_stat_index(archive_.get(), index, 0, &about) != 0)
    throw unreadable(file_, text_of(zip_get_error(archive_.get())));
  // Stored data cannot be larger than the file, nor deflated data more than 1032 times as large. A damaged size must
  // not exhaust memory.
  constexpr std::uint64_t best_ratio = 1032, slack = 1024;
  bool const stored = about.comp_method == ZIP_CM_STORE;
  if (about.size > (stored ? file_size_ : (file_size_ + slack) * best_ratio))
    throw unreadable(file_,
                     "'" + name + "' claims " + std::to_string(about.size) + " bytes, more than the file can hold");
  ZipMember member;
  member.checked_ = dialect_ != Dialect::torch || about.crc != 0;
  member.member_.reset(zip_fopen_index(archive_.get(), index, 0));
  if (!member.member_) throw unreadable(file_, "'" + name + "': " + text_of(zip_get_error(archive_.get())));
  member.file_ = file_;
  member.name_ = name;
  member.size_ = member.left_ = about.size;
  return member;
}

std::vector<std::byte> ZipReader::read(std::string const& name) const {
  auto member = open(name);
  std::vector<std::byte> bytes(static_cast<std::size_t>(member.size()));
  member.read(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace mambasynth::store::archive
