#include "train/checkpoint.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "errors/errors.hpp"
#include "model/state_dict.hpp"
#include "store/archive/pt.hpp"
#include "store/atomic_file.hpp"
#include "train/epoch_columns.hpp"
#include "train/schedule.hpp"

namespace mambasynth::train {
namespace {

using store::pt::Dict;
using store::pt::List;
using store::pt::OrderedDict;
using store::pt::Value;

constexpr std::int64_t schema = 1;

Value text(std::string value) { return {std::move(value)}; }
void put(Dict& dict, char const* key, Value value) { dict.emplace_back(text(key), std::move(value)); }

/// The arguments that would reproduce this run with the original program.
Value original_args(config::Trial const& t) {
  Dict args;
  put(args, "data_dir", text(t.data.path.empty() ? "data" : t.data.path));
  put(args, "seq_len", {t.train.seq_len});
  put(args, "stride", {t.train.stride});
  put(args, "d_model", {t.model.d_model});
  put(args, "n_layers", {t.model.n_layers});
  put(args, "d_state", {t.model.d_state});
  put(args, "d_conv", {t.model.d_conv});
  put(args, "expand", {t.model.expand});
  put(args, "d_ff", {t.model.d_ff});
  put(args, "dropout", {t.model.dropout});
  put(args, "max_horizon", {t.model.max_horizon});
  put(args, "gate_lr_factor", {t.train.gate_lr_factor});
  put(args, "batch_size", {t.train.batch_size});
  put(args, "lr", {t.train.lr});
  put(args, "warmup_epochs", {t.train.warmup_epochs});
  put(args, "epochs", {t.train.epochs});
  put(args, "val_fraction", {t.train.val_fraction});
  put(args, "num_workers", {t.train.num_workers});
  put(args, "no_compile", {true});
  put(args, "no_amp", {t.train.precision == "fp32"});
  put(args, "no_train_eval", {!t.train.train_eval});
  put(args, "checkpoint", text("checkpoint.pt"));
  put(args, "eval", {std::monostate{}});
  put(args, "seed", {t.train.seed});
  return {std::move(args)};
}

/// `lr_epoch` is the epoch whose learning rates are stored.
Dict common(config::Trial const& trial, model::Network const& network, Optimizer const& optimizer, std::int64_t epoch,
            std::int64_t lr_epoch, double train_loss, double val_loss) {
  OrderedDict weights;
  for (auto& [name, tensor] : model::state_of(network))
    weights.items.emplace_back(text(name), Value{std::move(tensor)});
  Schedule const schedule(trial.train);
  Dict dict;
  put(dict, "epoch", {epoch});
  put(dict, "model_state_dict", {std::move(weights)});
  put(dict, "optimizer_state_dict", optimizer.state(schedule.at(lr_epoch), schedule.peak()));
  put(dict, "train_loss", {train_loss});
  put(dict, "val_loss", {val_loss});
  put(dict, "args", original_args(trial));
  return dict;
}

void write(std::filesystem::path const& file, Dict dict) {
  store::AtomicFile out(file);
  store::pt::save(out.temporary(), Value{std::move(dict)}, file.stem().string());
  out.commit();
}

/// (epoch): its number, whether it was the best, epoch_columns.
constexpr auto history_width = static_cast<std::int64_t>(epoch_columns.size()) + 2;

Value history_value(std::vector<EpochRecord> const& history) {
  auto const rows = static_cast<std::int64_t>(history.size());
  auto table = at::empty({rows, history_width}, at::kDouble);
  auto* cell = table.mutable_data_ptr<double>();
  for (auto const& record : history) {
    *cell++ = static_cast<double>(record.epoch);
    *cell++ = record.best ? 1 : 0;
    for (auto const& column : epoch_columns) *cell++ = record.*column.value;
  }
  return {model::to_store(table)};
}

std::vector<EpochRecord> history_from(at::Tensor const& table, std::string const& file) {
  if (table.scalar_type() != at::kDouble || table.dim() != 2 || table.size(1) != history_width)
    throw errors::input(file + " cannot be resumed", "its history has an unexpected shape",
                        "Delete it to start the trial over");
  std::vector<EpochRecord> history;
  auto const* cell = table.const_data_ptr<double>();
  for (std::int64_t row = 0; row < table.size(0); ++row) {
    EpochRecord record;
    record.epoch = static_cast<std::int64_t>(*cell++);
    record.best = *cell++ != 0;
    for (auto const& column : epoch_columns) record.*column.value = *cell++;
    history.push_back(record);
  }
  return history;
}

/// The generator's state, then its position in it.
Value rng_value(random::Mt19937 const& generator) {
  auto const words = static_cast<std::int64_t>(generator.words);
  auto table = at::empty({words + 1}, at::kLong);
  auto* cell = table.mutable_data_ptr<std::int64_t>();
  for (auto const word : generator.state()) *cell++ = word;
  *cell = static_cast<std::int64_t>(generator.position());
  return {model::to_store(table)};
}

random::Mt19937 rng_from(at::Tensor const& table, std::string const& file) {
  std::array<std::uint32_t, random::Mt19937::words> words{};
  if (table.scalar_type() != at::kLong || table.numel() != static_cast<std::int64_t>(words.size()) + 1)
    throw errors::input(file + " cannot be resumed", "its random state has an unexpected shape",
                        "Delete it to start the trial over");
  auto const* cell = table.const_data_ptr<std::int64_t>();
  for (auto& word : words) word = static_cast<std::uint32_t>(*cell++);
  if (*cell < 0 || *cell > static_cast<std::int64_t>(words.size()))
    throw errors::input(file + " cannot be resumed", "the position in its random state is out of range",
                        "Delete it to start the trial over");
  return {words, static_cast<std::size_t>(*cell)};
}

/// Typed lookups in the `mambasynth` dict.
class Fields {
 public:
  Fields(Value const& dict, std::string file) : dict_(dict), file_(std::move(file)) {}
  template <class T>
  T get(char const* key) const {
    auto const* value = dict_.find(key);
    auto const* typed = value ? std::get_if<T>(&value->v) : nullptr;
    if (typed == nullptr)
      throw errors::input(file_ + " cannot be resumed",
                          "its entry '" + std::string(key) + "' is missing or of another type",
                          "Delete it to start the trial over");
    return *typed;
  }

 private:
  Value const& dict_;
  std::string file_;
};

Value numbers(std::vector<double> const& values) {
  List list;
  for (auto const value : values) list.push_back({value});
  return {std::move(list)};
}

Value facts_value(TrainingFacts const& facts) {
  Dict ours;
  put(ours, "schema", {schema});
  put(ours, "configuration", text(facts.configuration));
  put(ours, "data_sha256", text(facts.data_sha256));
  put(ours, "data_generated", {facts.data_generated});
  if (!facts.scaling.empty()) {
    put(ours, "channel_mean", numbers(facts.scaling.mean));
    put(ours, "channel_std", numbers(facts.scaling.std));
  }
  return {std::move(ours)};
}

}  // namespace

void save_checkpoint(std::filesystem::path const& file, config::Trial const& trial, model::Network const& network,
                     Optimizer const& optimizer, EpochRecord const& record, TrainingFacts const& facts) {
  // The original saves after its scheduler has stepped: the optimizer's learning rates are the next epoch's.
  auto dict = common(trial, network, optimizer, record.epoch, record.epoch + 1, record.train_mse, record.val_mse);
  if (!facts.configuration.empty()) put(dict, "mambasynth", facts_value(facts));
  write(file, std::move(dict));
}

std::optional<TrainingFacts> facts_in(store::pt::Value const& checkpoint, std::string const& file) {
  auto const* const ours = checkpoint.find("mambasynth");
  auto const* const configuration = ours ? ours->find("configuration") : nullptr;
  if (!configuration) return std::nullopt;
  auto const damaged = [&](std::string const& key) {
    return errors::input(file + " cannot be used", "its entry 'mambasynth." + key + "' is missing or of another type",
                         "Take the checkpoint from its trial's folder again");
  };
  auto const get = [&]<class T>(char const* key, T& target) {
    auto const* const value = ours->find(key);
    auto const* const typed = value ? std::get_if<T>(&value->v) : nullptr;
    if (!typed) throw damaged(key);
    target = *typed;
  };
  TrainingFacts facts;
  get("configuration", facts.configuration);
  get("data_sha256", facts.data_sha256);
  get("data_generated", facts.data_generated);
  if (!ours->find("channel_mean")) return facts;
  auto const take = [&](char const* key, std::vector<double>& target) {
    List list;
    get(key, list);
    for (auto const& value : list) {
      if (!std::holds_alternative<double>(value.v)) throw damaged(key);
      target.push_back(std::get<double>(value.v));
    }
  };
  take("channel_mean", facts.scaling.mean);
  take("channel_std", facts.scaling.std);
  auto const usable = [](double value) { return std::isfinite(value) && value > 0; };
  if (facts.scaling.mean.size() != facts.scaling.std.size() ||
      !std::all_of(facts.scaling.std.begin(), facts.scaling.std.end(), usable))
    throw damaged("channel_std");
  return facts;
}

void save_resume(std::filesystem::path const& file, config::Trial const& trial, std::string const& identity,
                 model::Network const& network, Optimizer const& optimizer, ResumePoint const& point) {
  auto const& p = point.progress;
  auto dict = common(trial, network, optimizer, p.epoch, p.epoch, p.loss_sum, p.best_val);
  Dict ours;
  put(ours, "schema", {schema});
  put(ours, "identity", text(identity));
  put(ours, "rng", rng_value(point.epoch_start));
  put(ours, "epoch", {p.epoch});
  put(ours, "batch", {p.batch});
  put(ours, "loss_sum", {p.loss_sum});
  put(ours, "first_gradient_norm", {p.first_gradient_norm});
  put(ours, "last_gradient_norm", {p.last_gradient_norm});
  put(ours, "seconds", {p.seconds});
  put(ours, "total_seconds", {p.total_seconds});
  put(ours, "best_val", {p.best_val});
  put(ours, "best_epoch", {p.best_epoch});
  put(ours, "first_loss", {p.first_loss});
  put(ours, "history", history_value(p.history));
  put(dict, "mambasynth", {std::move(ours)});
  write(file, std::move(dict));
}

std::string resume_identity(std::filesystem::path const& file) {
  try {
    auto const weights = model::read_weights(file);
    if (auto const* ours = weights.checkpoint.find("mambasynth"))
      return Fields(*ours, file.string()).get<std::string>("identity");
  } catch (errors::Error const&) {
    // damaged: load_resume reports it
  }
  return {};
}

ResumePoint load_resume(std::filesystem::path const& file, std::string const& identity, model::Network& network,
                        Optimizer& optimizer) {
  auto const name = file.string();
  auto const weights = model::read_weights(file);
  auto const* ours = weights.checkpoint.find("mambasynth");
  auto const* moments = weights.checkpoint.find("optimizer_state_dict");
  if (ours == nullptr || moments == nullptr)
    throw errors::input(name + " cannot be resumed", "it is a checkpoint without training state",
                        "Delete it to start the trial over");
  Fields const fields(*ours, name);
  if (fields.get<std::int64_t>("schema") != schema)
    throw errors::input(name + " cannot be resumed", "another version of the program wrote it",
                        "Delete it to start the trial over");
  if (fields.get<std::string>("identity") != identity)
    throw errors::usage(
        name + " belongs to another configuration",
        "its trial is " + fields.get<std::string>("identity").substr(0, 12) + ", this one " + identity.substr(0, 12),
        "Give the same flags as before, or another --out");
  Progress p;
  p.epoch = fields.get<std::int64_t>("epoch");
  p.batch = fields.get<std::int64_t>("batch");
  if (p.epoch < 1 || p.batch < 0)
    throw errors::input(name + " cannot be resumed",
                        "it is at epoch " + std::to_string(p.epoch) + ", batch " + std::to_string(p.batch),
                        "Delete it to start the trial over");
  p.loss_sum = fields.get<double>("loss_sum");
  p.first_gradient_norm = fields.get<double>("first_gradient_norm");
  p.last_gradient_norm = fields.get<double>("last_gradient_norm");
  p.seconds = fields.get<double>("seconds");
  p.total_seconds = fields.get<double>("total_seconds");
  p.best_val = fields.get<double>("best_val");
  p.best_epoch = fields.get<std::int64_t>("best_epoch");
  p.first_loss = fields.get<double>("first_loss");
  p.history = history_from(model::to_torch(fields.get<store::Tensor>("history")), name);
  auto generator = rng_from(model::to_torch(fields.get<store::Tensor>("rng")), name);
  model::load_state(network, weights.weights, name);
  optimizer.load_state(*moments, name);
  return {std::move(p), std::move(generator)};
}

}  // namespace mambasynth::train
