#include "os/loaded_objects.hpp"

#include <mutex>

#include <dlfcn.h>
#include <features.h>

#include "os/at_fork.hpp"

#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
#define PROCPOOL_FINDS_OBJECTS 1
#endif
#endif

PROCPOOL_BEGIN_NAMESPACE
namespace os {
namespace {

constinit std::mutex lock;

// Registered before main, so nobody forks meanwhile.
const int registered = at_fork([] { lock.lock(); }, [] { lock.unlock(); }, [] { lock.unlock(); });

}  // namespace

void for_each_object(int (*visit)(dl_phdr_info*, std::size_t, void*), void* data) {
    static_cast<void>(registered);
    const std::scoped_lock held(lock);
    ::dl_iterate_phdr(visit, data);
}

std::optional<LoadedObject> object_at(std::uint64_t address) noexcept {
#if defined(PROCPOOL_FINDS_OBJECTS)
    dl_find_object found{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is only compared
    if (::_dl_find_object(reinterpret_cast<void*>(address), &found) != 0 ||
        found.dlfo_link_map == nullptr || found.dlfo_link_map->l_name == nullptr) {
        return std::nullopt;
    }
    return LoadedObject{found.dlfo_link_map->l_addr, found.dlfo_link_map->l_name};
#else
    static_cast<void>(address);
    return std::nullopt;
#endif
}

}  // namespace os
PROCPOOL_END_NAMESPACE
