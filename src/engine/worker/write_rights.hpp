#pragma once

#include <procpool/detail/namespace.hpp>

#include "engine/shared/layout.hpp"

PROCPOOL_BEGIN_NAMESPACE
/// What of the shared region this worker may write. Everything else is read-only in it.
namespace engine {

/// Nothing of the region.
void forbid_writing(const Layout& layout);
/// Its own pages and the common ones. Ends this process where the kernel refuses: without these
/// rights nothing can be said, and the fork server sees a death.
void allow_writing_own(const Layout& layout, int worker);
/// Not even those, while a guarded item runs (docs/protocol.md, part 7). The same on refusal.
void forbid_writing_own(const Layout& layout, int worker);

}  // namespace engine
PROCPOOL_END_NAMESPACE
