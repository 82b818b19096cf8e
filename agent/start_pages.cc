#include "agent/start_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace surety {
namespace {

int GiveBack(dl_phdr_info* object, std::size_t /*size*/, void* page_size) {
  const auto page = *static_cast<const std::uintptr_t*>(page_size);
  for (const ElfW(Phdr) & part : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    // Whole pages: the last may be shared with a segment that is written to.
    const std::uintptr_t from = (object->dlpi_addr + part.p_vaddr + page - 1) / page * page;
    const std::uintptr_t to = (object->dlpi_addr + part.p_vaddr + part.p_filesz) / page * page;
    if (from < to) ::madvise(std::bit_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void GiveBackStartPages() {
  auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  ::dl_iterate_phdr(&GiveBack, &page);
}

}  // namespace surety
