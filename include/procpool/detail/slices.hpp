#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <procpool/detail/engine.hpp>
#include <procpool/detail/kind.hpp>
#include <procpool/detail/namespace.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_span;

namespace detail {

// A shared_span travels as the place of its elements in the region. While values are packed that
// may hold one, somebody takes down which memory they refer to.

/// Memory of the region that a job refers to.
class KeptMemory {
public:
    /// Throws std::bad_alloc.
    void add(const std::shared_ptr<const void>& memory);
    /// Keeps it for the job, with what that keeps already. Throws std::bad_alloc.
    void give_to(JobSpec& spec);

private:
    std::vector<std::shared_ptr<const void>> memory_;  // each once
};

/// While it exists, what this thread packs is kept by `kept`.
class Keeping {
public:
    explicit Keeping(KeptMemory& kept) noexcept;
    Keeping(const Keeping&) = delete;
    Keeping& operator=(const Keeping&) = delete;
    ~Keeping();

private:
    KeptMemory* const outer_;
};

/// A shared_span is being written: where its elements lie, for shared_part(). Throws NotShippable
/// when nobody is Keeping, as it is then no argument of a call, or when the memory is not this
/// process's own, and std::bad_alloc.
[[nodiscard]] std::uint64_t place_of(const std::byte* data, std::size_t bytes,
                                     const std::shared_ptr<const void>& memory);
/// The elements there: memory of the region that this process works on. Throws DecodeError if some
/// of it is not.
[[nodiscard]] const std::byte* shared_part(std::uint64_t place, std::uint64_t count,
                                           std::size_t size, std::size_t alignment);

template <class T>
inline constexpr bool is_slice = false;
template <class T>
inline constexpr bool is_slice<shared_span<T>> = true;

template <class T, bool unseen, class... Outer>
consteval bool has_slice();
template <bool unseen, class... Outer, class... Part>
consteval bool any_has_slice(Types<Part...>) {
    return (has_slice<std::remove_const_t<Part>, unseen, Outer...>() || ...);
}

/// Is a shared_span a part of a T? `unseen`: the answer for what its serialize() names.
template <class T, bool unseen, class... Outer>
consteval bool has_slice() {
    bool has = is_slice<T>;
    if constexpr (!is_one_of<T, Outer...> && !is_slice<T>) {
        if constexpr (kind<T> == Kind::serialized || kind<T> == Kind::foreign) {
            has = unseen;
        } else if constexpr (kind<T> < Kind::reference && kind<T> != Kind::flat) {
            has = detail::any_has_slice<unseen, T, Outer...>(typename PartsOf<T>::Parts{});
        }
    }
    return has;
}

/// Calls pack(), which writes a job's inputs or its callable: values that may hold a shared_span if
/// `may_hold` says so.
template <bool may_hold, class Pack>
void keep_slices(JobSpec& spec, Pack pack) {
    if constexpr (may_hold) {
        KeptMemory kept;
        {
            const Keeping keeping(kept);
            pack();
        }
        kept.give_to(spec);
    } else {
        pack();
    }
}

}  // namespace detail
PROCPOOL_END_NAMESPACE
