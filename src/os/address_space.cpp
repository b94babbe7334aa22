#include "os/address_space.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/fault.hpp"

PROCPOOL_BEGIN_NAMESPACE
namespace os {

MapsReader::MapsReader(const char* path) noexcept
    : file_(call_through_signals(Call::open_file,
                                 [&] { return ::open(path, O_RDONLY | O_CLOEXEC); })) {
    if (!file_) {
        error_ = errno;
    }
}

int MapsReader::peek() noexcept {
    if (position_ == filled_ && error_ == 0) {
        const auto got = call_through_signals(
            Call::read, [&] { return ::read(file_.get(), buffer_.data(), buffer_.size()); });
        if (got < 0) {
            error_ = errno;
        }
        position_ = 0;
        filled_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    return position_ == filled_ ? end_of_file : static_cast<unsigned char>(buffer_[position_]);
}

int MapsReader::take() noexcept {
    const int character = peek();
    if (character != end_of_file) {
        ++position_;
    }
    return character;
}

std::optional<std::uintptr_t> MapsReader::number(int base) noexcept {
    std::uintptr_t value = 0;
    bool any = false;
    for (;; any = true) {
        const int c = peek();
        int digit = base;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        }
        if (c >= 'a' && c <= 'f') {
            digit = c - 'a' + 10;
        }
        if (digit >= base) {
            return any ? std::optional(value) : std::nullopt;
        }
        value = value * static_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(digit);
        ++position_;
    }
}

void MapsReader::skip_blanks() noexcept {
    while (peek() == ' ') {
        ++position_;
    }
}

// 55d0c5a4e000-55d0c5a50000 rw-p 00002000 fe:01 1835042    /usr/bin/true
std::optional<MappedRange> MapsReader::next() noexcept {
    if (peek() == end_of_file) {
        return std::nullopt;
    }

    MappedRange range;
    const auto begin = number(16);
    const bool dash = take() == '-';
    const auto end = number(16);
    const bool blank = take() == ' ';
    const int readable = take();
    const int writable = take();
    const int executable = take();
    const int sharing = take();
    if (!begin || !dash || !end || !blank || readable == end_of_file || executable == end_of_file ||
        (writable != 'w' && writable != '-') || (sharing != 'p' && sharing != 's')) {
        if (error_ == 0) {
            error_ = EPROTO;
        }
        return std::nullopt;
    }
    range.begin = *begin;
    range.end = *end;
    range.writable = writable == 'w';
    range.shared = sharing == 's';

    skip_blanks();
    number(16);  // the offset
    skip_blanks();
    const std::uint64_t major = number(16).value_or(0);
    if (peek() == ':') {
        ++position_;
    }
    range.device = major << 32U | number(16).value_or(0);
    skip_blanks();
    range.inode = number(10).value_or(0);
    skip_blanks();
    std::size_t length = 0;
    for (int c = take(); c != '\n' && c != end_of_file; c = take()) {
        if (length < name_.size()) {
            name_[length++] = static_cast<char>(c);
        }
    }
    range.name = {name_.data(), length};
    if (error_ != 0) {
        return std::nullopt;
    }
    return range;
}

std::uintptr_t kernel_page_size() noexcept {
    return static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
}

bool may_be_mapped(std::uintptr_t address) noexcept {
    const std::uintptr_t page = kernel_page_size();
    unsigned char resident = 0;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): whether it is an address is the question
    void* begin = reinterpret_cast<void*>(address / page * page);
    return ::mincore(begin, 1, &resident) == 0 || errno != ENOMEM;
}

}  // namespace os
PROCPOOL_END_NAMESPACE
