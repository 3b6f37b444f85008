#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

/// Lists what a file holds without reading any data.
namespace mambasynth::store {
namespace {

using namespace detail;

constexpr std::size_t most_text = std::size_t{1} << 26;  // of all paths together; in nested groups their lengths add up

char const* kind_of(H5T_class_t kind) {
  switch (kind) {
    case H5T_INTEGER:
    case H5T_FLOAT:
    case H5T_ENUM:
      return "";
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "records";
    case H5T_OPAQUE:
      return "opaque bytes";
    case H5T_BITFIELD:
      return "bit fields";
    case H5T_REFERENCE:
      return "references";
    case H5T_VLEN:
      return "lists of different lengths";
    case H5T_ARRAY:
      return "arrays as elements";
    case H5T_TIME:
      return "times";
    default:
      return "a type unknown to HDF5";
  }
}

Hdf5Dataset described(hid_t dataset, std::string path) {
  Hdf5Dataset found{.path = std::move(path), .shape = {}, .unusable = {}};
  TypeHandle const type(H5Dget_type(dataset));
  SpaceHandle const space(H5Dget_space(dataset));
  if (!type || !space) found.unusable = "damaged";
  else if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) found.unusable = "empty";
  else found.unusable = kind_of(H5Tget_class(type.get()));
  if (!found.unusable.empty()) return found;
  std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space.get()))));
  H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
  // Readers multiply extents; those of an empty data set are arbitrary.
  std::int64_t bytes = sizeof(double);
  for (auto const extent : extents)
    if (extent != 0 && __builtin_mul_overflow(bytes, extent, &bytes))
      found.unusable = "more numbers than a file can hold";
  if (found.unusable.empty()) found.shape.assign(extents.begin(), extents.end());
  return found;
}

struct Link {
  std::string name;
  bool hard = false;
  haddr_t address = HADDR_UNDEF;
};

herr_t collect(hid_t, char const* name, H5L_info_t const* about, void* into) {
  bool const hard = about->type == H5L_TYPE_HARD;
  static_cast<std::vector<Link>*>(into)->push_back({name, hard, hard ? about->u.address : HADDR_UNDEF});
  return 0;
}

/// Visits groups breadth first and each object once, however many links lead to it: links may form cycles, and the
/// number of paths grows exponentially with the number of links.
class Visit {
 public:
  explicit Visit(File const& file) : file_(file) {}

  std::vector<Hdf5Dataset> run() {
    ObjectHandle root(H5Gopen2(file_.handle.get(), "/", H5P_DEFAULT));
    if (!root) throw read_error(file_, "/");
    H5O_info_t about;
    if (H5Oget_info2(root.get(), &about, H5O_INFO_BASIC) < 0) throw read_error(file_, "/");
    seen_.emplace(about.fileno, about.addr);
    waiting_.push_back({std::make_shared<ObjectHandle>(std::move(root)), about.addr, about.fileno, ""});
    while (!waiting_.empty()) {
      auto const group = std::move(waiting_.front());
      waiting_.pop_front();
      visit(group);
    }
    return std::move(found_);
  }

 private:
  using FileNumber = decltype(H5O_info_t::fileno);
  struct Group {
    std::shared_ptr<ObjectHandle> in;  ///< any object of the file that holds the group
    haddr_t address;
    FileNumber file;
    std::string path;
  };

  void visit(Group const& group) {
    ObjectHandle const opened(H5Oopen_by_addr(group.in->get(), group.address));
    std::vector<Link> links;
    if (!opened || H5Literate(opened.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &links) < 0)
      return keep({.path = group.path.empty() ? "/" : group.path, .shape = {}, .unusable = "a damaged group"});
    std::sort(links.begin(), links.end(), [](Link const& a, Link const& b) {
      return std::tie(b.hard, a.name) < std::tie(a.hard, b.name);  // hard links before soft ones
    });
    for (auto const& link : links) {
      if (link.hard && !seen_.emplace(group.file, link.address).second) continue;
      auto path = group.path + "/" + link.name;
      ObjectHandle object(link.hard ? H5Oopen_by_addr(opened.get(), link.address)
                                    : H5Oopen(opened.get(), link.name.c_str(), H5P_DEFAULT));
      if (object) take(group, link, std::move(object), std::move(path));
      else
        keep(
            {.path = std::move(path), .shape = {}, .unusable = link.hard ? "a type unknown to HDF5" : "a broken link"});
    }
  }

  void take(Group const& group, Link const& link, ObjectHandle object, std::string path) {
    auto in = group.in;
    auto file = group.file;
    auto address = link.address;
    auto const kind = H5Iget_type(object.get());
    if (!link.hard) {
      H5O_info_t about;
      if (H5Oget_info2(object.get(), &about, H5O_INFO_BASIC) < 0 || !seen_.emplace(about.fileno, about.addr).second)
        return;
      address = about.addr;
      if (std::exchange(file, about.fileno) != about.fileno && kind == H5I_GROUP)
        in = std::make_shared<ObjectHandle>(std::move(object));  // keeps the other file open
    }
    if (kind == H5I_GROUP) waiting_.push_back({std::move(in), address, file, std::move(path)});
    if (kind == H5I_DATASET) keep(described(object.get(), std::move(path)));
  }

  void keep(Hdf5Dataset dataset) {
    text_ += dataset.path.size();
    if (text_ > most_text)
      throw read_error(file_, "", "its groups are nested so deeply that their paths do not fit into memory");
    found_.push_back(std::move(dataset));
  }

  File const& file_;
  std::deque<Group> waiting_;
  std::set<std::pair<FileNumber, haddr_t>> seen_;
  std::vector<Hdf5Dataset> found_;
  std::size_t text_ = 0;
};

}  // namespace

std::vector<Hdf5Dataset> Hdf5Reader::datasets() const { return Visit(*file_).run(); }

bool Hdf5Reader::is_dataset(std::string const& path) const {
  return exists(path) && DatasetHandle(H5Dopen2(file_->handle.get(), path.c_str(), H5P_DEFAULT));
}

Hdf5Dataset Hdf5Reader::describe(std::string const& path) const {
  DatasetHandle const dataset(H5Dopen2(file_->handle.get(), path.c_str(), H5P_DEFAULT));
  if (!dataset) throw read_error(*file_, path, "it is not a data set");
  return described(dataset.get(), path);
}

bool is_hdf5(std::filesystem::path const& file) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  constexpr std::uint64_t first_block = 512;
  std::error_code failed;
  auto const size = std::filesystem::file_size(file, failed);
  if (failed) return false;
  std::ifstream stream(file, std::ios::binary);
  std::array<char, signature.size()> head{};
  for (std::uint64_t at = 0; size >= signature.size() && at <= size - signature.size();
       at = at == 0 ? first_block : 2 * at) {
    stream.seekg(static_cast<std::streamoff>(at));
    if (!stream.read(head.data(), head.size())) return false;
    if (std::string_view(head.data(), head.size()) == signature) return true;
  }
  return false;
}

}  // namespace mambasynth::store
