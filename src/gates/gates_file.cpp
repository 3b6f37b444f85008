#include "gates/gates_file.hpp"

#include <ATen/ATen.h>

#include <map>
#include <span>

#include "series/time_axis.hpp"
#include "store/result_file.hpp"

namespace mambasynth::gates {
namespace {

constexpr std::int64_t schema_version = 1;

void write_table(store::Hdf5Writer& h5, std::string const& group, Table const& table, char const* bin_scale) {
  std::vector<std::string> const axes{"/layer", bin_scale};
  auto const write = [&](std::string const& name, Averages const& averages, store::Meaning const& meaning) {
    h5.dataset<double>(group + "/" + name, averages.value, axes, meaning);
    h5.dataset<double>(group + "/" + name + "_se", averages.standard_error, axes,
                       {"its standard error, windows as blocks", meaning.units});
  };
  write("delta", table.delta, {"step size delta after softplus, mean over inner channels and steps", "1"});
  write("memory", table.memory, {"effective memory 1/(delta |A|), mean over inner channels, states and steps", "step"});
  write("memory_geometric", table.memory_geometric,
        {"effective memory 1/(delta |A|), geometric mean over inner channels, states and steps", "step"});
  h5.dataset<std::int64_t>(group + "/steps", table.steps, {bin_scale}, {"steps averaged over", "1"});
}

/// Growing data sets of the samples, created with the first one.
class SampleStreams {
 public:
  explicit SampleStreams(store::Hdf5Writer& h5) : h5_(h5) {}
  /// values (1, step) or (1, step, last axis).
  void append(std::string const& path, at::Tensor const& values, char const* last_axis, store::Meaning const& meaning) {
    auto const flat = values.to(at::kFloat).contiguous();
    auto found = streams_.find(path);
    if (found == streams_.end()) {
      std::vector<std::string> axes{"/sample", "/step"};
      if (last_axis != nullptr) axes.emplace_back(last_axis);
      found = streams_.emplace(path, h5_.stream<float>(path, axes, 1, meaning)).first;
    }
    found->second.append(std::span(flat.const_data_ptr<float>(), static_cast<std::size_t>(flat.numel())));
  }

 private:
  store::Hdf5Writer& h5_;
  std::map<std::string, store::Hdf5Stream> streams_;
};

void append_sample(SampleStreams& streams, Sample const& sample, bool signals) {
  for (std::size_t i = 0; i < sample.layers.size(); ++i) {
    auto const& layer = sample.layers[i];
    auto const name = "layer_" + std::to_string(i + 1) + "/";
    streams.append("/trace/" + name + "delta", layer.delta.mean(2), nullptr,
                   {"step size delta after softplus, mean over inner channels", "1"});
    streams.append("/trace/" + name + "B_norm", at::linalg_vector_norm(layer.B, 2, {2}), nullptr,
                   {"|B| over the states", "1"});
    streams.append("/trace/" + name + "C_norm", at::linalg_vector_norm(layer.C, 2, {2}), nullptr,
                   {"|C| over the states", "1"});
    if (!signals) continue;
    streams.append("/signal/" + name + "delta", layer.delta, "/inner", {"step size delta after softplus", "1"});
    streams.append("/signal/" + name + "z_gate", layer.z_gate, "/inner", {"output gate silu(z)", "1"});
    streams.append("/signal/" + name + "x_conv", layer.x_conv, "/inner",
                   {"input of the scan, after convolution and SiLU", "1"});
    streams.append("/signal/" + name + "B", layer.B, "/state", {"input matrix B", "1"});
    streams.append("/signal/" + name + "C", layer.C, "/state", {"output matrix C", "1"});
  }
}

}  // namespace

void write_gates(std::filesystem::path const& file, model::Predictor const& network, at::Tensor const& series,
                 Choice const& choice, Statistics const& statistics, config::Gates const& config,
                 GatesSource const& source, SignalMaps const* maps, std::span<std::int64_t const> circle) {
  store::ResultFile result(file, schema_version);
  auto& h5 = result.h5();
  h5.attribute("/", "seed", config.seed);
  h5.attribute("/", "seq_len", source.seq_len);
  h5.attribute("/", "skip", statistics.skip);
  h5.attribute("/", "around", statistics.around);
  h5.attribute("/", "windows", statistics.windows);
  result.provenance({{"checkpoint", source.checkpoint}, {"data", source.data}});
  result.provenance(source.facts);

  h5.counting_scale("/layer", 1, statistics.layers, {"layer, counted from 1", "1"});
  h5.text_scale(
      "/condition", statistics.conditions,
      {"which steps: switch is the first of a visit, before and after up to `around` steps from one, away farther from "
       "all; return is the first of a revolution, away from switches (more often where periods are short)",
       "1"});
  write_table(h5, "/by_condition", statistics.by_condition, "/condition");
  if (statistics.offsets() > 0) {
    series::time_scale(h5, "/offset", -statistics.around, statistics.offsets(), source.sampling_rate,
                       "{} from the first step of a visit, or of a further revolution");
    write_table(h5, "/around_switch", statistics.around_switch, "/offset");
    write_table(h5, "/around_return", statistics.around_return, "/offset");
  }

  h5.scale<std::int64_t>("/sample", choice.numbers, {"drawn window, counted from 0", "1"});
  h5.dataset<std::int64_t>("/sample_start", choice.starts, {"/sample"},
                           {"first step of the window in the series", "step"});
  series::time_scale(h5, "/step", 0, source.seq_len, source.sampling_rate, "{} from the start of the window");
  if (config.signals) {
    h5.counting_scale("/inner", 0, network.config().d_inner(), {"inner channel of a block", "1"});
    h5.counting_scale("/state", 0, network.config().d_state, {"state of an inner channel", "1"});
  }
  if (maps != nullptr) write_signal_maps(h5, *maps, circle, config);
  SampleStreams streams(h5);
  for_each_sample(network, series, source.seq_len, choice,
                  [&](Sample const& sample) { append_sample(streams, sample, config.signals); });
  result.commit();
}

}  // namespace mambasynth::gates
