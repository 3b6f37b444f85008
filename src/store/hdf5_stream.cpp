#include <algorithm>
#include <cstring>

#include "store/hdf5_file.hpp"

namespace mambasynth::store {
namespace detail {
namespace {

/// Writes `rows` rows, the first as row `at`.
void write_rows(File const& file, Growing& to, std::uint64_t at, std::byte const* values, std::uint64_t rows) {
  if (to.refers_to_words) return write_packed(file, to, at, stored_words(file, to, values, rows), rows);
  if (to.packing) {
    std::vector<std::byte> chunk(values, values + rows * to.row_bytes);
    chunk.resize(to.chunk_bytes());
    return write_packed(file, to, at, chunk, rows);
  }
  std::vector<hsize_t> size = to.chunk, start(to.chunk.size(), 0);
  size[0] = at + rows;
  written(H5Dset_extent(to.dataset.get(), size.data()), file, to.path);
  size[0] = rows;
  start[0] = at;
  auto const rank = static_cast<int>(size.size());
  SpaceHandle in_file(written(H5Dget_space(to.dataset.get()), file, to.path));
  written(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), file,
          to.path);
  SpaceHandle in_memory(written(H5Screate_simple(rank, size.data(), nullptr), file, to.path));
  written(H5Dwrite(to.dataset.get(), memory_type(to.type), in_memory.get(), in_file.get(), H5P_DEFAULT, values), file,
          to.path);
}

}  // namespace

void append(File& file, Growing& to, std::byte const* values, std::size_t count) {
  prepare_library();  // streams may be filled by another thread
  auto const whole = to.chunk_bytes();
  auto const chunk_rows = static_cast<std::uint64_t>(to.chunk[0]);
  while (count > 0) {
    if (to.pending.empty() && count >= whole) {
      write_rows(file, to, to.rows_written, values, chunk_rows);
      to.rows_written += chunk_rows;
      values += whole;
      count -= whole;
      continue;
    }
    auto const taken = std::min(count, whole - to.pending.size());
    to.pending.insert(to.pending.end(), values, values + taken);
    values += taken;
    count -= taken;
    if (to.pending.size() == whole) {
      write_rows(file, to, to.rows_written, to.pending.data(), chunk_rows);
      to.rows_written += chunk_rows;
      to.pending.clear();
    }
  }
}

void flush(File& file, Growing& to) {
  if (to.pending.size() % to.row_bytes != 0) throw refusal(file, to.path, "its last row is incomplete");
  // The rows stay pending, so that a later append can still fill their chunk.
  if (!to.pending.empty()) write_rows(file, to, to.rows_written, to.pending.data(), to.pending.size() / to.row_bytes);
}

}  // namespace detail

Hdf5Stream::Hdf5Stream(std::shared_ptr<detail::File> file, detail::Growing* growing)
    : file_(std::move(file)), growing_(growing) {}

std::uint64_t Hdf5Stream::rows() const { return growing_ ? growing_->rows() : 0; }

void Hdf5Stream::append_raw(detail::ElementType type, void const* values, std::size_t count) {
  if (!growing_) throw std::logic_error("append() to a stream that no writer created");
  if (!growing_->dataset) throw detail::refusal(*file_, growing_->path, "its file is closed");
  if (file_->abandoned) throw detail::refusal(*file_, growing_->path, "an earlier write to its file failed");
  if (type != growing_->type) throw detail::refusal(*file_, growing_->path, "the values have another element type");
  detail::append(*file_, *growing_, static_cast<std::byte const*>(values), count * detail::size_of(type));
}

}  // namespace mambasynth::store
