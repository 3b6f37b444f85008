#include "commands/trial_identity.hpp"

#include "errors/errors.hpp"
#include "sweep/identity.hpp"

namespace mambasynth::commands {

std::string auto_precision(std::string const& device) { return device == "cpu" ? "fp32" : "bf16"; }

void resolve_precision(config::Trial& trial, std::string const& device) {
  auto& precision = trial.train.precision;
  if (precision == "auto") precision = auto_precision(device);
  if (precision == "bf16" && device == "cpu")
    throw errors::usage("train.precision = bf16 is not available on the CPU", "its kernels compute in fp32",
                        "Use --precision fp32 or auto");
}

std::string identify(config::Trial const& trial, trial::TrialData const& data) {
  auto described = trial;
  if (data.generated) described.data = data.data;
  return sweep::trial_id(described,
                         data.generated ? sweep::ForeignSeries{} : sweep::ForeignSeries{data.sha256, data.segments});
}

}  // namespace mambasynth::commands
