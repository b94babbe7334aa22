#include "engine/shared/locals.hpp"

#include <algorithm>
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

/// A destructor that throws costs none of the others its turn.
void destroy_one(void* object, void (*destroy)(void*)) noexcept {
    try {
        destroy(object);
    } catch (...) {
        // There is nobody to tell.
    }
}

}  // namespace

void destroy_locals() noexcept {
    // A destructor may ask for another local object.
    while (!locals().objects.empty()) {
        const auto [object, destroy] = locals().objects.back();
        locals().objects.pop_back();
        destroy_one(object, destroy);
    }
}

SeatLocals::SeatLocals() : mark_(os::process_mark()) {}

SeatLocals::~SeatLocals() {
    if (mark_ == os::process_mark()) {
        destroy();
    }
}

void* SeatLocals::find(const void* type) const noexcept {
    const auto at = std::ranges::find(objects_, type, &Object::type);
    return at == objects_.end() ? nullptr : at->object;
}

void SeatLocals::keep(const void* type, void* object, void (*destroys)(void*)) {
    objects_.push_back({type, object, destroys});
}

void SeatLocals::destroy() noexcept {
    while (!objects_.empty()) {
        const Object last = objects_.back();
        objects_.pop_back();
        destroy_one(last.object, last.destroys);
    }
}

}  // namespace engine

namespace detail {

void destroy_at_end(void* object, void (*destroy)(void*)) {
    engine::locals().objects.emplace_back(object, destroy);
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
