#include <array>
#include <deque>
#include <forward_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "face/staff.hpp"
#include "face/travel.hpp"

using face_test::Employee;
using face_test::expect_travels;

namespace {

TEST(ContainerShipping, CarriesContainersOfContainers) {
    expect_travels<std::map<std::string, std::vector<double>>>({{{"a", {1, 2}}}, {}});
    expect_travels<std::unordered_map<int, std::set<std::string>>>({{{1, {"x", "y"}}}, {}});
    expect_travels<std::deque<std::string>>({{"a", "b"}, {}});
    expect_travels<std::forward_list<int>>({{1, 2, 3}, {}});
    expect_travels<std::array<std::string, 2>>({{"a", "b"}, {"c", ""}});
    expect_travels<std::vector<bool>>({{true, false}, {}});
}

TEST(ContainerShipping, CarriesChoices) {
    expect_travels<std::variant<int, std::string, Employee>>(
        {1, "two", Employee{3, "three", 3., {}}});
    expect_travels<std::variant<std::monostate, double>>({std::monostate{}, 2.5});
    expect_travels<std::optional<std::string>>({"a", std::nullopt});
    expect_travels<std::optional<int>>({1, std::nullopt});
    expect_travels<std::tuple<int, std::optional<std::string>, char>>(
        {{1, "a", 'x'}, {2, {}, 'y'}});
}

}  // namespace
