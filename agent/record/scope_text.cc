#include "agent/record/scope_text.h"

#include "agent/record/text_list.h"

namespace surety {

std::string WriteScope(const Scope& scope) {
  std::vector<std::string> texts;
  texts.reserve(scope.selectors.size());
  for (const Selector& selector : scope.selectors) texts.push_back(selector.Text());
  return WriteTextList(texts);
}

Result<Scope> ReadScope(std::string_view text) {
  const auto texts = ReadTextList(text);
  if (!texts) return texts.error();
  Scope scope;
  for (const std::string& one : *texts) {
    auto selector = Selector::Parse(one);
    if (!selector) return Error(ErrorCode::kDataLoss, "a stored scope is damaged");
    scope.selectors.Insert(std::move(*selector));
  }
  return scope;
}

}  // namespace surety
