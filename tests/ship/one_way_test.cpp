// A type that says how it travels, and is trivially copyable as well, travels in that one way.

#include <array>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/detail/closure.hpp>
#include <procpool/pool.hpp>
#include <procpool/shippable.hpp>

namespace mp = procpool;
using mp::detail::ByteClosure;
using mp::detail::Shippable;

namespace {

/// Means something only where serialize() has opened it.
struct Handle {
    int number = 0;
    bool opened = false;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
        if constexpr (Archive::is_loading::value) {
            opened = true;
        }
    }
};

/// Its bytes, whatever its serialize() is for.
struct Declared {
    bool opened = false;
    template <class Archive>
    void serialize(Archive&) {
        opened = true;
    }
};

struct Holder {
    double before = 0;
    Handle handles[2];
};

struct Work {
    Handle handle;
    bool operator()(int) const { return handle.opened; }
};

struct OpensItself {
    bool opened = false;
    template <class Archive>
    void serialize(Archive&) {
        opened = Archive::is_loading::value;
    }
    bool operator()(int) const { return opened; }
};

struct OnlyWrites {
    int number = 0;
    template <class Archive>
    void serialize(Archive& archive) const {
        archive(number);
    }
    int operator()(int x) const { return x + number; }
};

struct NeedsANumber {
    explicit NeedsANumber(int n) : number(n) {}
    template <class Archive>
    void serialize(Archive& archive) {
        archive(number);
    }
    int operator()(int x) const { return x + number; }
    int number;
};

struct Naming {
    const char* name;
    Handle handle;
    bool operator()(int) const { return handle.opened; }
};

struct Offset {
    std::optional<int> offset;
    std::array<int, 2> more{};
    int operator()(int x) const { return x + offset.value_or(0) + more[1]; }
};

class OwnCategory : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "own"; }
    [[nodiscard]] std::string message(int) const override { return "own"; }
};
const OwnCategory own_category;

bool is_opened(const Handle& handle) { return handle.opened; }
bool is_opened(const Holder& holder) { return holder.handles[1].opened; }
bool is_opened(const std::pair<int, Handle>& pair) { return pair.second.opened; }
bool is_opened(const std::tuple<int, Handle>& tuple) { return std::get<1>(tuple).opened; }
bool is_opened(const std::array<Handle, 2>& array) { return array[1].opened; }
bool is_opened(const std::optional<Handle>& handle) { return handle->opened; }
bool is_opened(const std::variant<int, Handle>& any) { return std::get<1>(any).opened; }

}  // namespace

template <>
inline constexpr bool mp::enable_shippable<Declared> = true;

namespace {

constexpr auto is_item_opened = [](const auto& item) { return is_opened(item); };
constexpr auto is_bound_opened = [](int, const auto& bound) { return is_opened(bound); };

template <class T>
class OneWay : public testing::Test {
protected:
    T value{};
};
template <>
class OneWay<std::optional<Handle>> : public testing::Test {
protected:
    std::optional<Handle> value{Handle{}};
};
template <>
class OneWay<std::variant<int, Handle>> : public testing::Test {
protected:
    std::variant<int, Handle> value{Handle{}};
};
using Values =
    testing::Types<Handle, Holder, std::pair<int, Handle>, std::tuple<int, Handle>,
                   std::array<Handle, 2>, std::optional<Handle>, std::variant<int, Handle>>;
TYPED_TEST_SUITE(OneWay, Values);

TYPED_TEST(OneWay, AsItem) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.map(is_item_opened, std::vector{this->value}).at(0));
}

TYPED_TEST(OneWay, AsArgument) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(is_item_opened, this->value));
}

TYPED_TEST(OneWay, AsResult) {
    mp::Pool pool{1};
    EXPECT_TRUE(is_opened(pool.apply([](TypeParam item) { return item; }, this->value)));
}

TYPED_TEST(OneWay, AsBoundArgument) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(mp::bind_back(is_bound_opened, this->value), 1));
}

TEST(OneWayOfAClass, BoundInFront) {
    mp::Pool pool{1};
    const auto is_front_opened = [](const Handle& handle, int) { return handle.opened; };
    EXPECT_TRUE(pool.apply(mp::bind_front(is_front_opened, Handle{}), 1));
}

TEST(OneWayOfAClass, BoundInABindOfABind) {
    mp::Pool pool{1};
    const auto inner = [](int, int, const Handle& handle) { return handle.opened; };
    EXPECT_TRUE(pool.apply(mp::bind_back(mp::bind_back(inner, Handle{}), 2), 1));
}

TEST(OneWayOfAClass, BoundInABindThatIsBound) {
    mp::Pool pool{1};
    const auto call = [](int x, const auto& f) { return f(x); };
    EXPECT_TRUE(pool.apply(mp::bind_back(call, mp::bind_back(is_bound_opened, Handle{})), 1));
}

TEST(OneWayOfAClass, BoundBesideACallableWithoutOne) {
    mp::Pool pool{1};
    const auto call = [](int x, const Handle& handle, const auto& f) {
        return handle.opened ? f(x) : 0;
    };
    EXPECT_EQ(pool.apply(mp::bind_back(call, Handle{}, [k = 3](int x) { return x + k; }), 1), 4);
}

TEST(OneWayOfAClass, BoundToAnInitializer) {
    static bool opened_there = false;
    const auto keep = [](const Handle& handle) { opened_there = handle.opened; };
    mp::Pool pool{{.processes = 1, .initializer = mp::bind_back(keep, Handle{})}};
    EXPECT_TRUE(pool.apply([] { return opened_there; }));
}

TEST(OneWayOfACallable, ThatSerializesItself) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(OpensItself{}, 1));
}

TEST(OneWayOfACallable, ThatSerializesItselfAndIsTrusted) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(mp::trust(OpensItself{}), 1));
}

TEST(OneWayOfACallable, WithAMemberThatSerializesItself) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(Work{}, 1));
}

TEST(OneWayOfACallable, ThatSomethingIsBoundTo) {
    mp::Pool pool{1};
    EXPECT_TRUE(pool.apply(mp::bind_back(Work{}), 1));
}

TEST(OneWayOfACallable, ThatIsBound) {
    mp::Pool pool{1};
    const auto call = [](int x, const Work& work) { return work(x); };
    EXPECT_TRUE(pool.apply(mp::bind_back(call, Work{}), 1));
}

TEST(OneWayOfACallable, OfWhichItemsAreRefusedIsRefused) {
    EXPECT_FALSE(Shippable<OnlyWrites>);
    EXPECT_FALSE(Shippable<NeedsANumber>);
    const auto call = [](int x, const auto& f) { return f(x); };
    EXPECT_FALSE((Shippable<decltype(mp::bind_back(call, OnlyWrites{}))>));
    EXPECT_FALSE((Shippable<decltype(mp::bind_back(call, NeedsANumber{1}))>));
}

TEST(OneWayOfACallable, WithAPointerBesideWhatSerializesItselfIsRefused) {
    EXPECT_FALSE((Shippable<Naming>));
}

TEST(OneWayOfACallable, WithABindOfWhatSerializesItselfIsRefused) {
    using BindOfHandle = decltype(mp::bind_back(is_bound_opened, Handle{}));
    struct Calling {
        BindOfHandle f;
        bool operator()(int x) const { return f(x); }
    };
    EXPECT_FALSE(Shippable<Calling>);
}

TEST(OneWayOfAnErrorCode, BoundAsOfAnItem) {
    mp::Pool pool{1};
    const auto name = [](const std::error_code& code) {
        return std::string(code.category().name());
    };
    const auto bound_name = [name](int, const std::error_code& code) { return name(code); };
    const std::error_code code(1, own_category);
    EXPECT_EQ(pool.apply(mp::bind_back(bound_name, code), 1), "procpool.remote");
    EXPECT_EQ(pool.apply(name, code), "procpool.remote");
}

TEST(Bytes, AreTheWayOfWhatIsSaidToBeBytes) {
    mp::Pool pool{1};
    const auto bound = [](int, const Declared& declared) { return declared.opened; };
    EXPECT_FALSE(pool.apply(mp::bind_back(bound, Declared{}), 1));
    EXPECT_FALSE(pool.apply([](const Declared& declared) { return declared.opened; }, Declared{}));
}

// The compiler does not tell what they are.
TEST(Bytes, AreTheWayOfCaptures) {
    mp::Pool pool{1};
    EXPECT_FALSE(pool.apply([handle = Handle{}](int) { return handle.opened; }, 1));
}

TEST(Bytes, AreTheWayOfTrivialBindsAndFunctorsWithoutSerialize) {
    const auto f = [k = 1](int x, const std::optional<int>& o, const Declared&, const auto& g) {
        return x + k + o.value_or(0) + g(x);
    };
    const auto bound = mp::bind_back(f, std::optional(2), Declared{}, Offset{});
    static_assert(ByteClosure<decltype(bound)> && ByteClosure<Offset>);
    static_assert(ByteClosure<decltype(mp::bind_front(bound))>);
    static_assert(ByteClosure<decltype(mp::trust(f))> && ByteClosure<int (*)(int)>);
    mp::Pool pool{1};
    EXPECT_EQ(pool.apply(bound, 1), 5);
}

}  // namespace
