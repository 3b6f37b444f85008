#include "progress/display.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include "environment/environment.hpp"
#include "environment/launcher.hpp"
#include "progress/bar.hpp"
#include "progress/screen.hpp"
#include "progress/tracker.hpp"
#include "streams/streams.hpp"

namespace mambasynth::progress {
namespace {

constexpr double quiet_seconds = 2;  // work that takes less shows nothing
constexpr double first_interval = 10, longest_interval = 60;
constexpr auto redraw_interval = std::chrono::milliseconds(100);

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

class Display::Drawing {
 public:
  Drawing(std::string task, std::vector<std::string> stages)
      : tracker_(std::move(task), std::move(stages)),
        chosen_interval_(environment::decimal(interval_variable, 0.1, 86400)),
        interval_(chosen_interval_.value_or(first_interval)),
        quiet_(std::min(quiet_seconds, interval_)),
        thread_([this](std::stop_token const& ending) { run(ending); }) {
    Tracker::set_for_this_thread(&tracker_);
  }
  Drawing(Drawing const&) = delete;
  Drawing& operator=(Drawing const&) = delete;
  ~Drawing() {
    Tracker::set_for_this_thread(nullptr);
    thread_.request_stop();
    thread_.join();
    streams::show_status({});
  }

 private:
  void run(std::stop_token const& ending) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, ending, redraw_interval, [&] { return ending.stop_requested(); })) try {
        show();
      } catch (std::exception const&) {
        // Out of memory, for example: what this thread shows must never end the work.
      }
  }

  void show() {
    auto const time = now();
    auto const snapshot = tracker_.snapshot(time);
    if (time - began_ < quiet_) return;
    if (auto const columns = screen_.columns()) return streams::show_status(bar_line(snapshot, *columns));
    if (std::min(time - began_, streams::seconds_since_log()) < interval_) return;
    streams::log("{}\n", log_line(snapshot));
    if (!chosen_interval_) interval_ = std::min(2 * interval_, longest_interval);
  }

  Tracker tracker_;
  Screen screen_;
  double began_ = now();
  std::optional<double> chosen_interval_;
  double interval_, quiet_;
  std::jthread thread_;
};

Display::Display(std::string task, std::vector<std::string> stages) {
  if (environment::launched_rank() != 0 || Tracker::of_this_thread() != nullptr) return;
  try {
    drawing_ = std::make_unique<Drawing>(std::move(task), std::move(stages));
  } catch (std::system_error const&) {
    // No further thread: the work goes on without a display.
  }
}

Display::~Display() = default;

}  // namespace mambasynth::progress
