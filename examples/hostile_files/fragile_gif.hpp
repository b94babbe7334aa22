#pragma once

#include <cstdint>
#include <string>

/// Reading GIF pictures with giflib, as it is often done and as it should be.
namespace hostile {

/// What the survey wants to know of a picture.
struct Picture {
    int width = 0;
    int height = 0;
    int frames = 0;
    std::uint64_t brightness = 0;  ///< the sum of all samples of all frames

    friend bool operator==(const Picture&, const Picture&) = default;
};

/// With two mistakes that one meets in the wild: it skips what it does not know without looking at
/// errors, so a file that ends there is read for ever; and it believes that every frame has a
/// colour map and every pixel a colour in it. Throws std::runtime_error for whatever else is wrong.
Picture read_fragile(const std::string& path);

/// Without them. Throws std::runtime_error whenever the file is no sound picture.
Picture read_careful(const std::string& path);

/// A small animated picture, different for each number.
void write_picture(const std::string& path, int number);

}  // namespace hostile
