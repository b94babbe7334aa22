#pragma once

#include <cstddef>
#include <span>

#include <procpool/detail/bytes.hpp>
#include <procpool/detail/closure/bytes.hpp>
#include <procpool/detail/closure/kinds.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/run.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

/// Callables up to this size are copied to the thunk's stack for every claim: there the compiler
/// knows that nothing else changes them, and one with mutable members does not fault on read-only
/// memory. Others are made once in every worker.
inline constexpr std::size_t small_closure = 256;

template <class F>
inline constexpr bool is_prepared = !ByteClosure<F> || sizeof(F) > small_closure ||
                                    alignof(F) > alignof(std::max_align_t);

template <class F>
constexpr Prepare prepare_closure() {
    if constexpr (is_prepared<F>) {
        return {.open = [](std::span<const std::byte> bytes) -> void* {
                    Reader from{bytes};
                    if constexpr (ByteClosure<F>) {
                        return new F(read_bytes<F>(from));
                    } else {
                        return new F(read_closure<F>(from));
                    }
                },
                .close = [](void* f) { delete static_cast<F*>(f); }};
    } else {
        return {};
    }
}

/// The callable of a job, in a worker, for as long as a thunk runs.
template <class F>
class OpenClosure {
public:
    explicit OpenClosure(const Run& run) : f_(load_bytes<F>(run.closure)) { detail::relocate(f_); }
    [[nodiscard]] const F& get() const { return f_; }

private:
    F f_;
};

template <class F>
requires is_prepared<F>
class OpenClosure<F> {
public:
    explicit OpenClosure(const Run& run) : f_(static_cast<const F*>(run.prepared)) {}
    [[nodiscard]] const F& get() const { return *f_; }

private:
    const F* f_;
};

}  // namespace detail
PROCPOOL_END_NAMESPACE
