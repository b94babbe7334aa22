// A value is measured and then written. One that is not the same both times is refused, and nothing
// is written outside of the room that was measured.

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <cereal/types/string.hpp>
#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/cereal.hpp>
#include <procpool/errors.hpp>
#include <procpool/fork_map.hpp>
#include <procpool/pool.hpp>

#include "support/numbers.hpp"
#include "support/text.hpp"

namespace mp = procpool;
using support::contains;
using support::numbers;

namespace {

constexpr std::size_t some = 10;
constexpr std::size_t many = 300'000;  // more than any room happens to have left over

/// Archives one text when it is measured and another one when it is written.
class Unsteady {
public:
    Unsteady() = default;
    Unsteady(std::size_t measured, std::size_t written) : measured_(measured), written_(written) {}

    template <class Archive>
    void serialize(Archive& archive) {
        if constexpr (Archive::is_saving::value) {
            text_.assign(std::exchange(is_measured_, true) ? written_ : measured_, 'x');
        }
        archive(text_);
    }

private:
    std::string text_;
    std::size_t measured_ = some;
    std::size_t written_ = some;
    bool is_measured_ = false;
};

Unsteady growing() { return {some, many}; }
Unsteady shrinking() { return {many, some}; }

/// The same, carried by cereal.
class Foreign : public Unsteady {
public:
    using Unsteady::Unsteady;
};

/// Its serialize() changes a value that is written after it.
class Meddler {
public:
    Meddler() = default;
    explicit Meddler(std::function<void()> meddle) : meddle_(std::move(meddle)) {}

    template <class Archive>
    void serialize(Archive& archive) {
        int nothing = 0;
        archive(nothing);
        if constexpr (Archive::is_saving::value) {
            if (std::exchange(is_measured_, true)) {
                meddle_();
            }
        }
    }

private:
    std::function<void()> meddle_ = [] {};
    bool is_measured_ = false;
};

/// Goes on when the archive refuses what it is given.
class Stubborn {
public:
    template <class Archive>
    void serialize(Archive& archive) {
        for (Unsteady& part : parts_) {
            try {
                archive(part);
            } catch (const mp::NotShippable&) {
                ++refusals;
            }
        }
    }
    static inline int refusals = 0;

private:
    std::array<Unsteady, 3> parts_{growing(), growing(), growing()};
};

/// Holds fewer elements than it claims, or more.
template <class T, class Allocator = std::allocator<T>>
class Miscounted {
public:
    using value_type = T;
    using allocator_type = Allocator;
    using Elements = std::list<T, Allocator>;

    Miscounted() = default;
    Miscounted(std::size_t claimed, std::size_t held) : elements_(held), claimed_(claimed) {}

    auto begin() const { return elements_.begin(); }
    auto end() const { return elements_.end(); }
    [[nodiscard]] std::size_t size() const { return claimed_; }
    [[nodiscard]] std::size_t max_size() const { return elements_.max_size(); }
    void clear() { elements_.clear(); }
    void push_back(const T& value) { elements_.push_back(value); }

private:
    Elements elements_;
    std::size_t claimed_ = 0;
};

template <class Value>
struct Meddled {
    Meddler meddler;
    Value value;
};

}  // namespace

template <>
inline constexpr bool mp::enable_cereal<Foreign> = true;

namespace {

/// As an item; the pool goes on.
template <class T>
void expect_refusal(const std::function<T()>& make) {
    mp::Pool pool{2};
    std::vector<T> items;
    items.push_back(make());
    EXPECT_THROW(pool.map([](const T&) { return 0; }, items), mp::NotShippable);
    EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST(SecondWalk, RefusesAnItemThatGrows) {
    mp::Pool pool{2};
    std::vector<Unsteady> items(3);
    items[1] = growing();
    EXPECT_THROW(pool.map([](const Unsteady&) { return 0; }, items), mp::NotShippable);
    EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST(SecondWalk, RefusesAnItemThatShrinks) {
    mp::Pool pool{2};
    std::vector<Unsteady> items(3);
    items[1] = shrinking();
    EXPECT_THROW(pool.map([](const Unsteady&) { return 0; }, items), mp::NotShippable);
    EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST(SecondWalk, RefusesAnItemThatGrowsByAByte) {
    mp::Pool pool{1};
    const std::vector<Unsteady> items{{some, some + 1}};
    EXPECT_THROW(pool.map([](const Unsteady&) { return 0; }, items), mp::NotShippable);
}

TEST(SecondWalk, RefusesAnArgumentThatGrows) {
    mp::Pool pool{1};
    const auto f = [](const std::string&, const Unsteady&, int) { return 0; };
    EXPECT_THROW(pool.apply(f, "a", growing(), 1), mp::NotShippable);
    EXPECT_THROW(static_cast<void>(pool.submit(f, "a", growing(), 1)), mp::NotShippable);
    EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST(SecondWalk, RefusesAnArgumentThatShrinks) {
    mp::Pool pool{1};
    const auto f = [](const std::string&, const Unsteady&, int) { return 0; };
    EXPECT_THROW(pool.apply(f, "a", shrinking(), 1), mp::NotShippable);
}

TEST(SecondWalk, RefusesABoundArgumentThatGrows) {
    mp::Pool pool{1};
    const auto f = [](int x, const Unsteady&, int) { return x; };
    EXPECT_THROW(pool.map(mp::bind_back(f, growing(), 1), numbers(3)), mp::NotShippable);
    const auto inner = mp::bind_back(f, growing(), 1);
    EXPECT_THROW(pool.apply(mp::bind_front(inner, 5)), mp::NotShippable);
    EXPECT_EQ(pool.apply([] { return 7; }), 7);
}

TEST(SecondWalk, RefusesABoundArgumentThatShrinks) {
    mp::Pool pool{1};
    const auto f = [](int x, const Unsteady&, int) { return x; };
    EXPECT_THROW(pool.map(mp::bind_back(f, shrinking(), 1), numbers(3)), mp::NotShippable);
}

TEST(SecondWalk, RefusesAnArgumentOfAnInitializerThatGrows) {
    const auto f = [](const Unsteady&) {};
    EXPECT_THROW(mp::Initializer(mp::bind_back(f, growing())), mp::NotShippable);
}

/// Item 1 gives what cannot be written; the others are unharmed, and so is the worker.
template <class T>
void expect_failure_of_result(T (*make)(int i)) {
    mp::Pool pool{1};
    const auto before = pool.worker_pids();
    const auto outcomes = pool.try_map(make, numbers(3));
    EXPECT_TRUE(outcomes[0].has_value());
    EXPECT_TRUE(outcomes[2].has_value());
    ASSERT_FALSE(outcomes[1].has_value());
    EXPECT_EQ(outcomes[1].error().type_name(), "procpool::NotShippable");
    EXPECT_TRUE(contains(outcomes[1].error().message(), "Unsteady"));
    EXPECT_EQ(pool.worker_pids(), before);
}

TEST(SecondWalk, FailsTheItemWhoseResultGrows) {
    expect_failure_of_result<Unsteady>([](int i) { return i == 1 ? growing() : Unsteady(); });
}

TEST(SecondWalk, FailsTheItemWhoseResultShrinks) {
    expect_failure_of_result<Unsteady>([](int i) { return i == 1 ? shrinking() : Unsteady(); });
}

TEST(SecondWalk, FailsTheItemWhoseResultHoldsWhatGrows) {
    expect_failure_of_result<std::vector<Unsteady>>([](int i) {
        std::vector<Unsteady> result(3);
        if (i == 1) {
            result[2] = growing();
        }
        return result;
    });
}

TEST(SecondWalk, FailsTheItemWhoseFindGrows) {
    mp::Pool pool{1};
    const auto find = [](int i) { return i == 1 ? std::optional(growing()) : std::nullopt; };
    try {
        static_cast<void>(pool.find_first(find, numbers(3)));
        ADD_FAILURE() << "found";
    } catch (const mp::TaskFailure& failure) {
        EXPECT_EQ(failure.index(), 1u);
        EXPECT_EQ(failure.type_name(), "procpool::NotShippable");
    }
}

TEST(SecondWalk, FailsTheItemOfAForkMapWhoseResultGrows) {
    try {
        static_cast<void>(
            mp::fork_map([](int) { return growing(); }, numbers(1), {.processes = 1}));
        ADD_FAILURE() << "returned";
    } catch (const mp::TaskFailure& failure) {
        EXPECT_EQ(failure.type_name(), "procpool::NotShippable");
    }
}

TEST(SecondWalk, RefusesWhatGrowsInsideOfOtherValues) {
    expect_refusal<std::vector<Unsteady>>([] {
        std::vector<Unsteady> all(3);
        all[1] = growing();
        return all;
    });
    expect_refusal<std::optional<Unsteady>>([] { return growing(); });
    expect_refusal<std::variant<int, Unsteady>>([] { return growing(); });
    expect_refusal<std::unique_ptr<Unsteady>>([] { return std::make_unique<Unsteady>(growing()); });
    expect_refusal<std::pair<int, Unsteady>>([] { return std::pair(1, growing()); });
    expect_refusal<std::array<Unsteady, 2>>([] { return std::array{Unsteady(), growing()}; });
}

TEST(SecondWalk, RefusesWhatGrowsInCereal) {
    expect_refusal<Foreign>([] { return Foreign(some, many); });
}

TEST(SecondWalk, RefusesWhatShrinksInCereal) {
    expect_refusal<Foreign>([] { return Foreign(many, some); });
}

/// What serialize() of a member does to the value that is written after it.
template <class Value>
void expect_refusal_of_change(Value value, void (*change)(Value&)) {
    mp::Pool pool{1};
    std::vector<Meddled<Value>> items(1);
    items[0].value = std::move(value);
    items[0].meddler = Meddler([&items, change] { change(items[0].value); });
    EXPECT_THROW(pool.map([](const Meddled<Value>&) { return 0; }, items), mp::NotShippable);
}

TEST(SecondWalk, RefusesValuesThatAreChangedMeanwhile) {
    expect_refusal_of_change<std::string>("a", [](std::string& text) { text.assign(many, 'x'); });
    expect_refusal_of_change<std::string>("abc", [](std::string& text) { text.clear(); });
    expect_refusal_of_change<std::vector<int>>({}, [](auto& all) { all.resize(many); });
    expect_refusal_of_change<std::vector<std::pair<int, double>>>(
        {}, [](auto& all) { all.resize(many); });
    expect_refusal_of_change<std::list<std::string>>({}, [](auto& all) { all.resize(many); });
    expect_refusal_of_change<std::variant<int, std::string>>(
        1, [](auto& choice) { choice = std::string(many, 'x'); });
    expect_refusal_of_change<std::optional<std::string>>(
        std::nullopt, [](auto& choice) { choice = std::string(many, 'x'); });
    expect_refusal_of_change<std::unique_ptr<std::string>>(
        nullptr, [](auto& choice) { choice = std::make_unique<std::string>(many, 'x'); });
}

TEST(SecondWalk, RefusesAContainerThatHoldsOtherThanItClaims) {
    using Pairs = Miscounted<std::pair<int, double>>;
    expect_refusal<Pairs>([] { return Pairs(some, many); });
    expect_refusal<Pairs>([] { return Pairs(many, some); });
}

TEST(SecondWalk, WritesNothingOutsideWhereSerializeGoesOn) {
    mp::Pool pool{1};
    const std::vector<Stubborn> items(1);
    EXPECT_THROW(pool.map([](const Stubborn&) { return 0; }, items), mp::NotShippable);
    EXPECT_EQ(Stubborn::refusals, 3);
}

TEST(SecondWalk, NamesTheArgumentAndTheCure) {
    mp::Pool pool{1};
    const auto f = [](const Unsteady&, const std::vector<std::string>&) { return 0; };
    try {
        pool.apply(f, growing(), std::vector<std::string>{"a"});
        ADD_FAILURE() << "called";
    } catch (const mp::NotShippable& error) {
        EXPECT_TRUE(contains(error.what(), "Unsteady")) << error.what();
        EXPECT_FALSE(contains(error.what(), "vector")) << error.what();
        EXPECT_TRUE(contains(error.what(), "serialize()")) << error.what();
    }
}

}  // namespace
