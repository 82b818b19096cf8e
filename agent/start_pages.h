#pragma once

namespace surety {

/// Gives pages of the program and its libraries back to the kernel, which has them in its
/// page cache in any case: linking and starting touches far more of them than serving does.
/// Only segments that cannot be written to, and so never were: what relocation changes lies
/// in others. Call it once the start is over. What cannot be done is left undone.
/// Thread-safe: the loader unloads nothing meanwhile (dl_iterate_phdr(3)).
void GiveBackStartPages();

}  // namespace surety
