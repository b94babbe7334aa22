#pragma once

#include <cerrno>
#include <new>
#include <system_error>
#include <type_traits>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// Forks a child that runs `f` and ends. Throws std::system_error.
template <class F>
pid_t fork_child(F f) {
    const pid_t child = ::fork();
    if (child < 0) {
        throw std::system_error(errno, std::generic_category(), "fork");
    }
    if (child == 0) {
        f();
        ::_exit(0);
    }
    return child;
}

inline void wait_for(pid_t child) {
    while (::waitpid(child, nullptr, 0) < 0) {
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "waitpid");
        }
    }
}

/// An object in memory that children forked later share with this process.
template <class T>
class Shared {
public:
    Shared() {
        void* memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        object_ = new (memory) T{};
    }

    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;
    ~Shared() { ::munmap(object_, sizeof(T)); }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

private:
    static_assert(std::is_trivially_destructible_v<T>);
    T* object_ = nullptr;
};

}  // namespace bench
