#include <array>
#include <span>
#include <stdexcept>

#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "store/archive/pt.hpp"
#include "store/archive/tensor_loader.hpp"
#include "store/archive/torch_zip_writer.hpp"
#include "store/archive/unpickle.hpp"
#include "store/archive/zip_reader.hpp"

namespace mambasynth::tests::fuzz {
namespace {

/// An archive with one storage of four numbers, for every pickle: writing one for each would take most of the time.
store::archive::ZipReader const& archive() {
  static InputFolder const folder;
  static auto const zip = [] {
    constexpr std::array<float, 4> numbers{0, 1, 2, 3};
    auto const file = folder.path() / "checkpoint.pt";
    store::archive::TorchZipWriter writer(file);
    writer.add("a/data/0", {reinterpret_cast<char const*>(numbers.data()), sizeof numbers});
    writer.close();
    return store::archive::ZipReader(file, "checkpoint", store::archive::Dialect::torch);
  }();
  return zip;
}

}  // namespace

/// The pickle of a checkpoint, without the archive around it, whose checksum would hide nearly every change. As in
/// pt::load, a std::runtime_error with the reason is an error of ours.
void read_pickle(std::string_view bytes) {
  for (bool const big_endian : {false, true}) {
    store::pt::TensorLoader loader(archive(), "a/", big_endian);
    try {
      auto const value = store::pt::unpickle(std::as_bytes(std::span(bytes)),
                                             [&](store::pt::TensorView const& view) { return loader(view); });
      static_cast<void>(value.find("model_state_dict"));
    } catch (std::runtime_error const&) {
      return;
    }
  }
}

}  // namespace mambasynth::tests::fuzz
