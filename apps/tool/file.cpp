#include "file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>

namespace tool {

std::optional<std::string> contents(const std::string& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rbe"),
                                                       std::fclose);
    if (!in) {
        return std::nullopt;
    }
    std::string text;
    constexpr std::size_t step = 1 << 16;
    for (std::size_t got = step; got == step;) {
        const std::size_t before = text.size();
        text.resize(before + step);
        got = std::fread(text.data() + before, 1, step, in.get());
        text.resize(before + got);
    }
    if (std::ferror(in.get()) != 0) {
        const int error = errno;
        in.reset();
        errno = error;
        return std::nullopt;
    }
    return text;
}

}  // namespace tool
