# Run by surety_embedded_text: bytes as numbers, which no text can break out of and
# no compiler's limit on literals cuts.
file(READ ${SOURCE} hex HEX)
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <string_view>

namespace surety {
namespace {
constexpr char kText[] = {
${bytes}'\\0'};
}  // namespace

extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}{kText, sizeof kText - 1};

}  // namespace surety
")
