#include "trace/stack.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

PROCPOOL_BEGIN_NAMESPACE
namespace trace {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

}  // namespace

std::string written(const Backtrace& stack) {
    const auto count =
        std::min<std::size_t>(stack.count.load(std::memory_order_acquire), Backtrace::most_frames);
    const auto modules = std::min<std::size_t>(stack.modules_count.load(std::memory_order_acquire),
                                               Backtrace::most_modules);
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t address = stack.addresses[i];
        std::string path(unknown_path);
        if (const std::size_t index = stack.module_of[i]; index < modules) {
            const CodeModule& module = stack.modules[index];
            path = readable(module.path);
            address -= module.base;
        }
        std::array<char, 16> digits{};
        const auto end = std::to_chars(digits.begin(), digits.end(), address, 16).ptr;
        const auto length = static_cast<std::size_t>(end - digits.data());
        if (text.size() + length + path.size() + 2 > longest_stack) {
            break;
        }
        text.append(digits.data(), length).append(1, ' ').append(path).append(1, '\n');
    }
    return text;
}

std::string written_if_possible(const Backtrace& stack) noexcept {
    try {
        return written(stack);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

std::string readable(std::span<const char> text) {
    const auto end = std::ranges::find(text, '\0');
    std::string copy(text.begin(), end);
    std::ranges::replace_if(copy, is_control, ' ');
    return copy;
}

bool take_line(std::string_view& stack, StackLine& line) {
    const auto end = stack.find('\n');
    if (end == std::string_view::npos) {
        return false;
    }
    const std::string_view whole = stack.substr(0, end);
    stack.remove_prefix(end + 1);
    const auto [after, error] =
        std::from_chars(whole.data(), whole.data() + whole.size(), line.address, 16);
    if (error != std::errc{} || after == whole.data() + whole.size() || *after != ' ') {
        return false;
    }
    line.path = whole.substr(static_cast<std::size_t>(after - whole.data()) + 1);
    return true;
}

}  // namespace trace
PROCPOOL_END_NAMESPACE
