#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/federation/bundle_reader.h"

namespace surety {

/// The bundles that a SPIFFE bundle map gives.
struct BundleMap {
  std::vector<ForeignBundle> bundles;  ///< By name, each with `in_map`; none is our own.
  bool has_own = false;                ///< Whether our own trust domain was passed over.
};

/// So that it can be read in a moment: room for 1,000 bundles of the usual size.
inline constexpr std::size_t kMostBundleMapBytes = 8'388'608;

/// Reads a SPIFFE bundle map (SPIFFE_Trust_Domain_and_Bundle.md section 5): the whole of it or
/// nothing. The bundle of `own` is read like any other and then left out: ours comes from our
/// CA. A refresh hint in a bundle says nothing here (section 5.1.1).
/// kInvalidArgument: no JSON, a name that stands twice, no object "trust_domains", a name that
/// is no trust domain's, a bundle that ReadBundleDocument() refuses; the error names whose.
/// kResourceExhausted: too large. `text` is foreign bytes.
Result<BundleMap> ReadBundleMap(const TrustDomain& own, std::string_view text);

/// Writes one of bundle documents, by the names of their trust domains, without refresh hints
/// (section 5.1.1): JSON, with a line's end. kDataLoss: what was written cannot be read again,
/// since a document or a name is none; kResourceExhausted as in ReadBundleMap().
Result<std::string> WriteBundleMap(const std::map<std::string, std::string>& documents);

}  // namespace surety
