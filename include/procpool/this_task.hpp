#pragma once

#include <cstddef>
#include <cstdint>

#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
/// The item that the calling process is working on.
namespace this_task {

/// The position of the running item in its range, from 0; 0 in apply() and submit(), and outside a
/// worker.
[[nodiscard]] inline std::size_t index() noexcept {
    return static_cast<std::size_t>(detail::current_task().index);
}

/// A seed for this item's random numbers. It depends on index() and `base` only: not on the worker,
/// the number of processes or the chunks, so results can be reproduced, and no two items of a range
/// get the same. For another run, or for calls by apply(), which all have index 0, take another
/// base.
///
///     pool.map([](int trials) { std::mt19937_64 random{mp::this_task::seed()}; ... }, trials);
[[nodiscard]] inline std::uint64_t seed(std::uint64_t base = 0) noexcept {
    // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA
    // 2014; constants of Vigna's splitmix64.c, public domain). Its output function is a bijection,
    // so within one base seeds are distinct; mixing the base first keeps nearby bases apart.
    constexpr auto mix = [](std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    };
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
    return mix(mix(base + golden) + golden * (detail::current_task().index + 1));
}

}  // namespace this_task
PROCPOOL_END_NAMESPACE

PROCPOOL_BEGIN_NAMESPACE
/// The process that calls.
namespace this_worker {

/// The number of this worker in its pool, from 0; a replacement has the number of the one it
/// replaces. -1 outside a worker.
[[nodiscard]] inline int id() noexcept { return detail::current_task().worker; }

/// The T of this process: made by T() at the first call in a worker, and kept until the worker ends
/// (no destructor runs then). For what is dear to make and useless to ship: a connection, a model,
/// a parser's tables.
///
///     auto& tables = mp::this_worker::local<ParserTables>();
///
/// A T for each type; a replacement makes its own. Outside a worker it is this process's. For one
/// thread at a time, as tasks are. Throws what T() throws.
template <class T>
[[nodiscard]] T& local() {
    static std::uint64_t owner = 0;
    static T* value = nullptr;
    if (const std::uint64_t process = detail::own_process(); owner != process) {
        value = new T();  // what was inherited by a fork is the parent's
        owner = process;
    }
    return *value;
}

}  // namespace this_worker
PROCPOOL_END_NAMESPACE
