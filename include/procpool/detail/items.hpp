#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/draft.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/ranges.hpp>
#include <procpool/detail/run.hpp>
#include <procpool/detail/slices.hpp>

PROCPOOL_BEGIN_NAMESPACE
namespace detail {

// Packing, in the client --------------------------------------------------------------------------

/// Items of one size lie side by side.
template <FixedSize T, class Range>
void pack_fixed(Draft& draft, Range& range) {
    constexpr std::size_t size = Codec<T>::fixed_size;
    using Storage = SharedStorage<std::remove_cv_t<Range>>;
    draft.spec.input_stride = size;
    if constexpr (Storage::exists) {
        draft.spec.count = range.size();
        draft.spec.shared_inputs = reinterpret_cast<const std::byte*>(range.data());
        draft.spec.keep = Storage::keep(range);
    } else if constexpr (Contiguous<Range> && Trivial<T> && std::is_same_v<T, Item<Range>>) {
        draft.spec.count = count_of(range);
        const T* first = std::to_address(range_access::first(range));
        draft.copy(std::as_bytes(std::span{first, draft.spec.count}));
    } else if constexpr (RandomAccess<Range>) {
        draft.spec.count = count_of(range);
        auto item = range_access::first(range);
        if (draft.spec.count > SIZE_MAX / size) {
            throw std::bad_array_new_length();
        }
        std::byte* to = draft.reserve(draft.spec.count * size);
        for (std::uint64_t i = 0; i < draft.spec.count; ++i, ++item) {
            to = detail::write_fixed(to, static_cast<const T&>(*item));
        }
    } else {
        std::vector<std::byte> packed;
        for (auto&& item : range) {
            packed.resize(packed.size() + size);
            detail::write_fixed(packed.data() + packed.size() - size, static_cast<const T&>(item));
            ++draft.spec.count;
        }
        write_bytes(draft.reserve(packed.size()), packed);
    }
}

/// Other items follow a table of where each begins and the last ends, in bytes from the table.
/// `items` is walked twice; what(*iterator) is a const T&.
template <Encodable T, class Items, class What>
void pack_table(Draft& draft, const Items& items, What what) {
    std::uint64_t count = 0;
    std::size_t size = sizeof(std::uint64_t);
    for (const auto& item : items) {
        size += sizeof(std::uint64_t) + frame_size<T>(what(item));
        ++count;
    }
    std::byte* entry = draft.reserve(size);
    Writer to({entry, size}, typeid(T));
    to.take((count + 1) * sizeof(std::uint64_t));
    for (const auto& item : items) {
        entry = write_length(entry, size - to.left());
        detail::write_frame<T>(to, what(item));
    }
    to.finish();
    write_length(entry, size);
    draft.spec.count = count;
    draft.spec.input_stride = 1;  // how they lie is between us and the thunk
}

/// A range is walked once: it may be slow, or give something else the next time.
template <Encodable T, class Range>
void pack_frames(Draft& draft, Range& range) {
    constexpr bool are_there = std::is_same_v<T, std::remove_cvref_t<Reference<Range>>>;
    if constexpr (Contiguous<Range> && are_there) {
        const std::span items(std::to_address(range_access::first(range)), count_of(range));
        pack_table<T>(draft, items, [](const T& item) -> const T& { return item; });
    } else if constexpr (Repeatable<Range> && are_there) {
        std::vector<const T*> items;
        for (const T& item : range) {
            items.push_back(std::addressof(item));
        }
        pack_table<T>(draft, items, [](const T* item) -> const T& { return *item; });
    } else {
        std::vector<T> items;
        for (auto&& item : range) {
            items.emplace_back(std::forward<decltype(item)>(item));
        }
        pack_table<T>(draft, items, [](const T& item) -> const T& { return item; });
    }
}

template <class T, class Range>
void pack(Draft& draft, Range& range) {
    keep_slices<has_slice<T, true>()>(draft.spec, [&] {
        if constexpr (FixedSize<T>) {
            pack_fixed<T>(draft, range);
        } else {
            pack_frames<T>(draft, range);
        }
    });
}

template <class... A>
void pack_tuple(Draft& draft, const A&... arguments) {
    using T = std::tuple<A...>;
    draft.spec.count = 1;
    if constexpr (sizeof...(A) == 0) {
        draft.spec.input_stride = sizeof(T);
        *draft.reserve(sizeof(T)) = std::byte{0};
    } else {
        if constexpr (FixedSize<T>) {
            draft.spec.input_stride = Codec<T>::fixed_size;
            std::byte* to = draft.reserve(Codec<T>::fixed_size);
            ((to = detail::write_fixed<A>(to, arguments)), ...);
        } else {
            constexpr std::size_t table = 2 * sizeof(std::uint64_t);
            const std::size_t sizes[] = {Codec<A>::size(arguments)...};
            std::size_t total = table;
            for (const std::size_t size : sizes) {
                total += size;
            }
            draft.spec.input_stride = 1;
            std::byte* to = write_length(write_length(draft.reserve(total), table), total);
            const std::size_t* size = sizes;
            ((to = detail::write_measured<A>(to, *size++, arguments)), ...);
        }
    }
}

/// One item, a tuple of these, without making it first.
template <class... A>
void pack_arguments(Draft& draft, const A&... arguments) {
    keep_slices<(has_slice<A, true>() || ...)>(
        draft.spec, [&] { detail::pack_tuple<A...>(draft, arguments...); });
}

// Unpacking, in the worker ------------------------------------------------------------------------

/// Reads the i-th item. Called as `items(i)`, which returns a T, or a T&& that lives until the next
/// call.
template <FixedSize T>
class UnpackedFixed {
public:
    explicit UnpackedFixed(const Run& run) : base_(run.input), mask_(run.input_mask) {}

    T operator()(std::uint64_t i) const {
        Reader from{{base_ + (i & mask_) * Codec<T>::fixed_size, Codec<T>::fixed_size}};
        return Codec<T>::read(from);
    }

private:
    const std::byte* base_;
    std::uint64_t mask_;
};

template <class T>
class UnpackedFrames {
public:
    explicit UnpackedFrames(const Run& run) : base_(run.input) {}

    decltype(auto) operator()(std::uint64_t i) {
        if constexpr (OneRun<T>) {
            return std::move(value(i));
        } else {
            return read_frame<T>(bytes(i));
        }
    }

    /// Where it lies, as it was written.
    [[nodiscard]] std::span<const std::byte> bytes(std::uint64_t i) const {
        std::uint64_t bounds[2];
        std::memcpy(bounds, base_ + i * sizeof(std::uint64_t), sizeof bounds);
        return {base_ + bounds[0], bounds[1] - bounds[0]};
    }
    /// Valid until the next call.
    T& value(std::uint64_t i)
    requires OneRun<T>
    {
        Codec<T>::assign(item_.value, bytes(i));
        return item_.value;
    }

private:
    struct Kept {
        T value;
    };
    struct Nothing {};

    const std::byte* base_;
    [[no_unique_address]] std::conditional_t<OneRun<T>, Kept, Nothing> item_{};  // keeps its memory
};

/// Of a job that is fed item by item.
template <class T>
class UnpackedFed {
public:
    explicit UnpackedFed(const Run& run) : run_(&run) {}

    decltype(auto) operator()(std::uint64_t i) {
        if constexpr (FixedSize<T>) {
            Reader from{run_->item(i)};
            return Codec<T>::read(from);
        } else if constexpr (OneRun<T>) {
            return std::move(value(i));
        } else {
            return read_frame<T>(run_->item(i));
        }
    }

    [[nodiscard]] std::span<const std::byte> bytes(std::uint64_t i) const { return run_->item(i); }
    T& value(std::uint64_t i)
    requires OneRun<T>
    {
        Codec<T>::assign(item_.value, run_->item(i));
        return item_.value;
    }

private:
    struct Kept {
        T value;
    };
    struct Nothing {};
    static constexpr bool keeps = OneRun<T> && !FixedSize<T>;

    const Run* run_;
    [[no_unique_address]] std::conditional_t<keeps, Kept, Nothing> item_{};  // keeps its memory
};

template <class T>
struct ItemsOf {
    using type = UnpackedFrames<T>;
};
template <FixedSize T>
struct ItemsOf<T> {
    using type = UnpackedFixed<T>;
};
template <class T>
using Items = typename ItemsOf<T>::type;

}  // namespace detail
PROCPOOL_END_NAMESPACE
