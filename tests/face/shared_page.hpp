#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

#include <sched.h>
#include <sys/mman.h>

namespace procpool::test {

/// A T that this process and all it forks from now on share, for a task to say what it did and to
/// wait until it may go on. Make it before the pool. A pointer to it may be captured by value.
template <class T>
class SharedPage {
public:
    SharedPage() {
        void* page =
            mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) {
            std::abort();
        }
        value_ = new (page) T();
    }
    SharedPage(const SharedPage&) = delete;
    SharedPage& operator=(const SharedPage&) = delete;
    ~SharedPage() { munmap(value_, sizeof(T)); }

    T* get() const { return value_; }
    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }

private:
    T* value_;
};

using Counter = std::atomic<int>;

/// Waits, without a clock, until the counter is at least `value`.
inline void await(const Counter& counter, int value = 1) {
    while (counter.load() < value) {
        sched_yield();
    }
}

}  // namespace procpool::test
