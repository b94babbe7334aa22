#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <procpool/detail/namespace.hpp>

#include "engine/shared/words.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace engine {

/// The entries of a frame of variable-sized results of `count` items, one after the other. Whatever
/// the bytes are, nothing outside them is read; they may change meanwhile.
class SizedEntries {
public:
    SizedEntries(std::uint64_t count, std::span<const std::byte> payload)
        : count_(count), rest_(payload) {}

    /// Moves to the next entry. False at the end, and if the entry makes no sense.
    bool next() {
        if (rest_.size() < sizeof entry_) {
            return false;
        }
        std::memcpy(&entry_, rest_.data(), sizeof entry_);
        if (entry_size(entry_.size) > rest_.size() || entry_.index < least_ ||
            entry_.index >= count_) {
            return false;
        }
        least_ = entry_.index + std::uint64_t{1};
        result_ = rest_.subspan(sizeof entry_, entry_.size);
        rest_ = rest_.subspan(entry_size(entry_.size));
        return true;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::uint64_t index() const { return entry_.index; }
    [[nodiscard]] std::span<const std::byte> result() const { return result_; }

private:
    std::uint64_t count_;
    std::span<const std::byte> rest_;
    std::uint64_t least_ = 0;
    Entry entry_{};
    std::span<const std::byte> result_;
};

}  // namespace engine
PROCPOOL_END_NAMESPACE
