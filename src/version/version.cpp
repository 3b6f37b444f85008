#include "version/version.hpp"

#include "generated/commit.hpp"

namespace mambasynth::version {

Source const& source() {
  static constexpr Source here{
      .number = generated::number, .commit = generated::commit, .date = generated::date, .dirty = generated::dirty};
  return here;
}

}  // namespace mambasynth::version
