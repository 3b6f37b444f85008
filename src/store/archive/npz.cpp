#include "store/archive/npz.hpp"

#include <zip.h>

#include <cstring>
#include <functional>
#include <set>
#include <utility>

#include "errors/errors.hpp"
#include "store/archive/npy_format.hpp"
#include "store/archive/zip_reader.hpp"
#include "store/output_file.hpp"

namespace mambasynth::store {
namespace {

constexpr std::string_view suffix = ".npy";
constexpr char const* kind = ".npz archive";
/// Simulated doubles shrink to 97 % at both level 1 and NumPy's level 6; level 1 is a tenth faster (20 MB/s on one
/// core).
constexpr zip_uint32_t deflate_level = 1;
/// 1980-01-01 in DOS form, the first date that zip can store. A fixed date makes archives reproducible.
constexpr zip_uint16_t first_day = (0 << 9) | (1 << 5) | 1;

std::string without_suffix(std::string const& member) {
  return member.ends_with(suffix) ? member.substr(0, member.size() - suffix.size()) : member;
}

std::string listed(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "nothing" : text;
}

}  // namespace

struct NpzReader::Impl {
  archive::ZipReader zip;

  /// NumPy accepts a name with or without the suffix.
  [[nodiscard]] std::string member(std::string const& name) const {
    return zip.has(name + std::string(suffix)) ? name + std::string(suffix) : name;
  }
};

NpzReader::NpzReader(std::filesystem::path file)
    : impl_(std::make_shared<Impl const>(Impl{archive::ZipReader(std::move(file), kind)})) {}
NpzReader::NpzReader(NpzReader&&) noexcept = default;
NpzReader::~NpzReader() = default;

std::vector<std::string> NpzReader::names() const {
  std::vector<std::string> names;
  for (auto const& member : impl_->zip.names())
    if (!member.ends_with('/')) names.push_back(without_suffix(member));
  return names;
}

bool NpzReader::has(std::string const& name) const { return impl_->zip.has(impl_->member(name)); }

StoredArray NpzReader::open(std::string const& name) const {
  auto const opened = std::make_shared<archive::ZipMember>(impl_->zip.open(impl_->member(name)));
  npy::Source source;
  source.file = impl_->zip.file();
  source.name = name;
  source.size = opened->size();
  source.read = [archive = impl_, opened](void* into, std::size_t count) { opened->read(into, count); };
  return StoredArray(std::move(source));
}

std::map<std::string, NpyArray> read_npz(std::filesystem::path const& file, std::vector<std::string> const& names) {
  NpzReader const npz(file);
  std::map<std::string, NpyArray> arrays;
  for (auto const& name : names.empty() ? npz.names() : names) {
    if (!npz.has(name))
      throw errors::input("cannot read '" + name + "' of '" + file.string() + "'",
                          "the archive holds " + listed(npz.names()), "Give an archive that has it");
    arrays.emplace(name, npz.open(name).whole());
  }
  return arrays;
}

struct NpzWriter::Impl {
  std::filesystem::path file;
  std::function<void(double)> written = {};
  std::set<std::string> names;
  bool open = true;

  [[nodiscard]] errors::Error failed(zip_error_t* error) const {
    if (zip_error_system_type(error) == ZIP_ET_SYS) return cannot_write(file, zip_error_code_system(error));
    return errors::machine("cannot write '" + file.string() + "'", zip_error_strerror(error),
                           "Check the folder and its file system, then run the same command again");
  }

  /// Closes the archive after every member, because libzip reads a source only then and the caller's array need not
  /// outlive the call.
  void add(std::string const& name, std::string const& dtype, void const* values, std::size_t count, std::size_t item,
           std::vector<std::int64_t> const& shape) {
    std::int64_t expected = 1;
    for (auto const extent : shape) expected *= extent;
    if (!open || static_cast<std::int64_t>(count) != expected || !names.insert(name).second)
      throw errors::machine("cannot write '" + name + "' into '" + file.string() + "'",
                            !open ? "the archive is closed"
                            : static_cast<std::int64_t>(count) != expected
                                ? "the number of values does not match the shape"
                                : "it has already been written",
                            "Report this as a defect");
    auto const header = npy::header(dtype, shape);
    zip_buffer_fragment_t parts[2]{};
    parts[0].data = reinterpret_cast<zip_uint8_t*>(const_cast<char*>(header.data()));
    parts[0].length = header.size();
    parts[1].data = static_cast<zip_uint8_t*>(const_cast<void*>(values));
    parts[1].length = count * item;

    bool const first = names.size() == 1;
    int code = 0;
    zip_t* zip = zip_open(file.c_str(), first ? ZIP_CREATE | ZIP_TRUNCATE : 0, &code);
    if (!zip) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      auto const told = failed(&error);
      zip_error_fini(&error);
      throw told;
    }
    auto const discard = [&] {
      auto const told = failed(zip_get_error(zip));
      zip_discard(zip);
      return told;
    };
    zip_source_t* source = zip_source_buffer_fragment(zip, parts, count > 0 ? 2 : 1, 0);
    if (!source) throw discard();
    auto const index = zip_file_add(zip, (name + std::string(suffix)).c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      throw discard();
    }
    auto const at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(zip, at, ZIP_CM_DEFLATE, deflate_level) != 0 ||
        zip_file_set_dostime(zip, at, 0, first_day, 0) != 0)
      throw discard();
    if (written) {
      constexpr double every = 0.005;
      auto const report = [](zip_t*, double share, void* self) { static_cast<Impl*>(self)->written(share); };
      zip_register_progress_callback_with_state(zip, every, report, nullptr, this);
    }
    if (zip_close(zip) != 0) throw discard();
  }
};

NpzWriter::NpzWriter(std::filesystem::path const& file, std::function<void(double)> written)
    : impl_(std::make_unique<Impl>()) {
  impl_->file = file;
  impl_->written = std::move(written);
}
NpzWriter::~NpzWriter() = default;

void NpzWriter::add(std::string const& name, std::span<double const> values, std::vector<std::int64_t> const& shape) {
  impl_->add(name, "<f8", values.data(), values.size(), sizeof(double), shape);
}
void NpzWriter::add(std::string const& name, std::span<float const> values, std::vector<std::int64_t> const& shape) {
  impl_->add(name, "<f4", values.data(), values.size(), sizeof(float), shape);
}
void NpzWriter::add(std::string const& name, std::span<std::int64_t const> values,
                    std::vector<std::int64_t> const& shape) {
  impl_->add(name, "<i8", values.data(), values.size(), sizeof(std::int64_t), shape);
}

void NpzWriter::close() { impl_->open = false; }

}  // namespace mambasynth::store
