#include "attestors/supervised_plugin.h"

#include <algorithm>
#include <utility>

#include "attestors/plugin_answer.h"
#include "attestors/printable.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLastPause{2'000};
constexpr milliseconds kHeartbeat{5'000};
// Of no user, so that none can keep it from being looked after.
constexpr uid_t kOwnShare = static_cast<uid_t>(-1);
constexpr std::size_t kLongestName = 64;

std::string DescriptionOf(const PluginDescription& from) {
  return Printable(from.name.substr(0, kLongestName) + " " + from.version.substr(0, kLongestName));
}

}  // namespace

SupervisedPlugin::SupervisedPlugin(PluginSettings settings, std::unique_ptr<AttestorPlugin> plugin,
                                   Now now)
    : settings_(std::move(settings)), plugin_(std::move(plugin)), now_(now) {}

Result<Attestation> SupervisedPlugin::Ask(const PluginQuestion& question) {
  auto kinds = Described();
  if (!kinds) return kinds.error();
  auto answer = plugin_->Attest(question, settings_.timeout);
  if (!answer && answer.error().code() == ErrorCode::kUnavailable) {
    // It has ended, or was started anew, and may make other kinds now.
    kinds = Describe();
    if (!kinds) return kinds.error();
    answer = plugin_->Attest(question, settings_.timeout);
  }
  if (answer) return JudgePluginAnswer(settings_.name, *kinds, question.process, *answer);
  // One question that has no answer says nothing of the others.
  if (answer.error().code() != ErrorCode::kUnavailable) return answer.error();
  return Error(ErrorCode::kNotFound, answer.error().Text());
}

std::optional<Error> SupervisedPlugin::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

std::optional<SupervisedPlugin::News> SupervisedPlugin::Tend(WorkerPool& pool) {
  std::unique_lock lock(mutex_);
  const bool fails = failure_.has_value();
  std::optional<News> news;
  if ((fails || kinds_) && (!told_anything_ || told_failure_ != fails)) {
    news = News{failure_, description_};
    told_anything_ = true;
    told_failure_ = fails;
  }
  if (looking_ || now_() < look_at_) return news;
  looking_ = true;
  lock.unlock();
  const auto submission = pool.Submit(kOwnShare, [self = shared_from_this()](const auto&) {
    const auto described = self->Describe();
    static_cast<void>(described);
  });
  if (submission == WorkerPool::Submission::kRefused) {
    lock.lock();
    looking_ = false;
  }
  return news;
}

Result<SupervisedPlugin::Kinds> SupervisedPlugin::Described() {
  {
    const std::lock_guard lock(mutex_);
    if (failure_ && (looking_ || now_() < look_at_)) return *failure_;
    if (kinds_ && !failure_) return *kinds_;
    looking_ = true;
  }
  return Describe();
}

Result<SupervisedPlugin::Kinds> SupervisedPlugin::Describe() {
  const auto description = plugin_->Describe(settings_.timeout);
  const auto kinds = description ? KindsOfPlugin(*description) : description.error();
  if (!kinds) return Fail(kinds.error());
  const std::lock_guard lock(mutex_);
  looking_ = false;
  failure_.reset();
  pause_ = milliseconds(0);
  look_at_ = now_() + kHeartbeat;
  kinds_ = *kinds;
  description_ = DescriptionOf(*description);
  return *kinds;
}

Error SupervisedPlugin::Fail(const Error& why) {
  const std::lock_guard lock(mutex_);
  looking_ = false;
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLastPause);
  look_at_ = now_() + pause_;
  failure_ = why;
  return why;
}

}  // namespace surety
