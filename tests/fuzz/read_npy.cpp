#include <cstring>
#include <memory>

#include "fuzz/input.hpp"
#include "fuzz/targets.hpp"
#include "series/load.hpp"
#include "store/archive/npy_format.hpp"
#include "store/archive/npz.hpp"

namespace mambasynth::tests::fuzz {
namespace {

store::StoredArray in_memory(std::string_view bytes) {
  auto const left = std::make_shared<std::string_view>(bytes);
  store::npy::Source source;
  source.file = "recording.npy";
  source.size = bytes.size();
  source.read = [left](void* into, std::size_t count) {
    if (count > left->size()) throw errors::input("recording.npy", "it is truncated", "give all of it");
    std::memcpy(into, left->data(), count);
    left->remove_prefix(count);
  };
  return store::StoredArray(std::move(source));
}

}  // namespace

void read_npy(std::string_view bytes) {
  static InputFolder const folder;
  attempt([&] {
    bool const numbers = in_memory(bytes).numbers();
    auto const array = in_memory(bytes).whole();
    static_cast<void>(array.size());
    if (!numbers) {
      static_cast<void>(array.as_text());
      return;
    }
    attempt([&] { static_cast<void>(in_memory(bytes).read<double>()); });
    attempt([&] { static_cast<void>(in_memory(bytes).read<float>()); });
    attempt([&] { static_cast<void>(in_memory(bytes).read<std::int64_t>()); });
    attempt([&] { static_cast<void>(in_memory(bytes).read_columns()); });
    static_cast<void>(series::load(folder.put("recording.npy", bytes)));
  });
}

}  // namespace mambasynth::tests::fuzz
