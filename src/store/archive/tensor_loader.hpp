#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/archive/tensor.hpp"
#include "store/archive/tensor_view.hpp"
#include "store/archive/zip_reader.hpp"

namespace mambasynth::store::pt {

/// Private to this folder: reads tensors from an archive; a storage is read once and shared by the tensors that cover
/// all of it.
class TensorLoader {
 public:
  TensorLoader(archive::ZipReader const& zip, std::string folder, bool big_endian);

  /// Errors: std::runtime_error with the reason alone.
  Tensor operator()(TensorView const& view);

 private:
  using Bytes = std::shared_ptr<std::vector<std::byte>>;

  /// `in_bytes`: the reference counts bytes instead of elements of `size`.
  Bytes storage(StorageReference const& reference, std::size_t size, bool in_bytes);

  archive::ZipReader const& zip_;
  std::string folder_;
  bool big_endian_;
  std::uint64_t copies_left_;
  std::map<std::string, Bytes> storages_;
};

}  // namespace mambasynth::store::pt
