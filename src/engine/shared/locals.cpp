#include "engine/shared/locals.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/shared/interface.hpp"
#include "os/process_mark.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {
namespace {

struct Locals {
    std::uint64_t process = 0;
    std::vector<std::pair<void*, void (*)(void*)>> objects;
};

/// Never destroyed: workers use it to their end.
Locals& locals() {
    static auto* const all = new Locals;
    if (all->process != os::process_mark()) {
        all->objects.clear();  // those of the parent are left as they are
        all->process = os::process_mark();
    }
    return *all;
}

}  // namespace

void destroy_locals() noexcept {
    // A destructor may ask for another local object.
    while (!locals().objects.empty()) {
        const auto [object, destroy] = locals().objects.back();
        locals().objects.pop_back();
        try {
            destroy(object);
        } catch (...) {
            // A destructor that throws costs none of the others its turn.
        }
    }
}

}  // namespace engine

namespace detail {

void destroy_at_end(void* object, void (*destroy)(void*)) {
    engine::locals().objects.emplace_back(object, destroy);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
