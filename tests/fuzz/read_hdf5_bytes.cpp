#include <stdexcept>

#include "fuzz/targets.hpp"
#include "store/hdf5_bytes.hpp"

namespace mambasynth::tests::fuzz {
namespace {

/// What KnownLayout relies on.
void require_inside(store::detail::Extent const& extent, std::string_view file) {
  if (extent.offset > file.size() || extent.size > file.size() - extent.offset)
    throw std::logic_error("an extent leaves the file");
}

}  // namespace

/// Our own code for the format of HDF5, which elsewhere sees only what HDF5 has read. The input is a file and, as its
/// last eight bytes, the address of an object header.
void read_hdf5_bytes(std::string_view bytes) {
  using namespace store::detail;
  if (bytes.size() < sizeof(std::uint64_t)) return;
  auto const file = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  for (auto const& heap : heaps(file)) require_inside(heap, file);
  auto const header = object_header(file, number_at<std::uint64_t>(bytes, file.size()));
  if (!header) return;
  for (auto const* extents : {&header->structure, &header->rest})
    for (auto const& extent : *extents) require_inside(extent, file);
  auto const collection = [&](std::uint64_t address) {
    return address < file.size() ? file.substr(address) : std::string_view();
  };
  for (auto const& attribute : header->attributes) {
    require_inside(attribute.value, file);
    if (attribute.kind == StoredAttribute::Kind::text)
      static_cast<void>(text_of(file.substr(attribute.value.offset, attribute.value.size), collection));
  }
}

}  // namespace mambasynth::tests::fuzz
