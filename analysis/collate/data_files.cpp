#include "analysis/collate/data_files.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <exception>
#include <utility>

#include "analysis/collate/tidy.hpp"
#include "analysis/collate/trials_csv.hpp"
#include "cores/cores.hpp"

namespace mambasynth::analysis::collate {
namespace {

constexpr std::size_t worth_a_process = 500;  // a quarter of a second of writing

}  // namespace

void write_data_csv(SweepFolder const& sweep, std::filesystem::path const& folder) {
  TrialsCsv trials(sweep, folder / "trials.csv");
  TidyCsv tidy(sweep, folder / "tidy.csv");
  ValueTexts values;
  for (auto const& trial : sweep.trials) {
    if (trial.result) values.set(trial.result->measures.values());
    trials.add(trial, values);
    tidy.add(trial, values);
  }
  trials.commit();
  tidy.commit();
}

DataFiles::DataFiles(SweepFolder const& sweep, std::filesystem::path folder)
    : sweep_(sweep), folder_(std::move(folder)) {
  if (sweep.trials.size() < worth_a_process || cores::usable() < 2) return;
  child_ = ::fork();
  if (child_ != 0) return;
  for (int const signal : {SIGTERM, SIGINT, SIGUSR2}) std::signal(signal, SIG_DFL);
  int code = 0;
  try {
    write_data_csv(sweep_, folder_);
  } catch (std::exception const&) {
    code = 1;  // the parent writes them itself, and reports what is wrong
  }
  ::_exit(code);
}

DataFiles::~DataFiles() {
  if (child_ <= 0) return;
  ::kill(child_, SIGTERM);
  (void)child_has_written();
}

void DataFiles::finish() {
  try {
    write_tidy_hdf5(sweep_, folder_ / "tidy.h5");
  } catch (...) {
    (void)child_has_written();  // killed, it would leave its temporary files
    throw;
  }
  if (!child_has_written()) write_data_csv(sweep_, folder_);
}

bool DataFiles::child_has_written() {
  auto const child = std::exchange(child_, -1);
  if (child <= 0) return false;
  int status = 0;
  pid_t ended = 0;
  do ended = ::waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR);
  return ended == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace mambasynth::analysis::collate
