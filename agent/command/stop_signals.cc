#include "agent/command/stop_signals.h"

#include <utility>

namespace surety {

StopSignals::StopSignals(std::stop_source stop) : signals_{}, before_{} {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  waiting_ = std::thread([stop = std::move(stop), signals = signals_]() mutable {
    int signal = 0;
    ::sigwait(&signals, &signal);
    stop.request_stop();
  });
}

StopSignals::~StopSignals() {
  // Wakes the thread if no signal came. Aimed at the thread, so that if one came
  // before it the second is gone with it.
  ::pthread_kill(waiting_.native_handle(), SIGTERM);
  waiting_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace surety
