#include "agent/record/crl_numbers.h"

namespace surety {
namespace {

class NextNumber final : public Change {
 public:
  NextNumber(const std::string& issuer, std::uint64_t at_least)
      : issuer_(issuer), at_least_(static_cast<std::int64_t>(at_least)) {}

  Result<void> Write(SqliteConnection& database) override {
    return database.Each(
        "INSERT INTO crl_numbers VALUES (?1, ?2) ON CONFLICT (issuer) DO UPDATE SET number = "
        "max(number + 1, ?2) RETURNING number",
        {issuer_, at_least_}, [this](const SqliteRow& row) { number_ = row.Integer(0); });
  }
  [[nodiscard]] std::uint64_t number() const { return static_cast<std::uint64_t>(number_); }

 private:
  const std::string& issuer_;
  const std::int64_t at_least_;
  std::int64_t number_ = 0;
};

}  // namespace

Result<std::uint64_t> CrlNumbers::Next(const std::string& issuer_key_id, std::uint64_t at_least) {
  NextNumber next(issuer_key_id, at_least);
  if (auto stored = database_.Commit(next, Durability::kPower); !stored)
    return stored.error().Within("no number for the next CRL");
  return next.number();
}

}  // namespace surety
