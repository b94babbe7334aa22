#include "fragile_gif.hpp"

#include <memory>
#include <stdexcept>
#include <vector>

#include <gif_lib.h>

namespace hostile {
namespace {

struct Close {
    void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};
using Reading = std::unique_ptr<GifFileType, Close>;

[[noreturn]] void fail(int error) {
    const char* const words = GifErrorString(error);
    throw std::runtime_error(words != nullptr ? words : "not a sound picture");
}

Reading open(const std::string& path) {
    int error = 0;
    GifFileType* file = DGifOpenFileName(path.c_str(), &error);
    if (file == nullptr) {
        fail(error);
    }
    return Reading(file);
}

const ColorMapObject* colours_of(const GifFileType& file) {
    return file.Image.ColorMap != nullptr ? file.Image.ColorMap : file.SColorMap;
}

std::uint64_t brightness_of(const GifColorType& colour) {
    return std::uint64_t{colour.Red} + colour.Green + colour.Blue;
}

}  // namespace

Picture read_fragile(const std::string& path) {
    const Reading file = open(path);
    Picture picture{file->SWidth, file->SHeight, 0, 0};
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    do {
        if (DGifGetRecordType(file.get(), &record) == GIF_ERROR) {
            fail(file->Error);
        }
        if (record == IMAGE_DESC_RECORD_TYPE) {
            if (DGifGetImageDesc(file.get()) == GIF_ERROR) {
                fail(file->Error);
            }
            std::vector<GifPixelType> line(static_cast<std::size_t>(file->Image.Width));
            for (int y = 0; y < file->Image.Height; ++y) {
                DGifGetLine(file.get(), line.data(), file->Image.Width);
                for (const GifPixelType pixel : line) {
                    picture.brightness += brightness_of(colours_of(*file)->Colors[pixel]);
                }
            }
            ++picture.frames;
        } else if (record == EXTENSION_RECORD_TYPE) {
            int code = 0;
            GifByteType* bytes = nullptr;
            DGifGetExtension(file.get(), &code, &bytes);
            while (bytes != nullptr) {
                DGifGetExtensionNext(file.get(), &bytes);
            }
        }
    } while (record != TERMINATE_RECORD_TYPE);
    return picture;
}

Picture read_careful(const std::string& path) {
    const Reading file = open(path);
    Picture picture{file->SWidth, file->SHeight, 0, 0};
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    do {
        if (DGifGetRecordType(file.get(), &record) == GIF_ERROR) {
            fail(file->Error);
        }
        if (record == IMAGE_DESC_RECORD_TYPE) {
            if (DGifGetImageDesc(file.get()) == GIF_ERROR) {
                fail(file->Error);
            }
            const ColorMapObject* const colours = colours_of(*file);
            if (colours == nullptr) {
                throw std::runtime_error("a frame without colours");
            }
            std::vector<GifPixelType> line(static_cast<std::size_t>(file->Image.Width));
            for (int y = 0; y < file->Image.Height; ++y) {
                if (DGifGetLine(file.get(), line.data(), file->Image.Width) == GIF_ERROR) {
                    fail(file->Error);
                }
                for (const GifPixelType pixel : line) {
                    if (pixel >= colours->ColorCount) {
                        throw std::runtime_error("a pixel without a colour");
                    }
                    picture.brightness += brightness_of(colours->Colors[pixel]);
                }
            }
            ++picture.frames;
        } else if (record == EXTENSION_RECORD_TYPE) {
            int code = 0;
            GifByteType* bytes = nullptr;
            if (DGifGetExtension(file.get(), &code, &bytes) == GIF_ERROR) {
                fail(file->Error);
            }
            while (bytes != nullptr) {
                if (DGifGetExtensionNext(file.get(), &bytes) == GIF_ERROR) {
                    fail(file->Error);
                }
            }
        }
    } while (record != TERMINATE_RECORD_TYPE);
    return picture;
}

void write_picture(const std::string& path, int number) {
    int error = 0;
    GifFileType* const file = EGifOpenFileName(path.c_str(), false, &error);
    if (file == nullptr) {
        throw std::runtime_error(path + ": " + GifErrorString(error));
    }
    const int width = 8 + number % 9;
    const int height = 6 + number % 7;
    constexpr int colours = 16;
    GifColorType palette[colours];
    for (int i = 0; i < colours; ++i) {
        const auto shade = static_cast<GifByteType>(i * 16 + number % 16);
        palette[i] = {shade, static_cast<GifByteType>(255 - shade), 128};
    }
    ColorMapObject* const map = GifMakeMapObject(colours, palette);
    // Every second one has no common colours, only those of each frame.
    const bool common = number % 2 == 0;
    bool good = map != nullptr &&
                EGifPutScreenDesc(file, width, height, 4, 0, common ? map : nullptr) == GIF_OK;
    const std::string note = "picture " + std::to_string(number) + " of a series of test pictures";
    good = good && EGifPutComment(file, note.c_str()) == GIF_OK;
    for (int frame = 0; good && frame < 2; ++frame) {
        good = EGifPutImageDesc(file, 0, 0, width, height, false, common ? nullptr : map) == GIF_OK;
        for (int y = 0; good && y < height; ++y) {
            std::vector<GifPixelType> line(static_cast<std::size_t>(width));
            for (int x = 0; x < width; ++x) {
                line[static_cast<std::size_t>(x)] =
                    static_cast<GifPixelType>((x * y + frame + number) % colours);
            }
            good = EGifPutLine(file, line.data(), width) == GIF_OK;
        }
    }
    GifFreeMapObject(map);
    if (EGifCloseFile(file, nullptr) == GIF_ERROR || !good) {
        throw std::runtime_error(path + ": cannot be written");
    }
}

}  // namespace hostile
