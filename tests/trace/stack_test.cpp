// What arrives of a stack that a worker took: bytes that a task may have written over.

#include "trace/stack.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <ios>
#include <random>
#include <sstream>
#include <string>

#include <dlfcn.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/text.hpp"
#include "trace/backtrace.hpp"
#include "trace/symbols.hpp"

namespace fs = std::filesystem;

namespace {

using procpool::trace::Backtrace;
using procpool::trace::longest_stack;
using procpool::trace::readable;
using procpool::trace::symbolise;
using procpool::trace::written;
using support::contains;

void set_path(Backtrace& stack, std::size_t module, const std::string& path) {
    std::memcpy(stack.modules[module].path.data(), path.c_str(), path.size() + 1);
}

TEST(Stack, IsWrittenAsAddressesInFiles) {
    Backtrace stack;
    stack.count = 3;
    stack.modules_count = 2;
    stack.modules[0].base = 0x1000;
    stack.modules[1].base = 0x5000;
    set_path(stack, 1, "/lib/libx.so");
    stack.addresses = {0x1010, 0x50ff, 0xdead};
    stack.module_of = {0, 1, Backtrace::no_module};
    EXPECT_EQ(written(stack), "10 \nff /lib/libx.so\ndead ?\n");
}

TEST(Stack, ThatIsEmptyHasNoTrace) {
    EXPECT_EQ(written(Backtrace{}), "");
    EXPECT_EQ(symbolise("").text, "");
    EXPECT_EQ(symbolise("").place, "");
}

TEST(Stack, OfGarbageIsBounded) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        Backtrace stack;
        auto* const bytes = reinterpret_cast<unsigned char*>(&stack);
        for (std::size_t i = 0; i < sizeof stack; ++i) {
            bytes[i] = round == 0 ? 0xff : static_cast<unsigned char>(random());
        }
        const std::string text = written(stack);
        EXPECT_LE(text.size(), longest_stack);
        EXPECT_LE(std::count(text.begin(), text.end(), '\n'), Backtrace::most_frames);
    }
}

TEST(Stack, TextWithoutAnEndIsCutWhereItsMemoryEnds) {
    const std::array<char, 4> text{'a', '\n', '\x1b', 'b'};
    EXPECT_EQ(readable(text), "a  b");
    EXPECT_EQ(readable(std::array<char, 3>{'a', '\0', 'b'}), "a");
}

TEST(Stack, OfFilesThatAreNotThereKeepsItsAddresses) {
    EXPECT_EQ(symbolise("1f4 /nowhere/libx.so\n10 ?\n").text, "libx.so+0x1f4\n0x10");
    EXPECT_EQ(symbolise("1f4 /nowhere/libx.so\n").place, "");
}

TEST(Stack, OfAFileThatIsNoCodeKeepsItsAddresses) {
    EXPECT_EQ(symbolise("1f4 /etc/passwd\n1 /dev/zero\n2 /\n").text,
              "passwd+0x1f4\nzero+0x1\n/+0x2");
}

/// Code that nobody has mapped: this program under another name.
class CopiedProgram {
public:
    CopiedProgram() {
        fs::copy_file("/proc/self/exe", path_, fs::copy_options::overwrite_existing);
    }
    ~CopiedProgram() { fs::remove(path_); }
    CopiedProgram(const CopiedProgram&) = delete;
    CopiedProgram& operator=(const CopiedProgram&) = delete;

    /// A stack of one function of this program.
    template <class F>
    [[nodiscard]] std::string at(F* function) const {
        Dl_info info{};
        EXPECT_NE(dladdr(reinterpret_cast<void*>(function), &info), 0);
        std::ostringstream line;
        line << std::hex
             << reinterpret_cast<std::uintptr_t>(function) -
                    reinterpret_cast<std::uintptr_t>(info.dli_fbase)
             << ' ' << path_.native() << '\n';
        return line.str();
    }
    void truncate() const { fs::resize_file(path_, 0); }
    void remove_section(const std::string& name) const {
        const std::string command = "objcopy --remove-section=" + name + ' ' + path_.native();
        ASSERT_EQ(std::system(command.c_str()), 0);
    }

private:
    static inline int copies = 0;  // what is known of one is not to be taken for another
    fs::path path_ = fs::temp_directory_path() /
                     ("procpool-" + std::to_string(getpid()) + '-' + std::to_string(copies++));
};

TEST(Stack, NamesTheFunctionsOfAFileThatIsNotMapped) {
    const CopiedProgram code;
    EXPECT_TRUE(contains(symbolise(code.at(&set_path)).text, "set_path"));
}

TEST(Stack, OfAFileThatIsCutAfterItWasLookedAtKeepsItsAddresses) {
    const CopiedProgram code;
    EXPECT_TRUE(contains(symbolise(code.at(&set_path)).text, "set_path"));
    const std::string later = code.at(static_cast<void (*)()>(&testing::InitGoogleTest));
    code.truncate();
    EXPECT_TRUE(contains(symbolise(later).text, "+0x"));
}

TEST(Stack, ThatIsNotOneIsIgnored) {
    for (const char* text : {"no stack", "zz y\n", "\n", " \n", "12\n", "fffffffffffffffff x\n"}) {
        EXPECT_EQ(symbolise(text).text, "") << text;
    }
}

[[gnu::noinline]] void take(Backtrace& to) {
    procpool::trace::capture_callers(to, 0);
    asm volatile("");
}
[[gnu::noinline]] void call_take(Backtrace& to) {
    take(to);
    asm volatile("");
}

TEST(Stack, OfCallersBeginsAboveWhoTakesIt) {
    Backtrace stack;
    call_take(stack);
    EXPECT_TRUE(
        contains(symbolise(written(stack)).place, "(anonymous namespace)::call_take (stack_test"));
}

/// As clang writes it.
TEST(Stack, NamesTheLinesOfCodeWithoutAnIndexOfAddresses) {
    Backtrace here;
    call_take(here);
    if (symbolise(written(here)).text.find("stack_test.cpp:") == std::string::npos) {
        GTEST_SKIP() << "source lines are not known here";
    }
    const CopiedProgram code;
    code.remove_section(".debug_aranges");
    EXPECT_TRUE(contains(symbolise(code.at(&set_path)).text, "stack_test.cpp:"));
}

}  // namespace
