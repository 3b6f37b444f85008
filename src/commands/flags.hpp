#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
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

/// The keys of a trial as flags of a verb, made from the field lists: --config FILE, then --set section.key=value, then
/// the flags themselves, each stronger than the one before.
class TrialFlags {
 public:
  /// `own`: the section whose `seed` is plain --seed in this verb; the generator's is --data-seed elsewhere.
  /// A verb that reads its keys from a file of its own takes no --config.
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
          config::describe(field.allowed), shown);
    });
    return *this;
  }

  /// The configuration that the command line asks for.
  [[nodiscard]] config::Trial resolve() const;
  /// --set and flags in the order of their strength, as `section.key=value`.
  [[nodiscard]] std::vector<std::string> assignments() const;
  [[nodiscard]] bool print_requested() const;
  /// Sets a key as a flag of another name does (--no-amp).
  void set_from_flag(std::string const& key, std::string const& value, std::string const& flag);

 private:
  struct Key {
    std::string section, key;
  };
  void add(Key const& key, bool is_switch, std::string const& help, std::string const& allowed,
           std::string const& shown_default);
  struct Given;
  CLI::App& app_;
  std::string own_;
  std::shared_ptr<Given> given_;  // the callbacks inside CLI::App refer to it
};

/// Flags that no key stands behind.
struct RunFlags {
  std::string out;
  bool out_given = false;  ///< not the default
  std::string device = "auto";
  int threads = 0;
};
/// --device and --threads, and --out (alias --save-dir) with the given default: a folder, there or to be made
/// (errors::machine where a file is in the way), but not the root of the file system (errors::usage).
void add_run_flags(CLI::App& app, RunFlags& flags, std::string const& default_out, std::string const& out_help);
/// --threads: of more than there are cores each waits for the others, so their number is bounded.
void add_threads_flag(CLI::App& app, RunFlags& flags);
/// Turns "auto" into a device that exists, and sets the number of threads of LibTorch and of our kernels.
/// Returns "cpu" or "cuda". Errors: errors::usage when the asked-for GPU is not there.
std::string use_device(RunFlags const& flags);
/// --threads, by default cores::default_threads(): of this process, or of one rank among those of its machine.
int thread_count(RunFlags const& flags);
int thread_count(RunFlags const& flags, parallel::Communicator const& world);

}  // namespace mambasynth::commands
