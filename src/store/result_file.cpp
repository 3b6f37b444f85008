#include "store/result_file.hpp"

#include <utility>

namespace mambasynth::store {

ResultFile::ResultFile(std::filesystem::path file, std::int64_t schema_version)
    : target_(std::move(file)), h5_(target_.temporary()) {
  h5_.attribute("/", "schema_version", schema_version);
}

void ResultFile::provenance(Attributes const& attributes) {
  constexpr char const* group = "/provenance";
  h5_.group(group);
  for (auto const& [name, attribute] : attributes)
    std::visit([&, &key = name](auto const& value) { h5_.attribute(group, key, value); }, attribute);
}

void ResultFile::close() {
  if (std::exchange(open_, false)) h5_.close();
}

void ResultFile::commit() {
  close();
  target_.commit();
}

}  // namespace mambasynth::store
