#include "evaluate/activations_file.hpp"

#include <ATen/ATen.h>

#include <map>

#include "analysis/plot/labels.hpp"
#include "config/sizes.hpp"
#include "store/atomic_file.hpp"
#include "store/free_space.hpp"
#include "store/result_file.hpp"

namespace mambasynth::evaluate {
namespace {

constexpr std::int64_t schema_version = 1;

/// Growing data sets of one file, created with their first batch.
class Streams {
 public:
  explicit Streams(store::Hdf5Writer& writer) : writer_(writer) {}

  void append(std::string const& path, at::Tensor const& values, char const* last_axis, store::Meaning const& meaning) {
    auto const contiguous = values.to(at::kFloat).contiguous();
    stream<float>(path, dims(last_axis), meaning)
        .append(std::span(contiguous.const_data_ptr<float>(), static_cast<std::size_t>(contiguous.numel())));
  }
  template <class T>
  void append(std::string const& path, std::span<T const> values, store::Meaning const& meaning) {
    stream<T>(path, dims(nullptr), meaning).append(values);
  }

 private:
  static std::vector<std::string> dims(char const* last_axis) {
    std::vector<std::string> axes{"/window", "/step"};
    if (last_axis != nullptr) axes.emplace_back(last_axis);
    return axes;
  }
  template <class T>
  store::Hdf5Stream& stream(std::string const& path, std::vector<std::string> const& axes,
                            store::Meaning const& meaning) {
    auto const found = streams_.find(path);
    if (found != streams_.end()) return found->second;
    return streams_.emplace(path, writer_.stream<T>(path, axes, 1, meaning)).first->second;
  }
  store::Hdf5Writer& writer_;
  std::map<std::string, store::Hdf5Stream> streams_;
};

at::Tensor in_units_of_recording(at::Tensor const& values, series::Scaling const& scaling) {
  if (scaling.empty()) return values;
  auto copy = values.to(at::kFloat).contiguous().clone();
  scaling.undo(std::span(copy.mutable_data_ptr<float>(), static_cast<std::size_t>(copy.numel())));
  return copy;
}

void append_gates(Streams& streams, std::vector<model::GateSignals> const& gates) {
  for (std::size_t i = 0; i < gates.size(); ++i) {
    auto const group = "/gate/layer_" + std::to_string(i + 1) + "/";
    streams.append(group + "delta", gates[i].delta, "/inner", {"step size delta after softplus", "1"});
    streams.append(group + "z_gate", gates[i].z_gate, "/inner", {"output gate silu(z)", "1"});
    streams.append(group + "B_norm", at::linalg_vector_norm(gates[i].B, 2, {2}), nullptr, {"|B| over the states", "1"});
    streams.append(group + "C_norm", at::linalg_vector_norm(gates[i].C, 2, {2}), nullptr, {"|C| over the states", "1"});
  }
}

}  // namespace

void write_activations(std::filesystem::path const& file, model::Predictor const& network, at::Tensor const& series,
                       std::int64_t seq_len, Labels const& labels, bool gates, Origin const& origin) {
  auto const& model = network.config();
  auto const windows_of_series = series.size(0) / seq_len;
  auto const horizons = static_cast<std::int64_t>(model.horizons().size());
  auto const values =
      network.channels() * (1 + horizons) + model.n_layers * (model.d_model + (gates ? 2 * model.d_inner() + 2 : 0));
  store::require_writable_folder(file.parent_path());
  store::require_space(
      file.parent_path(),
      config::bytes_of({"", {{"windows", windows_of_series}, {"steps", seq_len}, {"values", values}}, sizeof(float)}),
      file.filename().string());
  store::ResultFile result(file, schema_version);
  auto& writer = result.h5();
  writer.counting_scale("/step", 0, seq_len, {"step within the window", "step"});
  writer.counting_scale("/feature", 0, network.config().d_model, {"feature of the residual stream", "1"});
  writer.counting_scale("/channel", 0, network.channels(), {"channel of the series", "1"});
  if (gates) writer.counting_scale("/inner", 0, network.config().d_inner(), {"inner channel of a block", "1"});

  Streams streams(writer);
  std::int64_t windows = 0;
  for_each_batch(network, series, seq_len, [&](EncodedBatch const& batch) {
    auto const unscaled = [&](at::Tensor const& values) { return in_units_of_recording(values, origin.scaling); };
    streams.append("/activation/input", unscaled(batch.x), "/channel",
                   {origin.scaling.empty() ? "series as the model reads it" : "recording, in its own units", "1"});
    for (std::size_t i = 0; i < batch.encoding.layers.size(); ++i)
      streams.append("/activation/layer_" + std::to_string(i + 1), batch.encoding.layers[i], "/feature",
                     {"residual stream after layer " + std::to_string(i + 1), "1"});
    for (std::size_t h = 0; h < network.horizons().size(); ++h) {
      auto const k = std::to_string(network.horizons()[h]);
      streams.append("/prediction/h" + k, unscaled(batch.encoding.predictions[h]), "/channel",
                     {"prediction of the series " + k + " steps ahead", "1"});
    }
    auto const first = static_cast<std::size_t>(batch.first_window * seq_len);
    auto const count = static_cast<std::size_t>(batch.x.size(0) * seq_len);
    if (!labels.circle.empty())
      streams.append("/state/circle", labels.circle.subspan(first, count), {analysis::plot::label_meaning, "1"});
    if (!labels.phase.empty())
      streams.append("/state/phase", labels.phase.subspan(first, count), {"phase on the circle", "rad"});
    if (gates) append_gates(streams, network.gates(batch.x));
    windows += batch.x.size(0);
  });

  store::Meaning const of_window{"first step of the window", "step"};
  if (origin.starts.empty()) writer.counting_scale("/window", 0, windows, of_window, seq_len);
  else writer.scale<std::int64_t>("/window", origin.starts, of_window);
  result.commit();
}

}  // namespace mambasynth::evaluate
