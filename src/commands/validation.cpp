#include "commands/validation.hpp"

#include "analysis/document/rounding.hpp"
#include "backend/backend.hpp"
#include "errors/errors.hpp"
#include "model/state_dict.hpp"
#include "progress/display.hpp"
#include "streams/streams.hpp"
#include "train/measure.hpp"
#include "train/objective.hpp"
#include "trial/bayes_error.hpp"
#include "trial/data.hpp"
#include "trial/figures.hpp"
#include "trial/horizon_errors.hpp"

namespace mambasynth::commands {
namespace {

/// The smallest error that any predictor can reach on the validation windows.
void print_floor(config::Trial const& trial, trial::TrialData const& data, int threads, double error) {
  if (!data.generated) return streams::log("note: no Bayes error ({}).\n", data.foreign_reason);
  try {
    auto const least = train::mean(trial::bayes_error(trial, data, {}, threads).validation.mse);
    streams::print("Bayes   {:.4f} (the smallest possible error on these windows), excess {:.4f}\n", least,
                   error - least);
  } catch (errors::Error const& failed) {
    streams::log("note: no Bayes error: {}\n", failed.what());
  }
}

}  // namespace

void print_validation(TrainedNetwork const& trained, RunFlags const& flags, std::string const& device, bool figures) {
  progress::Display const display("train");
  auto const& trial = trained.trial;
  auto const threads = thread_count(flags);
  auto const data = load_data(trained, threads, Windows::required);
  model::Network network(trial.model, data.series().size(1));
  model::load_state(network, trained.loaded.file.weights, trained.checkpoint);
  auto const predictor = backend::predictor(device, network);
  auto const error = train::mean_batch_loss(*predictor, data.splits.val, trial.train.batch_size);
  streams::print("val MSE {}{}\n", analysis::document::decimal_text(error, 4),
                 data.scaling.empty() ? "" : " (in squared standard deviations of the channels)");
  print_floor(trial, data, threads, error);
  if (auto const shared = trial::overlapping_validation_windows(data.splits); shared > 0)
    streams::log("{}\n", trial::warning_of_overlap(shared, data.splits));
  if (figures) try {
      trial::draw_predictions(*predictor, data, trial.train.stride, flags.out);
    } catch (errors::Error const& error) {
      streams::log("note: the predictions were not drawn: {}\n", error.what());
    }
}

}  // namespace mambasynth::commands
