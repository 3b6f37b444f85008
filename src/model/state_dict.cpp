#include "model/state_dict.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "errors/errors.hpp"
#include "store/archive/safetensors.hpp"

namespace mambasynth::model {
namespace {

at::ScalarType scalar_type(store::DType dtype) {
  switch (dtype) {
    case store::DType::f64:
      return at::kDouble;
    case store::DType::f32:
      return at::kFloat;
    case store::DType::f16:
      return at::kHalf;
    case store::DType::bf16:
      return at::kBFloat16;
    case store::DType::i64:
      return at::kLong;
    case store::DType::i32:
      return at::kInt;
    case store::DType::i16:
      return at::kShort;
    case store::DType::i8:
      return at::kChar;
    case store::DType::u8:
      return at::kByte;
    case store::DType::boolean:
      return at::kBool;
  }
  throw std::logic_error("unknown element type");
}

store::DType dtype_of(at::ScalarType type) {
  for (auto const dtype :
       {store::DType::f64, store::DType::f32, store::DType::f16, store::DType::bf16, store::DType::i64,
        store::DType::i32, store::DType::i16, store::DType::i8, store::DType::u8, store::DType::boolean})
    if (scalar_type(dtype) == type) return dtype;
  throw std::logic_error("a checkpoint cannot hold this element type");
}

constexpr char const* give_ours = "Give a file written by train or convert";
WeightsOf<std::string> names_of(config::Model const& model) {
  WeightsOf<std::string> names;
  for_each_weight(model, 0, names, [](WeightSpec spec, std::string& name) { name = std::move(spec.name); });
  return names;
}
/// Of the smallest model: a layer and a head, which every model has.
WeightsOf<std::string> const& shared_names() {
  static auto const names = names_of({.n_layers = 1, .max_horizon = 1});
  return names;
}
LayerOf<std::string> layer_names(std::int64_t index) {
  LayerOf<std::string> names;
  for_each_weight_of_layer({}, index, names, [](WeightSpec spec, std::string& name) { name = std::move(spec.name); });
  return names;
}
/// The one name that every checkpoint of the model has.
std::string const& landmark() { return shared_names().input_weight; }

/// Prefixes that torch.compile, DataParallel, DeepSpeed, FSDP and activation checkpointing add to module names.
constexpr std::string_view wrappers[] = {"_orig_mod", "module", "_forward_module", "_fsdp_wrapped_module",
                                         "_checkpoint_wrapped_module"};

std::string without_wrappers(std::string const& name) {
  std::string kept;
  for (std::size_t at = 0; at <= name.size();) {
    auto const end = std::min(name.find('.', at), name.size());
    auto const part = name.substr(at, end - at);
    if (std::find(std::begin(wrappers), std::end(wrappers), part) == std::end(wrappers))
      kept += (kept.empty() ? "" : ".") + part;
    at = end + 1;
  }
  return kept;
}

/// The prefix before the landmark, e.g. "model."; nullopt if the name does not end in it.
std::optional<std::string> prefix_of(std::string const& name) {
  if (!name.ends_with(landmark())) return std::nullopt;
  auto prefix = name.substr(0, name.size() - landmark().size());
  if (!prefix.empty() && !prefix.ends_with('.')) return std::nullopt;
  return prefix;
}

/// Renames tensors to their current names. Errors: errors::input if two tensors would get the same name.
NamedTensors with_current_names(NamedTensors weights, std::string const& file) {
  std::set<std::string> prefixes;
  for (auto const& [name, tensor] : weights)
    if (auto const prefix = prefix_of(without_wrappers(name))) prefixes.insert(*prefix);
  if (prefixes.size() > 1)
    throw errors::input(
        file + " holds the weights of several models",
        "their names begin with " +
            [&] {
              std::string text;
              for (auto const& prefix : prefixes) text += (text.empty() ? "'" : ", '") + prefix + "'";
              return text;
            }(),
        "Save only the one that you want");
  std::string const prefix = prefixes.empty() ? "" : *prefixes.begin();
  std::map<std::string, std::string> stored;
  for (auto& [name, tensor] : weights) {
    auto current = without_wrappers(name);
    if (current.starts_with(prefix)) current.erase(0, prefix.size());
    constexpr std::string_view older = "output_proj.";
    if (current.starts_with(older)) current = std::string(heads_prefix) + "1." + current.substr(older.size());
    auto const [other, fresh] = stored.emplace(current, name);
    if (!fresh)
      throw errors::input(file + " holds the tensor '" + current + "' twice",
                          "as '" + other->second + "' and as '" + name + "'", "Save only the weights that you want");
    name = std::move(current);
  }
  return weights;
}

/// State dicts of the model in a checkpoint, with their keys, which differ from program to program.
using StateDicts = std::vector<std::pair<std::string, store::pt::Value const*>>;
void find_states(store::pt::Value const& value, std::string const& key, int depth, StateDicts& found) {
  constexpr int deepest = 3;
  if (!value.is_dict() || depth > deepest) return;
  bool const state = std::any_of(value.items().begin(), value.items().end(), [](auto const& entry) {
    auto const* name = std::get_if<std::string>(&entry.first.v);
    return name && std::holds_alternative<store::Tensor>(entry.second.v) && prefix_of(without_wrappers(*name));
  });
  if (state) {
    found.emplace_back(key, &value);
    return;
  }
  for (auto const& [name, entry] : value.items())
    if (auto const* text = std::get_if<std::string>(&name.v))
      find_states(entry, key + (key.empty() ? "" : ".") + *text, depth + 1, found);
}

store::pt::Value const* state_in(store::pt::Value const& checkpoint, std::string const& file) {
  if (auto const* state = checkpoint.find("model_state_dict"); state && state->is_dict()) return state;
  StateDicts found;
  find_states(checkpoint, "", 0, found);
  if (found.size() == 1) return found[0].second;
  std::string keys;
  for (auto const& [key, state] : found) keys += (keys.empty() ? "'" : ", '") + key + "'";
  if (found.empty())
    throw errors::input(file + " holds no weights of this model",
                        checkpoint.is_dict()
                            ? "no tensor in it is called '" + landmark() + "', with or without a prefix"
                            : "it is not a dict",
                        "Give a checkpoint written by train or by the original program");
  throw errors::input(file + " holds the weights of several models", "under " + keys,
                      "Save only the one that you want");
}

store::Tensor const* find(NamedTensors const& weights, std::string const& name) {
  for (auto const& [key, tensor] : weights)
    if (key == name) return &tensor;
  return nullptr;
}

store::Tensor const& need(NamedTensors const& weights, std::string const& name, std::string const& file) {
  if (auto const* tensor = find(weights, name)) return *tensor;
  throw errors::input(file + " is not a checkpoint of this model", "it has no tensor '" + name + "'", give_ours);
}

std::int64_t size_at(store::Tensor const& tensor, std::size_t axis, std::string const& name, std::string const& file) {
  if (axis >= tensor.shape.size())
    throw errors::input(file + ": tensor '" + name + "' has too few axes",
                        std::to_string(tensor.shape.size()) + " instead of the model's", give_ours);
  return tensor.shape[axis];
}

std::string shape_text(c10::IntArrayRef shape) {
  std::string text = "(";
  for (auto const size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + ")";
}

}  // namespace

at::Tensor to_torch(store::Tensor const& tensor) {
  auto result = at::empty(tensor.shape, at::TensorOptions().dtype(scalar_type(tensor.dtype)));
  if (result.nbytes() > 0) std::memcpy(result.mutable_data_ptr(), tensor.bytes->data(), result.nbytes());
  return result;
}

store::Tensor to_store(at::Tensor const& tensor) {
  auto const source = tensor.detach().cpu().contiguous();
  store::Tensor result;
  result.dtype = dtype_of(source.scalar_type());
  result.shape.assign(source.sizes().begin(), source.sizes().end());
  result.bytes = std::make_shared<std::vector<std::byte>>(source.nbytes());
  if (source.nbytes() > 0) std::memcpy(result.bytes->data(), source.const_data_ptr(), source.nbytes());
  return result;
}

WeightsFile read_weights(std::filesystem::path const& file) {
  WeightsFile result;
  if (file.extension() == ".safetensors") {
    result.weights = with_current_names(store::safetensors::load(file).tensors, file.string());
    return result;
  }
  result.checkpoint = store::pt::load(file);
  for (auto const& [key, value] : state_in(result.checkpoint, file.string())->items()) {
    auto const* name = std::get_if<std::string>(&key.v);
    auto const* tensor = std::get_if<store::Tensor>(&value.v);
    if (name != nullptr && tensor != nullptr) result.weights.emplace_back(*name, *tensor);
  }
  result.weights = with_current_names(std::move(result.weights), file.string());
  return result;
}

std::int64_t channels_of(WeightsFile const& file, std::string const& name) {
  return size_at(need(file.weights, landmark(), name), 1, landmark(), name);
}

config::Model architecture_of(WeightsFile const& file, std::string const& name) {
  auto const size = [&](std::string const& tensor, std::size_t axis) {
    return size_at(need(file.weights, tensor, name), axis, tensor, name);
  };
  config::Model model;
  model.dropout = 0;
  auto const& names = shared_names();
  auto const& layer = names.layers.front();
  model.d_model = size(names.input_weight, 0);
  model.d_state = size(layer.mixer.A_log, 1);
  model.d_conv = size(layer.mixer.conv_weight, 2);
  if (model.d_model < 1 || size(layer.mixer.A_log, 0) % model.d_model != 0)
    throw errors::input(name + " is not a checkpoint of this model",
                        "its inner width is not a multiple of its model width", give_ours);
  model.expand = size(layer.mixer.A_log, 0) / model.d_model;
  model.n_layers = 0;
  while (find(file.weights, layer_names(model.n_layers).norm_weight)) ++model.n_layers;
  model.max_horizon = 0;
  for (auto const& [key, tensor] : file.weights) {
    if (!key.starts_with(heads_prefix)) continue;
    model.max_horizon = std::max<std::int64_t>(model.max_horizon, std::atoll(key.c_str() + heads_prefix.size()));
  }
  if (model.max_horizon < 1)
    throw errors::input(name + " is not a checkpoint of this model", "it has no output head", give_ours);
  model.d_ff = size(names.heads.front().weight0, 0);
  return model;
}

void load_state(Network& network, NamedTensors const& weights, std::string const& file) {
  at::NoGradGuard const no_grad;
  std::set<std::string> known;
  for (auto const& parameter : network.parameters()) {
    auto const& stored = need(weights, parameter.name, file);
    if (parameter.tensor.sizes() != c10::IntArrayRef(stored.shape))
      throw errors::input(file + ": tensor '" + parameter.name + "' has the shape " + shape_text(stored.shape),
                          "the model's is " + shape_text(parameter.tensor.sizes()),
                          "Give the model flags that the checkpoint was trained with");
    parameter.tensor.copy_(to_torch(stored));
    known.insert(parameter.name);
  }
  for (auto const& [name, tensor] : weights)
    if (!known.contains(name))
      throw errors::input(file + ": tensor '" + name + "' is not part of the model",
                          "the file comes from another architecture",
                          "Give the model flags that the checkpoint was trained with");
}

NamedTensors state_of(Network const& network) {
  NamedTensors state;
  for (auto const& parameter : network.parameters()) state.emplace_back(parameter.name, to_store(parameter.tensor));
  return state;
}

LoadedNetwork load_network(std::filesystem::path const& file) {
  auto weights = read_weights(file);
  Network network(architecture_of(weights, file.string()), channels_of(weights, file.string()));
  load_state(network, weights.weights, file.string());
  return {std::move(network), std::move(weights)};
}

}  // namespace mambasynth::model
