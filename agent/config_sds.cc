#include "agent/config_sds.h"

#include <string>
#include <string_view>

namespace surety {
namespace {

constexpr std::size_t kLongestSdsName = 255;

void ReadSdsName(TomlTable& table, std::string_view key, FileDiagnostics& diagnostics,
                 std::string& out) {
  const std::string example = "\"" + out + "\"";
  const auto name = table.String(key, example);
  if (!name) return;
  const bool printable =
      name->value.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == std::string::npos;
  if (name->value.empty() || name->value.size() > kLongestSdsName || !printable)
    return diagnostics.Error(
        name->at,
        std::string(key) + " " + Quoted(name->value) +
            " cannot be the name of a secret beside SPIFFE IDs",
        "choose 1 to 255 of letters, digits, '-', '_' and '.', such as " + example);
  out = name->value;
}

}  // namespace

void ReadSds(TomlTable& top, FileDiagnostics& diagnostics, SdsConfig& out) {
  const auto* section = top.Table("sds", "[sds]");
  if (section == nullptr) return;
  TomlTable table(*section, "[sds]", diagnostics);
  ReadSdsName(table, "default_svid_name", diagnostics, out.default_svid_name);
  ReadSdsName(table, "default_bundle_name", diagnostics, out.default_bundle_name);
  ReadSdsName(table, "default_all_bundles_name", diagnostics, out.default_all_bundles_name);
  if (out.default_svid_name == out.default_bundle_name ||
      out.default_svid_name == out.default_all_bundles_name ||
      out.default_bundle_name == out.default_all_bundles_name)
    diagnostics.Error(table.at(), "two secrets of [sds] have the same name",
                      "give default_svid_name, default_bundle_name and default_all_bundles_name "
                      "a name of its own each");
  table.RefuseUnknownKeys();
}

}  // namespace surety
