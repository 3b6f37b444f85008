#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/archive/npy_format.hpp"
#include "store/archive/npz.hpp"
#include "store/archive/zip_reader.hpp"
#include "store/exact_integer.hpp"
#include "store/memory.hpp"

/// Converts arrays while they are decoded.
namespace mambasynth::store {
namespace {

constexpr std::uint64_t piece = 1 << 16;  ///< values held in their stored form at a time

/// Row-major positions of the successive values of an array in Fortran order.
class RowMajorPlace {
 public:
  explicit RowMajorPlace(std::vector<std::int64_t> const& shape)
      : shape_(shape), index_(shape.size(), 0), stride_(shape.size(), 1) {
    for (auto axis = shape.size(); axis-- > 1;)
      stride_[axis - 1] = stride_[axis] * static_cast<std::size_t>(shape[axis]);
  }
  std::size_t next() {
    auto const place = place_;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      place_ += stride_[axis];
      if (++index_[axis] < shape_[axis]) break;
      place_ -= stride_[axis] * static_cast<std::size_t>(shape_[axis]);
      index_[axis] = 0;
    }
    return place;
  }

 private:
  std::vector<std::int64_t> const& shape_;
  std::vector<std::int64_t> index_;
  std::vector<std::size_t> stride_;
  std::size_t place_ = 0;
};

}  // namespace

StoredArray::StoredArray(npy::Source source)
    : source_(std::make_unique<npy::Source>(std::move(source))),
      header_(std::make_unique<npy::Header>(npy::read_header(*source_))),
      dtype_(header_->native_descr()) {}
StoredArray::StoredArray(StoredArray&&) noexcept = default;
StoredArray& StoredArray::operator=(StoredArray&&) noexcept = default;
StoredArray::~StoredArray() = default;

std::string const& StoredArray::dtype() const { return dtype_; }
std::vector<std::int64_t> const& StoredArray::shape() const { return header_->shape; }
bool StoredArray::numbers() const { return std::string_view("fiub").find(dtype_[1]) != std::string_view::npos; }
bool StoredArray::first_axis_fastest() const { return header_->first_axis_fastest(); }

template <class T>
void StoredArray::next(std::span<T> into) {
  while (!into.empty()) {
    auto const count = std::min<std::size_t>(into.size(), piece);
    NpyArray some{dtype_, {static_cast<std::int64_t>(count)}, std::vector<std::byte>(count * header_->item)};
    source_->read(some.bytes.data(), some.bytes.size());
    header_->little_endian(some.bytes);
    std::ranges::copy(some.as<T>(), into.begin());
    into = into.subspan(count);
  }
}

template <class T>
std::vector<T> StoredArray::read() && {
  auto left = header_->item > 0 ? header_->payload / header_->item : 0;
  auto values = room_for<T>(left, [&] { return source_->description(); });
  bool const scattered = header_->first_axis_fastest();
  if (scattered) values.resize(static_cast<std::size_t>(left));
  RowMajorPlace place(header_->shape);
  std::vector<T> some;
  for (; left > 0; left -= some.size()) {
    some.resize(static_cast<std::size_t>(std::min(left, piece)));
    next(std::span(some));
    if (!scattered) values.insert(values.end(), some.begin(), some.end());
    else
      for (auto const value : some) values[place.next()] = value;
  }
  return values;
}

std::vector<double> StoredArray::read_columns() && {
  if (!holds_wide_integers()) return std::move(*this).read<double>();
  bool const with_sign = std::exchange(dtype_, "<f8") == "<i8";
  auto const columns = shape().size() > 1 ? shape().back() : 1;
  auto values = std::move(*this).read<double>();
  if (auto const rounded = to_exact_columns(values, with_sign, columns))
    throw archive::unreadable(source_->file, (source_->name.empty() ? "" : "'" + source_->name + "': ") + rounded->why,
                              rounded->remedy);
  return values;
}

NpyArray StoredArray::whole() && { return npy::read_payload(*source_, *header_); }

template std::vector<double> StoredArray::read<double>() &&;
template std::vector<float> StoredArray::read<float>() &&;
template std::vector<std::int64_t> StoredArray::read<std::int64_t>() &&;
template void StoredArray::next<double>(std::span<double>);
template void StoredArray::next<float>(std::span<float>);
template void StoredArray::next<std::int64_t>(std::span<std::int64_t>);

}  // namespace mambasynth::store
