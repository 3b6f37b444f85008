#include "generate/generation_file.hpp"

#include <optional>
#include <span>
#include <type_traits>

#include "config/section.hpp"
#include "series/time_axis.hpp"
#include "store/result_file.hpp"

namespace mambasynth::generate {
namespace {

constexpr std::int64_t schema_version = 1;

void write_settings(store::Hdf5Writer& h5, config::Generate const& config) {
  config::for_each_field<config::Generate>([&](auto const& field) {
    auto const& value = config.*(field.member);
    using T = std::decay_t<decltype(value)>;
    std::string const key(field.key);
    if constexpr (std::is_same_v<T, std::optional<std::int64_t>>) {
      if (value) h5.attribute("/", key, *value);
    } else if constexpr (std::is_same_v<T, bool>) {
      h5.attribute("/", key, std::int64_t{value});
    } else {
      h5.attribute("/", key, value);
    }
  });
}

}  // namespace

void write_generation(std::filesystem::path const& file, Generation const& g, config::Generate const& config,
                      GenerationSource const& source, Generation const* calm,
                      std::function<void(store::Hdf5Writer&)> const& more) {
  store::ResultFile result(file, schema_version);
  auto& h5 = result.h5();
  write_settings(h5, config);
  result.provenance({{"checkpoint", source.checkpoint}, {"data", source.data}});
  result.provenance(source.facts);

  h5.counting_scale("/sample", 0, g.samples(), {"sample", "1"});
  series::time_scale(h5, "/time", 0, config.gen_len, source.sampling_rate, "{} after the seed");
  series::time_scale(h5, "/seed_time", -config.seed_len, config.seed_len, source.sampling_rate,
                     "{} before the first generated one");
  h5.counting_scale("/channel", 0, g.channels, {"channel of the series", "1"});
  std::vector<std::string> const axes{"/sample", "/time", "/channel"};
  h5.dataset<float>("/generated", g.generated, axes, {"continuation of the seed by the network", "1"});
  if (calm) h5.dataset<float>("/generated_without_bursts", calm->generated, axes, {"the same without the bursts", "1"});
  h5.dataset<float>("/truth", g.truth, axes, {"true continuation of the seed", "1"});
  h5.dataset<float>("/seed", g.seed, {"/sample", "/seed_time", "/channel"},
                    {"true steps that generation starts from", "1"});
  h5.dataset<std::int64_t>("/seed_start", g.seed_start, {"/sample"}, {"first step of the seed in the series", "step"});
  h5.dataset<double>("/mse", g.mse, {"/sample"},
                     {source.standardized ? "mean squared error of the generated steps, in squared standard deviations "
                                            "of the channels"
                                          : "mean squared error of the generated steps",
                      "1"});
  if (more) more(h5);
  result.commit();
}

}  // namespace mambasynth::generate
