#include <exception>

#include "analysis/collator/run.hpp"
#include "errors/stop.hpp"
#include "store/temporaries.hpp"
#include "streams/streams.hpp"

int main(int argc, char** argv) {
  using namespace mambasynth;
  streams::prepare();
  try {
    errors::StopSignals const signals(store::remove_own_temporaries);
    return streams::finish(static_cast<int>(analysis::collator::run(argc, argv)));
  } catch (errors::Error const& error) {
    streams::log("{}\n", error.what());
    return streams::finish(static_cast<int>(error.code()));
  } catch (errors::Stopped const&) {
    streams::log("{}\n", errors::Stopped::error(errors::stop_signal()).what());
    return streams::finish(static_cast<int>(errors::ExitCode::stopped));
  } catch (std::exception const& error) {
    auto const told = errors::unforeseen(error);
    streams::log("{}\n", told.what());
    return streams::finish(static_cast<int>(told.code()));
  }
}
