#include "commands/flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>

#include "commands/arguments.hpp"
#include "errors/errors.hpp"

namespace mambasynth::commands {

struct TrialFlags::Given {
  std::string config_file;
  std::vector<std::string> assignments;
  bool print = false;
  struct Flag {
    std::string key, value, flag;
  };
  std::vector<Flag> flags;
};

namespace {

/// Flags that also have the original's name.
constexpr char const* data_flag = "--data,--data-dir";
constexpr char const* freeze_A_flag = "--freeze-a,--freeze-A";

namespace fs = std::filesystem;

/// Refuses an unusable --out before anything is computed.
void require_folder_name(std::string const& out) {
  if (out.empty()) throw errors::usage("--out is empty", "results need a folder", "Name one, or omit the flag");
  std::error_code failed;
  if (auto const whole = fs::weakly_canonical(out, failed); !failed && whole == whole.root_path())
    throw errors::usage("--out " + out + " is the root of the file system",
                        "results would be mixed with system folders", "Name a folder below it");
  // Missing folders are created later, below the first one that exists.
  for (auto path = fs::absolute(out, failed).lexically_normal(); !failed && path.has_relative_path();
       path = path.parent_path()) {
    auto const status = fs::status(path, failed);
    if (failed && status.type() != fs::file_type::not_found) return;  // writing to it will report the system's reason
    failed.clear();
    if (!fs::exists(status)) continue;
    if (!fs::is_directory(status))
      throw errors::machine("cannot create the folder '" + out + "'", errors::system_reason(ENOTDIR),
                            path.string() + " is a file; choose another folder");
    return;
  }
}

}  // namespace

std::string flag_of(std::string_view key) {
  auto flag = "--" + std::string(key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

bool is_flag_of(std::string_view section, std::string_view key, std::string_view flag) {
  auto const name = std::string(section) + "." + std::string(key);
  if (name == "data.path") return std::string_view(data_flag).starts_with(flag);
  if (name == "train.freeze_a") return std::string_view(freeze_A_flag).starts_with(flag);
  return flag == flag_of(key) || (key == "seed" && flag == flag_of(std::string(section) + "_seed"));
}

TrialFlags::TrialFlags(CLI::App& app, std::string own, Files files)
    : app_(app), own_(std::move(own)), given_(std::make_shared<Given>()) {
  bool const has_file = files == Files::config;
  if (has_file)
    app.add_option("--config", given_->config_file, "read keys from a TOML file")
        ->type_name("FILE")
        ->group(group::general);
  app.add_option("--set", given_->assignments,
                 std::string("set any key; overrides ") + (has_file ? "--config" : "the sweep file"))
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false)
      ->group(group::general);
  app.add_flag("--print-config", given_->print, "print the configuration as TOML and exit")->group(group::general);
}

void TrialFlags::add(Key const& key, bool is_switch, std::string const& help, std::string const& value,
                     std::string const& allowed, std::string const& shown_default) {
  auto const name = key.section + "." + key.key;
  auto flag = flag_of(key.key);
  if (name == "data.path") flag = data_flag;
  else if (name == "train.freeze_a") flag = freeze_A_flag;
  else if (key.key == "seed" && key.section != own_) flag = "--" + key.section + "-seed";
  auto const shown_flag = flag.substr(0, flag.find(','));
  auto const given = given_;
  auto const store = [given, name, shown_flag](std::string const& value) {
    given->flags.push_back({name, value, shown_flag});
  };
  auto const group = "[" + key.section + "]";
  if (is_switch) {
    app_.add_flag_callback(flag, [store] { store("true"); }, help)->default_str(shown_default)->group(group);
    app_.add_flag_callback("--no-" + shown_flag.substr(2), [store] { store("false"); })->group("");
    return;
  }
  // As one types it.
  auto const typed = [](std::string text) {
    std::erase_if(text, [](char c) { return c == '"' || c == '[' || c == ']' || c == ' '; });
    return text;
  };
  // An empty text or list means that another default applies, which the help names.
  bool const is_empty = shown_default == "\"\"" || shown_default == "[]";
  app_.add_option_function<std::string>(flag, store, help)
      ->type_name(name == "data.path" ? "FILE" : value)
      ->option_text(allowed)
      ->default_str(is_empty ? "" : typed(shown_default))
      ->group(group);
}

bool TrialFlags::print_requested() const { return given_->print; }

void TrialFlags::set_from_flag(std::string const& key, std::string const& value, std::string const& flag) {
  given_->flags.push_back({key, value, flag});
}

std::vector<std::string> TrialFlags::assignments() const {
  auto all = given_->assignments;
  for (auto const& flag : given_->flags) all.push_back(flag.key + "=" + flag.value);
  return all;
}

std::set<std::string> TrialFlags::given() const {
  std::set<std::string> keys;
  if (!given_->config_file.empty()) keys = config::keys_in_file(given_->config_file);
  for (auto const& assignment : assignments()) keys.insert(assignment.substr(0, assignment.find('=')));
  return keys;
}

config::Trial TrialFlags::resolve(config::Trial const& base) const {
  auto trial = base;
  if (!given_->config_file.empty()) config::apply_file(trial, given_->config_file);
  for (auto const& assignment : given_->assignments) config::set_text(trial, assignment);
  for (auto const& flag : given_->flags) config::set(trial, flag.key, config::given_text(flag.value, flag.flag));
  if (trial.data.path.empty()) config::check_generated(trial.data);
  return trial;
}

void add_run_flags(CLI::App& app, RunFlags& flags, std::string const& default_out, std::string const& out_help) {
  flags.out = default_out;
  auto const take = [&flags](std::string const& out) {
    require_folder_name(out);
    flags.out = out;
    flags.out_given = true;
  };
  app.add_option_function<std::string>("--out,--save-dir", take, out_help)
      ->type_name("DIR")
      ->default_str(default_out)
      ->group(group::output);
  add_device_flag(app, flags);
  add_threads_flag(app, flags);
}

void add_device_flag(CLI::App& app, RunFlags& flags) {
  app.add_option("--device", flags.device, "auto = a GPU if there is one")
      ->type_name("auto|cpu|cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->default_str(flags.device)
      ->group(group::general);
}

void add_figures_flag(CLI::App& app, bool& figures, std::string const& what) {
  app.add_flag("--figures,!--no-figures", figures, "draw " + what + " (needs gnuplot)")
      ->default_str(config::to_toml(figures))
      ->group(group::output);
}

void add_threads_flag(CLI::App& app, RunFlags& flags) {
  constexpr unsigned most_per_core = 4, always = 64;
  auto const most = std::max(always, most_per_core * std::thread::hardware_concurrency());
  add_number(app, "--threads", flags.threads, config::between(1, most), "CPU threads")
      ->default_str("one per core")
      ->group(group::general);
}

}  // namespace mambasynth::commands
