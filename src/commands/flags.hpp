#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/toml.hpp"

namespace CLI {
class App;
}

namespace mambasynth::parallel {
class Communicator;
}

namespace mambasynth::commands {

/// The keys of a trial as flags of a verb, generated from the field lists. In order of increasing precedence: --config
/// FILE, --set section.key=value, the flags themselves.
class TrialFlags {
 public:
  /// `own`: the section whose `seed` is --seed in this verb; the generator's seed is --data-seed in other verbs.
  /// Files::none: the verb has its own configuration file and no --config.
  enum class Files { config, none };
  TrialFlags(CLI::App& app, std::string own, Files files = Files::config);

  template <class Section>
  TrialFlags& section() {
    config::for_each_field<Section>([&](auto const& field) {
      using Type = std::decay_t<decltype(std::declval<Section>().*(field.member))>;
      Section const defaults;
      auto const& value = defaults.*(field.member);
      std::string shown;
      if constexpr (!std::is_same_v<Type, std::optional<std::int64_t>>) shown = config::to_toml(value);
      add({std::string(Section::section), std::string(field.key)}, std::is_same_v<Type, bool>, std::string(field.help),
          config::placeholder(value, field.allowed), field.allowed.words.empty() ? config::describe(field.allowed) : "",
          shown);
    });
    return *this;
  }

  /// The configuration resulting from the command line, and from `base` for keys that are not given.
  [[nodiscard]] config::Trial resolve(config::Trial const& base = {}) const;
  /// The keys that --config, --set and flags give, as `section.key`.
  [[nodiscard]] std::set<std::string> given() const;
  /// --set and flags in order of increasing precedence, as `section.key=value`.
  [[nodiscard]] std::vector<std::string> assignments() const;
  [[nodiscard]] bool print_requested() const;
  /// Sets a key on behalf of a flag with another name (--no-amp).
  void set_from_flag(std::string const& key, std::string const& value, std::string const& flag);

 private:
  struct Key {
    std::string section, key;
  };
  void add(Key const& key, bool is_switch, std::string const& help, std::string const& value,
           std::string const& allowed, std::string const& shown_default);
  struct Given;
  CLI::App& app_;
  std::string own_;
  std::shared_ptr<Given> given_;  // the callbacks inside CLI::App refer to it
};

/// The flag of a key: in kebab-case.
std::string flag_of(std::string_view key);
/// Whether `flag` is the flag of that key in some verb; the seed of another section than the verb's is --SECTION-seed.
bool is_flag_of(std::string_view section, std::string_view key, std::string_view flag);

/// The groups of a verb's flags in --help; those of keys are named like their section, "[train]".
namespace group {
inline constexpr char const* input = "Input";
inline constexpr char const* output = "Output";
inline constexpr char const* general = "General";
}  // namespace group

/// Adds --figures and --no-figures. `what`: "the figures" or "the figure".
void add_figures_flag(CLI::App& app, bool& figures, std::string const& what = "the figures");

/// Flags without a configuration key.
struct RunFlags {
  std::string out;
  bool out_given = false;  ///< --out was given
  std::string device = "auto";
  int threads = 0;
};
/// Adds --device, --threads, and --out (alias --save-dir) with the given default: a folder that exists or can be
/// created (errors::machine if a file has that name), but not the root of the file system (errors::usage).
void add_run_flags(CLI::App& app, RunFlags& flags, std::string const& default_out, std::string const& out_help);
/// Adds --device.
void add_device_flag(CLI::App& app, RunFlags& flags);
/// Adds --threads. The number is bounded, because threads beyond the number of cores only wait for each other.
void add_threads_flag(CLI::App& app, RunFlags& flags);
/// Resolves "auto" to an available device, and sets the number of threads of LibTorch and of our kernels.
/// Returns "cpu" or "cuda". Errors: errors::usage if the requested GPU is not available.
std::string use_device(RunFlags const& flags);
/// --threads, by default cores::default_threads(): for this process, or for one of the ranks of its node.
int thread_count(RunFlags const& flags);
int thread_count(RunFlags const& flags, parallel::Communicator const& world);

}  // namespace mambasynth::commands
