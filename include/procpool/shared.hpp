#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <procpool/detail/codec.hpp>
#include <procpool/detail/engine.hpp>
#include <procpool/detail/items.hpp>
#include <procpool/detail/namespace.hpp>
#include <procpool/detail/slices.hpp>

PROCPOOL_BEGIN_NAMESPACE

template <class T>
class shared_vector;

/// A part of a shared_vector, by shared_vector::slice(), that travels to workers without a copy of
/// its elements: as an item, as an argument, or as a part of one. They are read where they lie.
///
///     std::vector<mp::shared_span<const double>> rows;
///     for (std::size_t i = 0; i < height; ++i) rows.push_back(matrix.slice(i * width, width));
///     auto norms = pool.map([](mp::shared_span<const double> row) { return norm(row); }, rows);
///
/// Otherwise as std::span<const T>, to which it converts. It keeps the memory alive, whatever
/// becomes of the vector; if that grows, the span shows the elements as they were. A call that was
/// given one keeps it until its work is over, a stream until the stream's end. What it is not: a
/// result, an argument of an initializer, or an argument for the pool of a task that was given it;
/// there, NotShippable.
template <class T>
class shared_span<const T> {
public:
    using element_type = const T;
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using iterator = const T*;

    shared_span() = default;

    [[nodiscard]] const T* data() const noexcept { return data_; }
    [[nodiscard]] size_type size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] iterator begin() const noexcept { return data_; }
    [[nodiscard]] iterator end() const noexcept { return data_ + size_; }
    [[nodiscard]] const T& operator[](size_type i) const { return data_[i]; }
    [[nodiscard]] const T& front() const { return data_[0]; }
    [[nodiscard]] const T& back() const { return data_[size_ - 1]; }

    /// A part of it. Throws std::out_of_range.
    [[nodiscard]] shared_span slice(size_type offset, size_type count) const {
        if (offset > size_ || count > size_ - offset) {
            throw std::out_of_range("procpool: slice() beyond the end");
        }
        return shared_span(data_ + offset, count, memory_);
    }

private:
    friend class shared_vector<T>;
    friend struct detail::ForeignCodec<shared_span>;

    shared_span(const T* data, size_type size, std::shared_ptr<const void> memory)
        : data_(data), size_(size), memory_(std::move(memory)) {}

    const T* data_ = nullptr;
    size_type size_ = 0;
    std::shared_ptr<const void> memory_;  // null in a worker
};

template <class T>
struct detail::ForeignCodec<shared_span<const T>> {
    static constexpr bool exists = true;
    static constexpr std::size_t fixed_size = 2 * sizeof(std::uint64_t);

    static std::size_t size(const shared_span<const T>&) { return fixed_size; }
    static void write(Writer& to, const shared_span<const T>& span) {
        const auto bytes = std::as_bytes(std::span{span.data(), span.size()});
        to.put_length(place_of(bytes.data(), bytes.size(), span.memory_));
        to.put_length(span.size());
    }
    static shared_span<const T> read(Reader& from) {
        const std::uint64_t place = from.take_length();
        const std::uint64_t count = from.take_length();
        const std::byte* const data = shared_part(place, count, sizeof(T), alignof(T));
        return shared_span<const T>(reinterpret_cast<const T*>(data), count, nullptr);
    }
};

/// A vector in the memory that this process shares with its workers: as the range of a map it is
/// not copied, and map_into() has the workers write their results straight into it.
///
///     mp::shared_vector<float> image(width * height), out;
///     pool.map_into(brighten, image, out);
///
/// For trivially copyable T. Otherwise as std::vector: contiguous, with T* as iterators; growing
/// moves the elements, so keep it from growing by a size at construction or by reserve(). Workers
/// only read it, but for the output of the map that runs. While a job of this pool uses it
/// (map_async, submit), do not write to it; destroying it is fine. Thread-safety of std::vector.
/// Throws std::bad_alloc when the shared region is full.
template <class T>
class shared_vector {
    static_assert(
        detail::Trivial<T>,
        "procpool: a shared_vector holds trivially copyable values without pointers: numbers, "
        "enums, aggregates of such, and classes with enable_shippable<T>");

public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using pointer = T*;
    using const_pointer = const T*;
    using iterator = T*;
    using const_iterator = const T*;

    shared_vector() = default;
    explicit shared_vector(size_type count) { resize(count); }
    shared_vector(size_type count, const T& value) { resize(count, value); }
    shared_vector(std::initializer_list<T> values) { append(values.begin(), values.end()); }
    template <std::input_iterator It, std::sentinel_for<It> End>
    shared_vector(It first, End last) {
        append(std::move(first), std::move(last));
    }
    shared_vector(const shared_vector& other) { append(other.begin(), other.end()); }
    shared_vector(shared_vector&& other) noexcept
        : block_(std::move(other.block_)), size_(std::exchange(other.size_, 0)) {}
    shared_vector& operator=(const shared_vector& other) {
        if (this != &other) {
            clear();
            append(other.begin(), other.end());
        }
        return *this;
    }
    shared_vector& operator=(shared_vector&& other) noexcept {
        block_ = std::move(other.block_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }
    ~shared_vector() = default;

    [[nodiscard]] T* data() noexcept { return address(); }
    [[nodiscard]] const T* data() const noexcept { return address(); }
    [[nodiscard]] size_type size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] size_type capacity() const noexcept {
        return block_ ? block_->size() / sizeof(T) : 0;
    }

    [[nodiscard]] iterator begin() noexcept { return data(); }
    [[nodiscard]] iterator end() noexcept { return data() + size_; }
    [[nodiscard]] const_iterator begin() const noexcept { return data(); }
    [[nodiscard]] const_iterator end() const noexcept { return data() + size_; }

    [[nodiscard]] T& operator[](size_type i) { return data()[i]; }
    [[nodiscard]] const T& operator[](size_type i) const { return data()[i]; }
    /// Throws std::out_of_range.
    [[nodiscard]] T& at(size_type i) { return data()[checked(i)]; }
    [[nodiscard]] const T& at(size_type i) const { return data()[checked(i)]; }
    [[nodiscard]] T& front() { return *begin(); }
    [[nodiscard]] const T& front() const { return *begin(); }
    [[nodiscard]] T& back() { return end()[-1]; }
    [[nodiscard]] const T& back() const { return end()[-1]; }

    /// Elements [offset, offset + count), to be passed to workers. Throws std::out_of_range.
    [[nodiscard]] shared_span<const T> slice(size_type offset, size_type count) const {
        return shared_span<const T>(data(), size_, block_).slice(offset, count);
    }

    void reserve(size_type count) {
        if (count > capacity()) {
            reallocate(count);
        }
    }
    void resize(size_type count) { resize(count, T()); }
    void resize(size_type count, const T& value) {
        const T fill = value;  // it may be an element
        reserve(count);
        if (count > size_) {
            std::uninitialized_fill(end(), data() + count, fill);
        }
        size_ = count;
    }
    void push_back(const T& value) {
        const T copy = value;
        if (size_ == capacity()) {
            reallocate(std::max<size_type>(2 * size_, 16));
        }
        std::construct_at(end(), copy);
        ++size_;
    }
    template <class... A>
    T& emplace_back(A&&... arguments) {
        push_back(T(std::forward<A>(arguments)...));
        return back();
    }
    void pop_back() { --size_; }
    void clear() noexcept { size_ = 0; }

    friend bool operator==(const shared_vector& a, const shared_vector& b)
    requires std::equality_comparable<T>
    {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
    friend void swap(shared_vector& a, shared_vector& b) noexcept {
        std::swap(a.block_, b.block_);
        std::swap(a.size_, b.size_);
    }

private:
    friend struct detail::SharedStorage<shared_vector>;

    T* address() const noexcept {
        return block_ ? std::launder(reinterpret_cast<T*>(block_->data())) : nullptr;
    }

    size_type checked(size_type i) const {
        if (i >= size_) {
            throw std::out_of_range("procpool: shared_vector::at");
        }
        return i;
    }

    template <class It, class End>
    void append(It first, End last) {
        if constexpr (std::sized_sentinel_for<End, It>) {
            reserve(size_ + static_cast<size_type>(std::max<difference_type>(last - first, 0)));
        }
        for (; first != last; ++first) {
            push_back(*first);
        }
    }

    void reallocate(size_type count) {
        if (count > static_cast<size_type>(-1) / sizeof(T)) {
            throw std::bad_array_new_length();
        }
        auto block = std::make_shared<detail::Block>(detail::Block::in_region(count * sizeof(T)));
        if (size_ != 0) {
            std::memcpy(block->data(), block_->data(), size_ * sizeof(T));
        }
        block_ = std::move(block);
    }

    std::shared_ptr<detail::Block> block_;
    size_type size_ = 0;
};

template <class T>
struct detail::SharedStorage<shared_vector<T>> {
    static constexpr bool exists = true;

    static std::shared_ptr<const void> keep(const shared_vector<T>& vector) {
        return vector.block_;
    }
    /// New elements have unspecified values.
    static std::span<std::byte> resize_for_overwrite(shared_vector<T>& vector, std::size_t count) {
        vector.reserve(count);
        vector.size_ = count;
        return std::as_writable_bytes(std::span{vector.data(), count});
    }
};

PROCPOOL_END_NAMESPACE
