#include <chrono>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <procpool/bind.hpp>
#include <procpool/pool.hpp>

#include "face/staff.hpp"
#include "face/travel.hpp"
#include "support/lists.hpp"

namespace mp = procpool;
using face_test::Account;
using face_test::Employee;
using face_test::expect_travels;
using support::listed;

namespace {

class Angle {
public:
    explicit Angle(double degrees) : degrees_(degrees) {}
    [[nodiscard]] double degrees() const { return degrees_; }
    bool operator==(const Angle&) const = default;

private:
    double degrees_;
};

}  // namespace

template <>
inline constexpr bool mp::enable_shippable<Angle> = true;

namespace {

/// As the result of each verb that returns results.
template <class T>
void expect_returns(const std::vector<T>& values) {
    mp::Pool pool{2};
    const auto same = [](const T& value) { return value; };
    EXPECT_TRUE(pool.map(same, values) == values);
    EXPECT_TRUE(*pool.try_map(same, values).back() == values.back());
    EXPECT_TRUE(pool.submit(same, values.back()).get() == values.back());
    const auto find = [](const T& value) { return std::optional(value); };
    EXPECT_TRUE(pool.find_first(find, values) == values.front());
}

TEST(Shipping, ReturnsWhatHasAFixedSizeAndWhatHasNot) {
    expect_returns<Angle>({Angle(1), Angle(2)});
    expect_returns<std::optional<int>>({1, std::nullopt});
    expect_returns<std::string>({"a", ""});
    expect_returns<Employee>({{1, "Ada", 3.5, {{"maths", {1, 1}}}}, {2, "Bob", {}, {}}});
    expect_returns<std::vector<bool>>({{true, false}, {}});
}

TEST(Shipping, CarriesAggregatesWithoutAMacro) {
    expect_travels<Employee>({{1, "Ada", 3.5, {{"maths", {1, 1}}}}, {2, "Bob", {}, {}}});
}

TEST(Shipping, CarriesClassesWithASerializeMember) {
    Account account("Ada");
    account.deposit(5);
    expect_travels<Account>({account, Account("Bob")});
}

TEST(Shipping, CarriesClassesThatAreSaidToBeBytes) {
    expect_travels<Angle>({Angle(1), Angle(2)});
    expect_travels<std::map<int, Angle>>({{{1, Angle(1)}}, {}});
}

TEST(Shipping, CarriesPathsTimesAndErrorCodes) {
    expect_travels<std::filesystem::path>({"/tmp/a", ""});
    expect_travels<std::chrono::system_clock::time_point>({std::chrono::system_clock::now(), {}});
    expect_travels<std::error_code>({std::make_error_code(std::errc::io_error), {}});
}

TEST(Shipping, CarriesWhatOnlyMoves) {
    using Box = std::unique_ptr<std::string>;
    mp::Pool pool{2};
    std::vector<Box> boxes;
    boxes.push_back(std::make_unique<std::string>("a"));
    boxes.push_back(nullptr);
    auto back = pool.map([](Box box) { return box; }, boxes);
    EXPECT_EQ(*back.at(0), "a");
    EXPECT_EQ(back.at(1), nullptr);
    EXPECT_EQ(*boxes[0], "a");

    const auto append = [](char c, const Box& box) {
        return std::make_unique<std::string>(*box + c);
    };
    const auto bound = mp::bind_back(append, std::make_unique<std::string>("x"));
    EXPECT_EQ(*pool.map(bound, std::string("y")).at(0), "xy");
    EXPECT_EQ(*pool.apply([](Box box) { return box; }, std::make_unique<std::string>("z")), "z");
    EXPECT_EQ(**pool.try_map([](int) { return std::make_unique<int>(1); }, std::list{1}).at(0), 1);
    EXPECT_EQ(
        **pool.find_any([](int) { return std::optional(std::make_unique<int>(1)); }, std::list{1}),
        1);
    EXPECT_EQ(*pool.submit([] { return std::make_unique<int>(7); }).get(), 7);
}

TEST(Shipping, CarriesMapEntriesWithTheirConstKeys) {
    mp::Pool pool{2};
    const std::map<std::string, int> ages{{"Ada", 36}, {"Bob", 7}};
    using Entry = std::map<std::string, int>::value_type;
    EXPECT_EQ(pool.map([](const Entry& e) { return e.first + std::to_string(e.second); }, ages),
              listed("Ada36", "Bob7"));
    EXPECT_EQ(pool.map([](Entry e) { return e; }, ages), listed(Entry("Ada", 36), Entry("Bob", 7)));
}

TEST(Shipping, CarriesALargeAggregateResultBesideSmallOnes) {
    mp::Pool pool{2};
    const auto name = [](int n) {
        return Employee{n, std::string(static_cast<std::size_t>(n), 'x'), {}, {}};
    };
    const auto back = pool.map(name, std::vector{1, 300'000, 0});
    EXPECT_EQ(back, (std::vector{name(1), name(300'000), name(0)}));
}

}  // namespace
