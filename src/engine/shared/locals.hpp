#pragma once

#include <cstdint>
#include <vector>

#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// Destroys what this_worker::local made in this process, the newest first.
void destroy_locals() noexcept;

/// What this_worker::local made for a worker that is no process. For one thread at a time.
class SeatLocals {
public:
    SeatLocals();
    SeatLocals(const SeatLocals&) = delete;
    SeatLocals& operator=(const SeatLocals&) = delete;
    /// In a forked child they are the parent's.
    ~SeatLocals();

    /// Null if there is none. `type` stands for its type.
    [[nodiscard]] void* find(const void* type) const noexcept;
    /// Throws std::bad_alloc.
    void keep(const void* type, void* object, void (*destroys)(void*));
    /// Destroys all, the newest first.
    void destroy() noexcept;

private:
    struct Object {
        const void* type;
        void* object;
        void (*destroys)(void*);
    };
    std::vector<Object> objects_;
    const std::uint64_t mark_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
