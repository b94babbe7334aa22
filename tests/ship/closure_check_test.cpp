#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>

#include <gtest/gtest.h>

#include <procpool/detail/closure_check.hpp>
#include <procpool/errors.hpp>

#include "memory/region.hpp"
#include "support/text.hpp"

namespace {

using procpool::NotShippable;
using procpool::detail::check_closure;
using support::contains;

int variable = 7;
int zeroed_variable;
constexpr int constants[] = {1, 2, 3};
const char* const relocated_constants[] = {"one", "two"};

int triple(int x) { return 3 * x; }

template <class F>
std::string refusal(const F& f) {
    try {
        check_closure(f);
    } catch (const NotShippable& refused) {
        return refused.what();
    }
    return "not refused";
}

// ---- What is refused ---------------------------------------------------------------------------

TEST(ClosureCheck, ACaptureByReferenceIsRefused) {
    int x = 3;
    EXPECT_TRUE(contains(refusal([&x](int y) { return x + y; }), "stack"));
}

TEST(ClosureCheck, AContainerCapturedByReferenceIsRefused) {
    std::vector<int> v{1, 2, 3};
    EXPECT_THROW(check_closure([&v](int y) { return v[0] + y; }), NotShippable);
}

TEST(ClosureCheck, EverythingCapturedByReferenceIsRefused) {
    int x = 3;
    double d = 4;
    EXPECT_THROW(check_closure([&](int y) { return x + y + d; }), NotShippable);
}

TEST(ClosureCheck, ThisIsRefused) {
    struct Model {
        int weight = 2;
        [[nodiscard]] auto task() const {
            return [this](int x) { return weight * x; };
        }
    };
    const Model on_stack;
    const auto on_heap = std::make_unique<Model>();
    EXPECT_TRUE(contains(refusal(on_stack.task()), "stack"));
    EXPECT_TRUE(contains(refusal(on_heap->task()), "heap"));
}

TEST(ClosureCheck, APointerToTheHeapIsRefused) {
    const auto small = std::make_unique<int>(1);
    const auto large = std::make_unique<std::array<char, 1 << 24>>();
    EXPECT_TRUE(contains(refusal([p = small.get()] { return *p; }), "heap"));
    EXPECT_THROW(check_closure([p = large.get()] { return p; }), NotShippable);
}

TEST(ClosureCheck, APointerToAVariableOfTheProgramIsRefused) {
    EXPECT_TRUE(contains(refusal([p = &variable] { return *p; }), "the variables of the program"));
    EXPECT_TRUE(
        contains(refusal([p = &zeroed_variable] { return *p; }), "the variables of the program"));
}

TEST(ClosureCheck, APointerToAVariableOfALibraryIsRefused) {
    EXPECT_THROW(check_closure([p = stdout] { return p; }), NotShippable);
}

TEST(ClosureCheck, APointerToTheStackOfAThreadIsRefused) {
    std::thread([] {
        int x = 1;
        EXPECT_TRUE(contains(refusal([&x] { return x; }), "stack"));
    }).join();
}

TEST(ClosureCheck, APointerToAnotherStackIsRefused) {
    int x = 1;
    std::thread([&x] {
        EXPECT_THROW(check_closure([p = &x] { return *p; }), NotShippable);
    }).join();
}

TEST(ClosureCheck, APointerToAPrivateMappingIsRefused) {
    void* memory =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_THROW(check_closure([memory] { return memory; }), NotShippable);
    ::munmap(memory, 4096);
}

TEST(ClosureCheck, APointerInTheMidstOfACaptureIsRefused) {
    struct Record {
        char kind;
        std::array<const int*, 3> pointers;
        double weight;
    };
    const auto x = std::make_unique<int>(1);
    const Record record{'k', {nullptr, nullptr, x.get()}, 1.0};
    EXPECT_TRUE(contains(refusal([record] { return record.weight; }), "at byte 24 "));
}

TEST(ClosureCheck, APointerBesidePaddingIsRefused) {
    const auto x = std::make_unique<int>(1);
    EXPECT_THROW(check_closure([c = 'c', p = x.get(), d = 'd'] { return *p + c + d; }),
                 NotShippable);
}

TEST(ClosureCheck, AReferenceBesidePaddingIsRefused) {
    int x = 1;
    char c = 'c';
    EXPECT_THROW(check_closure([c, &x] { return x + c; }), NotShippable);
}

TEST(ClosureCheck, APointerInABigCaptureIsRefused) {
    struct Big {
        std::array<double, 20'000> numbers{};
        const int* pointer = nullptr;
    };
    const auto x = std::make_unique<int>(1);
    const auto big = std::make_unique<Big>();
    big->pointer = x.get();
    const auto f = std::make_unique<Big>(*big);
    EXPECT_TRUE(contains(refusal(*f), "at byte 160000 "));
}

struct AppTask {
    const int* input;
    int operator()(int x) const { return *input + x; }
};

TEST(ClosureCheck, ARefusalNamesTypeOffsetPlaceAndCures) {
    int x = 1;
    EXPECT_TRUE(contains(refusal(AppTask{&x}), {"AppTask", "at byte 0 ", "stack", "by value",
                                                "bind_back", "fork_map", "trust(f)"}));
}

// ---- What passes -------------------------------------------------------------------------------

TEST(ClosureCheck, ALambdaWithoutCapturesPasses) {
    EXPECT_NO_THROW(check_closure([](int x) { return x; }));
}

TEST(ClosureCheck, NumbersPass) {
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{1'000'000},
          std::int64_t{5'000'000'000}, std::int64_t{20'000'000'000'000}, INT64_MAX, INT64_MIN}) {
        EXPECT_NO_THROW(check_closure([number] { return number; })) << number;
    }
    for (const double number : {0.0, -1.0, 1e-300, 3.14, HUGE_VAL}) {
        EXPECT_NO_THROW(check_closure([number] { return number; })) << number;
    }
    EXPECT_NO_THROW(check_closure(
        [a = 1, b = -1, c = 2.0F, d = 'd', e = 1e9] { return e * (a + b + d) * double{c}; }));
}

TEST(ClosureCheck, AFunctionPointerPasses) {
    EXPECT_NO_THROW(check_closure([f = &triple](int x) { return f(x); }));
}

TEST(ClosureCheck, AFunctionOfALibraryPasses) {
    double (*const root)(double) = &std::sqrt;
    EXPECT_NO_THROW(check_closure([root](double x) { return root(x); }));
    EXPECT_NO_THROW(check_closure([f = &std::puts] { return f; }));
}

TEST(ClosureCheck, AMemberPointerPasses) {
    EXPECT_NO_THROW(
        check_closure([m = &std::string::size](const std::string& s) { return (s.*m)(); }));
}

TEST(ClosureCheck, AStringLiteralPasses) {
    const char* text = "a string literal";
    EXPECT_NO_THROW(check_closure([text] { return text; }));
}

TEST(ClosureCheck, AConstantTablePasses) {
    EXPECT_NO_THROW(check_closure([p = &constants[1]] { return *p; }));
    EXPECT_NO_THROW(check_closure([p = &relocated_constants[1]] { return *p; }));
}

TEST(ClosureCheck, ANullPointerPasses) {
    EXPECT_NO_THROW(check_closure([p = static_cast<int*>(nullptr)] { return p; }));
}

TEST(ClosureCheck, APointerToASharedMappingPasses) {
    void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_NO_THROW(check_closure([memory] { return memory; }));
    ::munmap(memory, 4096);
}

TEST(ClosureCheck, APointerIntoTheSharedRegionPasses) {
    auto& region = procpool::memory::Region::current();
    std::byte* data = region.allocate(4096);
    EXPECT_NO_THROW(check_closure([data] { return data; }));
    region.release(data, 4096);
}

TEST(ClosureCheck, APrivatePointerBesideASharedOneIsRefused) {
    auto& region = procpool::memory::Region::current();
    std::byte* data = region.allocate(4096);
    int x = 1;
    EXPECT_TRUE(contains(refusal([data, p = &x] { return data + *p; }), "at byte 8 "));
    region.release(data, 4096);
}

TEST(ClosureCheck, AddressesOfUnmappedMemoryPass) {
    void* memory =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    ::munmap(memory, 4096);
    EXPECT_NO_THROW(check_closure([memory] { return memory; }));
}

TEST(ClosureCheck, ABigCaptureOfNumbersPasses) {
    struct Big {
        std::array<double, 20'000> numbers;
        char kind;
    };
    const auto big = std::make_unique<Big>();
    for (std::size_t i = 0; i < big->numbers.size(); ++i) {
        big->numbers[i] = static_cast<double>(i);
    }
    EXPECT_NO_THROW(check_closure(*big));
}

// ---- Padding -----------------------------------------------------------------------------------

/// Checks a copy of `f` in which the bytes [begin, end) of its padding hold what an earlier pointer
/// left there.
template <class F>
void check_with_stale_padding(const F& f, std::size_t begin, std::size_t end) {
    static const auto heap = std::make_unique<std::array<char, 1 << 20>>();
    const auto stale = reinterpret_cast<std::uintptr_t>(heap->data()) + (1 << 19);
    alignas(F) std::array<std::byte, sizeof(F)> bytes{};
    std::memcpy(bytes.data(), &f, sizeof(F));
    for (std::size_t i = begin; i < end; ++i) {
        bytes[i] = static_cast<std::byte>(stale >> (i % sizeof stale * 8));
    }
    std::uintptr_t word = 0;
    std::memcpy(&word, bytes.data() + begin / sizeof word * sizeof word, sizeof word);
    ASSERT_LT(word - reinterpret_cast<std::uintptr_t>(heap->data()), heap->size())
        << "nothing is planted, the test tests nothing";
    EXPECT_NO_THROW(check_closure(*std::launder(reinterpret_cast<const F*>(bytes.data()))));
}

TEST(ClosureCheck, StalePaddingAfterACharPasses) {
    check_with_stale_padding([c = 'x', d = 1.0] { return c + d; }, 1, 8);
}

TEST(ClosureCheck, StaleTrailingPaddingPasses) {
    check_with_stale_padding([d = 1.0, c = 'x'] { return c + d; }, 9, 16);
}

TEST(ClosureCheck, StalePaddingAfterAShortPasses) {
    check_with_stale_padding([s = short{3}, p = &triple] { return p(s); }, 2, 8);
}

TEST(ClosureCheck, StalePaddingBesideAReferenceIsNotWhatIsRefused) {
    int x = 1;
    const auto f = [c = 'x', &x] { return c + x; };
    alignas(decltype(f)) std::array<std::byte, sizeof f> bytes{};
    std::memcpy(bytes.data(), &f, sizeof f);
    const auto stale = reinterpret_cast<std::uintptr_t>(&x);
    std::memcpy(bytes.data() + 1, reinterpret_cast<const std::byte*>(&stale) + 1, sizeof stale - 1);
    EXPECT_TRUE(contains(refusal(*std::launder(reinterpret_cast<const decltype(f)*>(bytes.data()))),
                         "at byte 8 "));
}

TEST(ClosureCheck, StalePaddingInANestedStructPasses) {
    struct Inner {
        char c;
        double d;
    };
    check_with_stale_padding(
        [inner = Inner{'x', 1.0}, k = 3L] { return inner.d + static_cast<double>(k); }, 1, 8);
}

TEST(ClosureCheck, StalePaddingBehindAFieldPasses) {
    struct Inner {
        char c;
        double d;
    };
    check_with_stale_padding(
        [k = 3L, inner = Inner{'x', 1.0}] { return inner.d + static_cast<double>(k); }, 9, 16);
}

TEST(ClosureCheck, StalePaddingInAnArrayOfStructsPasses) {
    struct Inner {
        char c;
        double d;
    };
    check_with_stale_padding([inners = std::array<Inner, 3>{}] { return inners[0].d; }, 33, 40);
}

TEST(ClosureCheck, StalePaddingInACapturedArrayPasses) {
    struct Inner {
        double d;
        bool b;
    };
    const Inner inners[2] = {};
    check_with_stale_padding([inners] { return inners[0].d; }, 25, 32);
}

TEST(ClosureCheck, StalePaddingInACapturedLambdaPasses) {
    const auto inner = [c = 'x', d = 1.0] { return c + d; };
    check_with_stale_padding([inner] { return inner(); }, 1, 8);
}

struct Base {
    double d = 0;
    char c = 0;
};
class Functor {
public:
    explicit Functor(double d) : d_(d) {}
    double operator()(double x) const { return d_ * x + flag_; }

private:
    double d_;
    char flag_ = 1;
};

TEST(ClosureCheck, StalePaddingInAFunctorWithPrivateMembersPasses) {
    check_with_stale_padding(Functor(1.0), 9, 16);
}

struct Derived : Base {
    long k = 0;
    long operator()() const { return k; }
};

TEST(ClosureCheck, StalePaddingOfABaseClassPasses) { check_with_stale_padding(Derived{}, 9, 16); }

struct WithBitFields {
    unsigned a : 3 = 1;
    unsigned b : 2 = 1;
    long k = 0;
};

TEST(ClosureCheck, BitFieldsPass) {
    EXPECT_NO_THROW(check_closure(WithBitFields{}));
    EXPECT_NO_THROW(check_closure([fields = WithBitFields{}, c = 'c'] { return fields.k + c; }));
}

struct Incomplete;
struct Unrelated {
    virtual ~Unrelated() = default;
    std::string text;
    unsigned bits : 3 = 0;
    Unrelated* next = nullptr;
};

TEST(ClosureCheck, PointersAndReferencesToAnyTypeAreRefused) {
    Unrelated unrelated;
    auto* incomplete = reinterpret_cast<Incomplete*>(&unrelated);
    EXPECT_THROW(check_closure([c = 'c', &unrelated] { return unrelated.bits + c; }), NotShippable);
    EXPECT_THROW(check_closure([c = 'c', p = &unrelated] { return p->bits + c; }), NotShippable);
    EXPECT_THROW(check_closure([c = 'c', p = static_cast<void*>(&unrelated)] {
                     return p != nullptr ? c : 'd';
                 }),
                 NotShippable);
    EXPECT_THROW(check_closure([c = 'c', incomplete] { return static_cast<void>(incomplete), c; }),
                 NotShippable);
    EXPECT_THROW(check_closure([c = 'c', &r = *incomplete] { return static_cast<void>(&r), c; }),
                 NotShippable);
}

enum class Kind { small, large };
struct Empty {};
struct Tag {
    char c = 0;
};
struct Left : Tag {};
struct Right : Tag {};
struct OddlyMade : private Base, protected Left, private Right {
    OddlyMade() = default;
    volatile long v = 0;
    [[no_unique_address]] Empty empty;
    std::nullptr_t null = nullptr;
    Kind kind = Kind::small;
    Kind bits : 2 = Kind::large;
    unsigned : 3;
    union {
        int number = 0;
        char text[4];
    };
    union Named {
        long number = 0;
        const int* pointer;
    } named;
    struct {
        char c = 0;
        double d = 0;
    } unnamed_type;
    std::array<std::array<Tag, 3>, 2> tags{};
    double (*function)(double) = nullptr;
    std::size_t (std::string::*member)() const = nullptr;
    const int* pointer = nullptr;

    int operator()() const { return static_cast<int>(v); }
};

TEST(ClosureCheck, AMemberIsSeenHoweverOddlyTheClassIsMade) {
    OddlyMade made;
    EXPECT_NO_THROW(check_closure(made));
    made.pointer = &made.number;
    EXPECT_THROW(check_closure(made), NotShippable);
    made.pointer = nullptr;
    made.named.pointer = &made.number;
    EXPECT_THROW(check_closure(made), NotShippable);
}

TEST(ClosureCheck, AVolatileCaptureIsSeen) {
    volatile int x = 1;
    volatile char c = 'c';
    EXPECT_NO_THROW(check_closure([c, d = 1.0] { return c + d; }));
    EXPECT_THROW(check_closure([c, &x] { return c + x; }), NotShippable);
    int* volatile pointer = const_cast<int*>(&x);
    EXPECT_THROW(check_closure([c, pointer] { return c + *pointer; }), NotShippable);
}

TEST(ClosureCheck, AReferenceToAFunctionPasses) {
    EXPECT_NO_THROW(check_closure([c = 'c', &f = triple] { return f(c); }));
}

TEST(ClosureCheck, StalePaddingThatFillsAWordPasses) {
    struct alignas(32) Wide {
        double d = 1;
    };
    check_with_stale_padding([wide = Wide{}] { return wide.d; }, 16, 24);
}

TEST(ClosureCheck, StalePaddingOfALongDoublePasses) {
    check_with_stale_padding([number = 0.0L] { return number; }, 10, 16);
}

}  // namespace
