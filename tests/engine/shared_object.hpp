#pragma once

#include <cstdint>
#include <new>

#include <sys/mman.h>

namespace engine_test {

/// A T that every process forked from here shares, at the same address, apart from the library's
/// own region: what tests count in.
template <class T>
class SharedObject {
public:
    SharedObject() {
        void* memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::bad_alloc();
        }
        object_ = new (memory) T();
    }
    SharedObject(const SharedObject&) = delete;
    SharedObject& operator=(const SharedObject&) = delete;
    ~SharedObject() { ::munmap(object_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

    /// True if any of [begin, end) is this object's memory.
    [[nodiscard]] bool overlaps(std::uintptr_t begin, std::uintptr_t end) const {
        const auto mine = reinterpret_cast<std::uintptr_t>(object_);
        return begin < mine + sizeof(T) && mine < end;
    }

private:
    T* object_ = nullptr;
};

}  // namespace engine_test
