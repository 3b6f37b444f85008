#include <algorithm>
#include <utility>

#include "store/hdf5.hpp"
#include "store/hdf5_file.hpp"

namespace mambasynth::store {
namespace {

using namespace detail;

constexpr std::size_t compressed_from_bytes = std::size_t{64} << 10;
constexpr std::size_t chunk_target_bytes = std::size_t{1} << 20;

bool is_whole_number(ElementType type) { return type != ElementType::f64 && type != ElementType::f32; }

/// Keeps trailing axes whole if they fit; otherwise halves axes, starting with the first.
std::vector<hsize_t> chunk_of(std::vector<hsize_t> dims, std::size_t element) {
  auto bytes = [&] {
    std::size_t product = element;
    for (auto const extent : dims) product *= static_cast<std::size_t>(extent);
    return product;
  };
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    while (dims[axis] > 1 && bytes() > chunk_target_bytes) dims[axis] = (dims[axis] + 1) / 2;
  return dims;
}

void write_values(File const& file, DatasetHandle& dataset, std::string const& path, ElementType type,
                  void const* values) {
  written(H5Dwrite(dataset.get(), memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), file, path);
}

ObjectHandle open_object(File const& file, std::string const& path) {
  if (!link_exists(file.handle.get(), path)) throw refusal(file, path, "it does not exist");
  return ObjectHandle(written(H5Oopen(file.handle.get(), path.c_str(), H5P_DEFAULT), file, path));
}

void write_number(File const& file, std::string const& object, std::string const& name, hid_t in_file, hid_t in_memory,
                  void const* value) {
  auto const label = object + "@" + name;
  auto const owner = open_object(file, object);
  SpaceHandle space(written(H5Screate(H5S_SCALAR), file, label));
  if (H5Aexists(owner.get(), name.c_str()) > 0) written(H5Adelete(owner.get(), name.c_str()), file, label);
  AttributeHandle attribute(
      written(H5Acreate2(owner.get(), name.c_str(), in_file, space.get(), H5P_DEFAULT, H5P_DEFAULT), file, label));
  written(H5Awrite(attribute.get(), in_memory, value), file, label);
  if (attribute.close() < 0) throw write_error(file, label);
}

File& opened(std::shared_ptr<File> const& file) {
  if (!file->handle) throw refusal(*file, "", "the file is closed");
  if (file->abandoned) throw refusal(*file, "", "an earlier write to it failed");
  return *file;
}

}  // namespace

Hdf5Writer::Hdf5Writer(std::filesystem::path const& path) : file_(std::make_shared<File>()) {
  prepare_library();
  file_->path = path;
  PropertyHandle creation(H5Pcreate(H5P_FILE_CREATE));
  H5Pset_obj_track_times(creation.get(), false);
  // netCDF lists variables in creation order if it is tracked.
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  auto const access = access_without_lock();
  file_->handle = FileHandle(written(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), *file_, ""));
  void* driver = nullptr;
  written(H5Fget_vfd_handle(file_->handle.get(), access.get(), &driver), *file_, "");
  file_->descriptor = *static_cast<int const*>(driver);
}

Hdf5Writer::~Hdf5Writer() {
  if (!file_ || !file_->handle) return;
  // An exception is unwinding the caller: closing must not retry what cannot be flushed now.
  if (!file_->abandoned && H5Fflush(file_->handle.get(), H5F_SCOPE_LOCAL) < 0) file_->abandon();
  for (auto& growing : file_->growing) growing.dataset.close();
  file_->handle.close();
}

void Hdf5Writer::counting_scale(std::string const& path, std::int64_t first, std::int64_t count, Meaning const& meaning,
                                std::int64_t stride) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first + static_cast<std::int64_t>(i) * stride;
  scale<std::int64_t>(path, numbers, meaning);
}

void Hdf5Writer::scale_raw(std::string const& path, Type type, void const* values, std::size_t count,
                           Meaning const& meaning) {
  auto const& file = opened(file_);
  std::vector<hsize_t> const dims{count};
  bool const large = count * size_of(type) >= compressed_from_bytes;
  auto dataset = create_dataset(file, path, type, dims, large ? chunk_of(dims, size_of(type)) : std::vector<hsize_t>{},
                                false, large);
  if (count > 0) write_values(file, dataset, path, type, values);
  make_scale(file, dataset.get(), path);
  write_meaning(file, dataset.get(), path, meaning);
  close_dataset(file, dataset, path);
}

void Hdf5Writer::dataset_raw(std::string const& path, Type type, void const* values, std::size_t count,
                             std::vector<std::string> const& dims, Meaning const& meaning, Compression compression) {
  auto const& file = opened(file_);
  std::vector<hsize_t> extents;
  std::size_t expected = 1;
  for (auto const& scale : dims) {
    extents.push_back(scale_length(file, scale, path));
    expected *= static_cast<std::size_t>(extents.back());
  }
  if (expected != count)
    throw refusal(
        file, path,
        std::to_string(count) + " values are given, but its scales have room for " + std::to_string(expected));
  bool const deflated = count > 1 && compression != Compression::none &&
                        (compression == Compression::deflate || count * size_of(type) >= compressed_from_bytes);
  auto dataset = create_dataset(file, path, type, extents,
                                deflated ? chunk_of(extents, size_of(type)) : std::vector<hsize_t>{}, false, deflated);
  if (count > 0) write_values(file, dataset, path, type, values);
  attach_scales(file, dataset.get(), path, dims);
  write_meaning(file, dataset.get(), path, meaning);
  close_dataset(file, dataset, path);
}

Hdf5Stream Hdf5Writer::stream_raw(std::string const& path, Type type, std::vector<std::string> const& dims,
                                  std::uint64_t chunk_rows, Meaning const& meaning, Compression compression) {
  auto& file = opened(file_);
  std::vector<hsize_t> chunk{std::max<std::uint64_t>(chunk_rows, 1)};
  for (std::size_t axis = 1; axis < dims.size(); ++axis) chunk.push_back(scale_length(file, dims[axis], path));
  auto extents = chunk;
  extents[0] = 0;
  bool const repeats = compression == Compression::repeats && dims.size() < 2;
  bool const deflated = repeats || compression == Compression::deflate ||
                        (compression == Compression::automatic && is_whole_number(type));
  Growing growing;
  growing.path = path;
  growing.dims = dims;
  growing.type = type;
  growing.row_bytes = size_of(type);
  for (std::size_t axis = 1; axis < chunk.size(); ++axis) growing.row_bytes *= static_cast<std::size_t>(chunk[axis]);
  if (growing.row_bytes == 0) throw refusal(file, path, "its rows are empty");
  growing.dataset = create_dataset(file, path, type, extents, chunk, true, deflated);
  growing.chunk = std::move(chunk);
  if (repeats) growing.packing = make_packing(file, path, growing.chunk[0], growing.row_bytes, Shuffle::yes);
  write_meaning(file, growing.dataset.get(), path, meaning);
  return {file_, &file.growing.emplace_back(std::move(growing))};
}

Hdf5Stream Hdf5Writer::stream_scale_raw(std::string const& path, Type type, std::uint64_t chunk_rows,
                                        Meaning const& meaning) {
  auto stream = stream_raw(path, type, {}, chunk_rows, meaning, Compression::automatic);
  make_scale(*file_, stream.growing_->dataset.get(), path);
  return stream;
}

void Hdf5Writer::attach_streams() {
  auto& file = opened(file_);
  for (auto& growing : file.growing) {
    flush(file, growing);
    if (growing.dims.empty()) continue;
    auto const length = scale_length(file, growing.dims[0], growing.path);
    if (length != growing.rows())
      throw refusal(file, growing.path,
                    std::to_string(growing.rows()) + " rows were appended, but its scale '" + growing.dims[0] +
                        "' has " + std::to_string(length));
    attach_scales(file, growing.dataset.get(), growing.path, std::exchange(growing.dims, {}));
  }
}

void Hdf5Writer::group(std::string const& path) { make_parents(opened(file_), path + "/"); }

void Hdf5Writer::attribute(std::string const& object, std::string const& name, std::string const& value) {
  auto const& file = opened(file_);
  write_text(file, open_object(file, object).get(), object, name, value);
}

void Hdf5Writer::attribute(std::string const& object, std::string const& name, std::int64_t value) {
  write_number(opened(file_), object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Hdf5Writer::attribute(std::string const& object, std::string const& name, double value) {
  write_number(opened(file_), object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void Hdf5Writer::close() {
  auto& file = opened(file_);
  attach_streams();
  for (auto& growing : file.growing) close_dataset(file, growing.dataset, growing.path);
  written(H5Fflush(file.handle.get(), H5F_SCOPE_LOCAL), file, "");
  if (file.handle.close() < 0) throw write_error(file, "");
}

}  // namespace mambasynth::store
