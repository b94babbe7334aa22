#include "engine/worker/write_rights.hpp"

#include <cstdlib>

#include "os/mapping.hpp"
#include "os/process.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

void set(const Layout& layout, int worker, os::Access access) {
    const bool done =
        os::protect(layout.region_base(), os::page_size, access) &&
        os::protect(reinterpret_cast<std::byte*>(&layout.common()), layout.common_size(), access) &&
        os::protect(reinterpret_cast<std::byte*>(&layout.slot(worker)), Layout::slot_size,
                    access) &&
        os::protect(reinterpret_cast<std::byte*>(&layout.last_words(worker)), layout.worker_size(),
                    access);
    if (!done) {
        os::end_process(EXIT_FAILURE);
    }
}

}  // namespace

void forbid_writing(const Layout& layout) {
    os::protect(layout.region_base(), layout.region_size(), os::Access::read);
}

void allow_writing_own(const Layout& layout, int worker) {
    set(layout, worker, os::Access::read_write);
    own_timeline::allow_writing(true);
}

void forbid_writing_own(const Layout& layout, int worker) {
    own_timeline::allow_writing(false);
    set(layout, worker, os::Access::read);
}

}  // namespace engine
PROCPOOL_END_NAMESPACE
