#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

/// Ranges that can be walked once, and that say how far they were.
namespace feeds {

/// 0, 1, 2, ... as what `make` makes of each number, for ever or up to `end`. Each item is made
/// when it is read.
template <class Make>
class Once {
public:
    class Iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = decltype(std::declval<Make&>()(0));
        using difference_type = std::ptrdiff_t;

        explicit Iterator(Once& of) : of_(&of) {}
        value_type operator*() const {
            ++*of_->read_;
            return of_->make_(of_->at_);
        }
        Iterator& operator++() {
            ++of_->at_;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) {
            return at.is_at_end();
        }

    private:
        [[nodiscard]] bool is_at_end() const { return of_->at_ == of_->end_; }

        Once* of_;
    };

    Once(Make make, int& read, int end = -1) : make_(std::move(make)), read_(&read), end_(end) {}
    Once(Once&&) noexcept = default;
    Once& operator=(Once&&) noexcept = default;
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    ~Once() = default;

    Iterator begin() { return Iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    Make make_;
    int* read_;
    int at_ = 0;
    int end_;
};

struct AsItIs {
    int operator()(int i) const { return i; }
};
struct InAPointer {
    std::unique_ptr<int> operator()(int i) const { return std::make_unique<int>(i); }
};

}  // namespace feeds
