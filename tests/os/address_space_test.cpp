#include "os/address_space.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace {

using procpool::os::MapsReader;
using procpool::os::may_be_mapped;

/// A file that is gone with the test.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text)
        : path_(testing::TempDir() + "procpool-maps-XXXXXX") {
        ::close(::mkstemp(path_.data()));
        std::ofstream(path_) << text;
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { ::unlink(path_.c_str()); }
    [[nodiscard]] const char* path() const { return path_.c_str(); }

private:
    std::string path_;
};

TEST(MapsReader, AMappingHasItsBoundsItsRightsAndItsName) {
    const TemporaryFile file(
        "55d0c5a4e000-55d0c5a50000 r--p 00000000 fe:01 1835042                    /usr/bin/a b "
        "(deleted)\n"
        "7ffe1000-7ffe3000 rw-p 00000000 00:00 0 \n"
        "7ffff000-80000000 rw-s 00000000 00:01 2 /memfd:x\n");
    MapsReader maps(file.path());
    auto range = maps.next();
    ASSERT_TRUE(range);
    EXPECT_EQ(range->begin, 0x55d0c5a4e000U);
    EXPECT_EQ(range->end, 0x55d0c5a50000U);
    EXPECT_FALSE(range->writable);
    EXPECT_FALSE(range->shared);
    EXPECT_EQ(range->name, "/usr/bin/a b (deleted)");
    range = maps.next();
    ASSERT_TRUE(range);
    EXPECT_TRUE(range->writable);
    EXPECT_FALSE(range->shared);
    EXPECT_EQ(range->name, "");
    range = maps.next();
    ASSERT_TRUE(range);
    EXPECT_TRUE(range->shared);
    EXPECT_FALSE(maps.next());
    EXPECT_EQ(maps.error(), 0);
}

TEST(MapsReader, LinesMayCrossTheBufferAndExceedIt) {
    std::string text;
    constexpr std::uintptr_t count = 500;
    for (std::uintptr_t i = 1; i <= count; ++i) {
        char line[64];
        std::snprintf(line, sizeof line, "%zx000-%zx800 rw-p 00000000 00:00 0 ", i, i);
        text += line + std::string(i % 7 == 0 ? 6000 : i % 50, 'n') + '\n';
    }
    const TemporaryFile file(text);
    MapsReader maps(file.path());
    for (std::uintptr_t i = 1; i <= count; ++i) {
        const auto range = maps.next();
        ASSERT_TRUE(range) << i;
        ASSERT_EQ(range->begin, i << 12U);
        ASSERT_LE(range->name.size(), 255U);
    }
    EXPECT_FALSE(maps.next());
    EXPECT_EQ(maps.error(), 0);
}

TEST(MapsReader, ALastLineMayLackItsEnd) {
    const TemporaryFile file("1000-2000 rw-p 00000000 00:00 0");
    MapsReader maps(file.path());
    EXPECT_TRUE(maps.next());
    EXPECT_FALSE(maps.next());
    EXPECT_EQ(maps.error(), 0);
}

TEST(MapsReader, TextOfAnotherFormatIsAnError) {
    for (const char* text :
         {"nonsense\n", "1000 2000 rw-p\n", "1000-2000 xyzw 0 0 0\n", "1000-2000", "\n"}) {
        const TemporaryFile file(text);
        MapsReader maps(file.path());
        EXPECT_FALSE(maps.next()) << text;
        EXPECT_EQ(maps.error(), EPROTO) << text;
    }
}

TEST(MapsReader, AMissingFileIsAnError) {
    MapsReader maps("/nonexistent/maps");
    EXPECT_FALSE(maps.next());
    EXPECT_EQ(maps.error(), ENOENT);
}

TEST(MapsReader, FindsAVariableOfThisProcess) {
    const auto variable = std::make_unique<int>(1);
    const auto address = reinterpret_cast<std::uintptr_t>(variable.get());
    MapsReader maps;
    bool found = false;
    while (const auto range = maps.next()) {
        if (address >= range->begin && address < range->end) {
            found = range->writable && !range->shared;
        }
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(maps.error(), 0);
}

TEST(MayBeMapped, IsFalseOnlyWhereNothingIs) {
    void* memory = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    EXPECT_TRUE(may_be_mapped(address + 100));
    ::munmap(memory, 4096);
    EXPECT_FALSE(may_be_mapped(address + 100));
}

}  // namespace
