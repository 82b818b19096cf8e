#include "agent/policy/cedar_policies.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/policy/cedar/surety_cedar.h"
#include "agent/policy/embedded_texts.h"

namespace surety {
namespace {

using Json = nlohmann::json;

/// A text that came from the other side, given back with its owner.
class Text {
 public:
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { surety_cedar_free_text(text_); }
  SuretyCedarText* out() { return &text_; }
  [[nodiscard]] std::string_view view() const {
    return text_.data == nullptr ? std::string_view() : std::string_view(text_.data, text_.size);
  }

 private:
  SuretyCedarText text_{nullptr, 0};
};

SuretyCedarView ViewOf(std::string_view text) { return {text.data(), text.size()}; }

Error ErrorOf(int status, const Text& text) {
  return {status == SURETY_CEDAR_REFUSED ? ErrorCode::kInvalidArgument : ErrorCode::kInternal,
          std::string(text.view())};
}

Position PlaceOf(const Json& item) {
  return {item.at("line").get<std::uint32_t>(), item.at("column").get<std::uint32_t>()};
}

void Tell(const Json& problem, const std::vector<PolicyText>& texts, Diagnostics& diagnostics) {
  auto fix = problem.at("fix").get<std::string>();
  if (fix.empty()) fix = "docs/policy.md explains the language and every fact";
  FileDiagnostics file(texts.at(problem.at("file").get<std::size_t>()).file, diagnostics);
  const auto what = problem.at("what").get<std::string>();
  if (problem.at("error").get<bool>()) {
    file.Error(PlaceOf(problem), what, std::move(fix));
  } else {
    file.Warn(PlaceOf(problem), what, std::move(fix));
  }
}

WrittenPolicy PolicyOf(const Json& item, const std::vector<PolicyText>& texts) {
  WrittenPolicy out{.file = texts.at(item.at("file").get<std::size_t>()).file,
                    .at = PlaceOf(item),
                    .permits = item.at("effect") == "permit",
                    .annotations = {},
                    .looks_at = item.at("looks_at").get<std::vector<std::string>>(),
                    .text = item.at("text").get<std::string>()};
  for (const Json& annotation : item.at("annotations"))
    out.annotations.push_back({annotation.at("name").get<std::string>(),
                               annotation.at("value").get<std::string>(), PlaceOf(annotation)});
  return out;
}

Result<std::vector<WrittenPolicy>> ReadReport(std::string_view report,
                                              const std::vector<PolicyText>& texts,
                                              Diagnostics& diagnostics) {
  try {
    const Json json = Json::parse(report);
    for (const Json& problem : json.at("problems")) Tell(problem, texts, diagnostics);
    std::vector<WrittenPolicy> policies;
    for (const Json& item : json.at("policies")) policies.push_back(PolicyOf(item, texts));
    return policies;
  } catch (const std::exception& error) {
    return Error(ErrorCode::kInternal, std::string("the report of a load: ") + error.what());
  }
}

Result<std::vector<CedarAnswer::Failure>> ReadFailures(std::string_view text) {
  std::vector<CedarAnswer::Failure> out;
  try {
    for (const Json& item : Json::parse(text))
      out.push_back({item.at(0).get<std::uint32_t>(), item.at(1).get<std::string>()});
  } catch (const std::exception& error) {
    return Error(ErrorCode::kInternal, std::string("the failures of policies: ") + error.what());
  }
  return out;
}

}  // namespace

void CedarPolicies::Free::operator()(SuretyCedarPolicies* policies) const {
  surety_cedar_free_policies(policies);
}

CedarPolicies::CedarPolicies(Handle handle, std::vector<WrittenPolicy> policies)
    : handle_(std::move(handle)), policies_(std::move(policies)) {}

CedarPolicies::~CedarPolicies() = default;

std::unique_ptr<const CedarPolicies> CedarPolicies::Load(const std::vector<PolicyText>& texts,
                                                         Diagnostics& diagnostics) {
  std::vector<SuretyCedarFile> files;
  files.reserve(texts.size());
  for (const PolicyText& text : texts) files.push_back({ViewOf(text.text)});
  SuretyCedarPolicies* loaded = nullptr;
  Text report;
  const int status =
      surety_cedar_load(ViewOf(kPolicySchema), files.data(), files.size(), &loaded, report.out());
  Handle handle(loaded);
  auto policies = status == SURETY_CEDAR_OK
                      ? ReadReport(report.view(), texts, diagnostics)
                      : Result<std::vector<WrittenPolicy>>(ErrorOf(status, report));
  if (!policies) {
    FileDiagnostics(texts.empty() ? "policies" : texts.front().file, diagnostics)
        .Error({}, policies.error().Text(), "this is a fault in Surety: please report it");
    return nullptr;
  }
  if (handle == nullptr) return nullptr;
  return std::unique_ptr<const CedarPolicies>(
      new CedarPolicies(std::move(handle), *std::move(policies)));
}

Result<CedarAnswer> CedarPolicies::Ask(std::string_view facts) const {
  CedarAnswer answer;
  answer.holding.resize(policies_.size());
  std::size_t count = 0;
  Text failed;
  const int status = surety_cedar_ask(handle_.get(), ViewOf(facts), answer.holding.data(),
                                      answer.holding.size(), &count, failed.out());
  if (status != SURETY_CEDAR_OK) return ErrorOf(status, failed);
  answer.holding.resize(count);
  if (failed.view().empty()) return answer;
  auto failures = ReadFailures(failed.view());
  if (!failures) return failures.error();
  answer.failed = *std::move(failures);
  return answer;
}

Result<void> CedarPolicies::CheckFacts(std::string_view facts) const {
  Text problem;
  const int status = surety_cedar_check_facts(handle_.get(), ViewOf(facts), problem.out());
  if (status != SURETY_CEDAR_OK) return ErrorOf(status, problem);
  return {};
}

}  // namespace surety
