#pragma once

#include <cstddef>

namespace surety {

/// How much of what others chose (paths, labels, groups) goes into one record.
/// SPIFFE IDs, entry ids and serials are always whole: what was handed out must
/// be told from the record alone.
struct RecordLimits {
  std::size_t text;  ///< Bytes of one text.
  std::size_t list;  ///< Items of one list.
  bool facts;        ///< Whether Decision::facts are kept.
};

/// What a record was made to leave out.
struct LeftOut {
  bool texts = false;
  bool lists = false;
  bool facts = false;
};

}  // namespace surety
