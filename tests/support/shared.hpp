#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace support {

/// Zeroed memory that this process shares with all that it forks from now on, apart from the
/// library's own region. Throws std::system_error.
[[nodiscard]] std::byte* map_shared(std::size_t size);
void unmap_shared(std::byte* memory, std::size_t size);

/// A T that this process and all it forks from now on share, at the same address: for a task to say
/// what it did, and for a test to say what it may do. Make it before the pool. A pointer to it may
/// be captured by value.
template <class T>
class Shared {
public:
    Shared() : memory_(map_shared(sizeof(T))), object_(new(memory_) T()) {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { unmap_shared(memory_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    [[nodiscard]] T* get() const { return object_; }

    /// True if any of [begin, end) is this object's memory.
    [[nodiscard]] bool overlaps(std::uintptr_t begin, std::uintptr_t end) const {
        const auto mine = reinterpret_cast<std::uintptr_t>(object_);
        return begin < mine + sizeof(T) && mine < end;
    }

private:
    std::byte* memory_;
    T* object_;
};

}  // namespace support
