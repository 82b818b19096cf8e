#include "agent/command/status.h"

#include "agent/command/advice.h"
#include "agent/command/status_json.h"
#include "agent/command/status_text.h"

namespace surety {

Result<void> ShowStatus(const StatusFlags& flags, AdminClient& client, const Clock& clock,
                        std::ostream& out) {
  const auto status = client.GetStatus(flags.admin.timeout);
  if (!status) return AdvisedAdminError(status.error());
  if (flags.admin.output == OutputFormat::kJson)
    PrintStatusJson(*status, out);
  else
    PrintStatusText(*status, clock.Now().wall, out);
  return {};
}

}  // namespace surety
