#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands/verb.hpp"
#include "config/section.hpp"
#include "errors/errors.hpp"
#include "model/state_dict.hpp"
#include "progress/display.hpp"
#include "store/archive/pt.hpp"
#include "store/archive/safetensors.hpp"
#include "store/atomic_file.hpp"
#include "streams/streams.hpp"

namespace mambasynth::commands {
namespace {

namespace fs = std::filesystem;
using store::pt::Dict;
using store::pt::OrderedDict;
using store::pt::Value;

struct ConvertOptions {
  std::string in, out;
};

/// The scalars of a checkpoint's args as text, so that a .safetensors file records how its weights were trained.
std::vector<std::pair<std::string, std::string>> metadata_of(Value const& checkpoint) {
  std::vector<std::pair<std::string, std::string>> metadata{{"format", "pt"}};
  auto const* args = checkpoint.find("args");
  if (args == nullptr || !args->is_dict()) return metadata;
  for (auto const& [key, value] : args->items()) {
    auto const* name = std::get_if<std::string>(&key.v);
    if (name == nullptr) continue;
    if (auto const* integer = std::get_if<std::int64_t>(&value.v))
      metadata.emplace_back(*name, std::to_string(*integer));
    else if (auto const* number = std::get_if<double>(&value.v))
      metadata.emplace_back(*name, fmt::format("{}", *number));
    else if (auto const* truth = std::get_if<bool>(&value.v)) metadata.emplace_back(*name, *truth ? "true" : "false");
    else if (auto const* text = std::get_if<std::string>(&value.v)) metadata.emplace_back(*name, *text);
  }
  return metadata;
}

/// A checkpoint with everything in the input; for bare weights, the weights and the architecture that they imply.
Value checkpoint_of(model::WeightsFile const& file, std::string const& name) {
  OrderedDict weights;
  for (auto const& [key, tensor] : file.weights) weights.items.emplace_back(Value{key}, Value{tensor});
  Dict dict;
  if (file.checkpoint.find("model_state_dict") != nullptr) {
    for (auto const& [key, value] : file.checkpoint.items()) {
      bool const replaced = std::get_if<std::string>(&key.v) && std::get<std::string>(key.v) == "model_state_dict";
      dict.emplace_back(key, replaced ? Value{weights} : value);
    }
    return {std::move(dict)};
  }
  auto const architecture = model::architecture_of(file, name);
  Dict args;
  config::for_each_field<config::Model>([&](auto const& field) {
    args.emplace_back(Value{std::string(field.key)}, Value{architecture.*(field.member)});
  });
  dict.emplace_back(Value{std::string("model_state_dict")}, Value{std::move(weights)});
  dict.emplace_back(Value{std::string("args")}, Value{std::move(args)});
  return {std::move(dict)};
}

int run(ConvertOptions const& options) {
  fs::path const in = options.in, out = options.out;
  auto const known = [](fs::path const& file) {
    return file.extension() == ".pt" || file.extension() == ".safetensors";
  };
  for (auto const& file : {in, out})
    if (!known(file))
      throw errors::usage("unknown format of " + file.string(), "its name ends in neither .pt nor .safetensors",
                          "Rename it");
  progress::Display const display("convert");
  auto const weights = model::read_weights(in);
  model::architecture_of(weights, in.string());
  store::AtomicFile target(out);
  if (out.extension() == ".safetensors")
    store::safetensors::save(target.temporary(), {weights.weights, metadata_of(weights.checkpoint)});
  else store::pt::save(target.temporary(), checkpoint_of(weights, in.string()), out.stem().string());
  target.commit();
  streams::print("{}: {} tensors\n", out.string(), weights.weights.size());
  return static_cast<int>(errors::ExitCode::done);
}

}  // namespace

Action declare_convert(CLI::App& app) {
  auto const options = std::make_shared<ConvertOptions>();
  app.add_option("in", options->in, "weights to read: .pt (ours or the original's) or .safetensors")
      ->required()
      ->type_name("IN");
  app.add_option("out", options->out, "file to write: .pt or .safetensors")->required()->type_name("OUT");
  return [options] { return run(*options); };
}

}  // namespace mambasynth::commands
